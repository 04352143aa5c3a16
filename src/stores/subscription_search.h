#ifndef STORES_SUBSCRIPTION_SEARCH_H
#define STORES_SUBSCRIPTION_SEARCH_H
/*
 * Subscriptions as people look for them, a page at a time, and how one fares.
 * A page takes up where the last line of the one before ended, so what was
 * created or deleted meanwhile moves nothing.
 */
#include <stdbool.h>
#include <stdint.h>

#include "ground/uuid.h"
#include "stores/db.h"

enum subscription_order {
	SUBSCRIPTION_NEWEST,
	SUBSCRIPTION_OLDEST,
	SUBSCRIPTION_BY_URL, /* by its bytes */
	SUBSCRIPTION_FAILING /* who fails longest; then who does not */
};

/* All borrowed. */
struct subscription_query {
	const char *words; /* a part of the URL or of the id, in any case;
			      NULL: all */
	const char *state; /* "active", "paused", "disabled", or "failing" in
			      whatever state; NULL: any */
	enum subscription_order order;
	const struct uuid *after; /* a line of the page before; NULL: none */
	const char *after_url;	  /* and what it was ordered by */
	int64_t after_failing;
};

struct subscription_line {
	struct uuid id;
	char *target_url;
	char **events; /* one block; NULL when events_count <= 0 */
	int events_count;
	char *state;
	int64_t failing_since; /* ms; 0: it is not */
	char *failing_reason;  /* of the newest failure; NULL: none */
	int64_t created_at;    /* ms */
};

/* At most `limit`; *more tells whether there are others. The count, or -1; the
 * vector is yours: subscription_lines_free. */
int subscription_search(struct db *db, const struct subscription_query *query,
    int limit, struct subscription_line **lines, bool *more);
void subscription_lines_free(struct subscription_line *lines, int count);

#define SUBSCRIPTION_COUNTED 10000

struct subscription_plight {
	int64_t failing_since; /* ms; 0: it is not */
	char *failing_reason;
	int64_t failures; /* failed attempts since then */
	/* webhooks; SUBSCRIPTION_COUNTED + 1: more than that */
	int64_t pending, dead;
};

/* 1 found (release it), 0 there is none, -1 error. */
int subscription_plight(
    struct db *db, const struct uuid *id, struct subscription_plight *plight);
void subscription_plight_release(struct subscription_plight *plight);
#endif
