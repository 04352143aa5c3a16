#ifndef STORES_QUOTA_H
#define STORES_QUOTA_H
/*
 * How much one token, and one subscription, may ingest: requests and bytes a
 * second, and for a subscription bytes of payload that are pending.
 *
 * What was taken is counted in a file that all ingest processes of a node map
 * (RUN_DIR/quota), so the limits are a node's; without that file a process
 * counts for itself, which is logged. A second's limits are rules/rate.h's.
 *
 * Bytes pending are those that PostgreSQL told of when it was last asked, and
 * all that was stored here since: so there are never more than the limit, 1/32
 * of it for a subscription that nobody has asked about yet, and what each
 * process was storing at the moment it was reached (4 MiB). It is asked
 * by a connection that nobody waits for, after each 1/32, and while the limit
 * is reached. Several nodes do not see what the others stored since: with n of
 * them there are (n - 1)/32 more at most. Of more than 10,000 webhooks pending
 * the bytes are estimated from 10,000 of them.
 *
 * 1,024 tokens and 4,096 subscriptions are counted; whoever was idle longest
 * makes room for another.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ground/uuid.h"
#include "stores/db.h"

struct quota;

struct quota_limits {			     /* 0: none */
	int64_t token_requests, token_bytes; /* a second */
	int64_t requests, bytes;	     /* of a subscription, a second */
	int64_t pending_bytes;		     /* of a subscription */
};

/* What a request asks for. */
struct quota_ask {
	const struct uuid *token; /* NULL: none */
	const struct uuid *subscription;
	size_t bytes;
};

enum quota_verdict {
	QUOTA_FITS,
	QUOTA_TOKEN_REQUESTS,
	QUOTA_TOKEN_BYTES,
	QUOTA_REQUESTS,
	QUOTA_BYTES,
	QUOTA_PENDING
};

struct quota *quota_new(const char *run_dir, const struct quota_limits *limits);
void quota_free(struct quota *quota); /* NULL is fine */

/* May it be stored? If not, *wait_s is for how long not. Takes nothing. */
enum quota_verdict
quota_judge(struct quota *quota, const struct quota_ask *ask, int64_t *wait_s);
/* The token is used, whatever becomes of the request. */
void quota_take_token(struct quota *quota, const struct quota_ask *ask);
/* It was stored; is_pending: and is to be delivered. */
void
quota_take(struct quota *quota, const struct quota_ask *ask, bool is_pending);

/* Asks PostgreSQL what is pending, where that is due, and never waits; db is
 * for this alone while quota_is_asking. */
void quota_step(struct quota *quota, struct db *db);
bool quota_is_asking(const struct quota *quota);
#endif
