#ifndef WORKER_TRANSFER_LINK_H
#define WORKER_TRANSFER_LINK_H
/*
 * What the transfer*.c files share. For them alone, as is libcurl.
 */
#include <curl/curl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lookup.h"
#include "reader.h"
#include "transfer.h"

struct transfer {
	struct transfer *next; /* of the idle ones */
	struct transfers *transfers;
	CURL *easy;
	struct curl_slist *fields;
	const struct claimed *claimed;
	void *owner;
	int64_t started_us, answered_us; /* monotonic; 0: not yet */
	size_t taken;			 /* payload bytes libcurl has */
	bool blocked, opened;		 /* refused, tried an address */
	bool connected;			 /* one is there for the request */
	struct lookup lookup;
	bool postponed;
	struct reader reader;
};

struct transfers {
	CURLM *multi;
	struct transfer *all, *idle;
	struct lookups *lookups;
	size_t room, count;
	bool begun; /* some that libcurl has not seen to yet */
	int64_t timeout_ms;
	bool https_only;
};

/* transfer_end.c: how it ended, and when each phase did. */
enum outcome_end transfer_end_of(struct transfer *transfer, CURLcode code);
struct phases transfer_phases(const struct transfer *transfer);
#endif
