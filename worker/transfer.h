#ifndef WORKER_TRANSFER_H
#define WORKER_TRANSFER_H
/*
 * Many HTTP requests in flight on one loop: libcurl's multi interface, with
 * the loop's own descriptors waited for in the same call. No redirects, no
 * proxy, no resend behind our back, bounded answers; every address is judged
 * by egress before a connection is opened and again before it is used.
 */
#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dns_query.h"
#include "ground/text.h"
#include "rules/outcome.h"
#include "rules/request_fields.h"
#include "stores/delivery.h"

struct transfers;

/* After fork only. At most `room` in flight, each ends within timeout_ms.
 * ca_file: PEM, borrowed; "" for the host's own. NULL when it cannot be read or
 * libcurl cannot be set up (logged). */
struct transfers *transfers_new(size_t room, int64_t timeout_ms,
    bool https_only, const char *ca_file, struct dns_patience patience);
void transfers_free(struct transfers *transfers);	   /* NULL is fine */
size_t transfers_count(const struct transfers *transfers); /* in flight */

/* Begins one attempt. claimed is borrowed until its answer came, fields only
 * for this call. slow: see lookup.h. 0, or -1 when no transfer could be begun:
 * nothing was sent. */
int transfers_start(struct transfers *transfers, const struct claimed *claimed,
    const struct request_fields *fields, bool slow, void *owner);

/* Moves bytes, and waits for them, for `others` (whose revents are set) or
 * for wait_ms. */
void transfers_wait(struct transfers *transfers, struct pollfd *others,
    unsigned count, int64_t wait_ms);

struct transfer_answer {
	void *owner;	/* as given to transfers_start */
	bool postponed; /* too many names are being looked up: nothing was
			   sent, and the rest says nothing */
	struct outcome_seen seen;
	int64_t duration_ms;
	struct phases phases;
	struct text headers; /* of the final answer, 8 KiB at most; yours */
	struct text body;    /* its first 4 KiB; yours */
};
/* The next that has ended: 1, or 0 when none has. */
int
transfers_answer(struct transfers *transfers, struct transfer_answer *answer);
#endif
