#ifndef STORES_OVERVIEW_H
#define STORES_OVERVIEW_H
/*
 * How things stand now, for who opens the admin pages: what waits, who
 * delivers, which subscriptions fail. What it costs does not grow with what is
 * stored.
 */
#include <stdbool.h>
#include <stdint.h>

#include "ground/uuid.h"
#include "stores/backlog.h"
#include "stores/db.h"

#define OVERVIEW_COUNTED 10000

struct overview {
	bool any_subscription;
	int64_t failing; /* subscriptions; OVERVIEW_COUNTED + 1: more */
	struct backlog backlog;
	char *waiting_url; /* of the subscription that is behind: see
			      overview_behind; NULL: none is, or it is gone */
};
int overview_get(struct db *db, struct overview *overview); /* 0, -1 */
void overview_release(struct overview *overview);
/* What to tell of first: whom the worker does not serve, else who is late;
 * NULL when nobody is. */
const struct waiting *overview_behind(const struct overview *overview);

/* A subscription without a success since failing_since. */
struct overview_failing {
	struct uuid id;
	char *target_url;
	char *state;	       /* "active", "paused", "disabled" */
	char *reason;	       /* of the newest failure, or of the state; NULL
				  when unknown */
	int64_t failing_since; /* ms */
	int64_t failures;
};
/* Those that began to fail last, at most `limit`. The count, or -1; the vector
 * is yours: overview_failing_free. */
int
overview_failing(struct db *db, int limit, struct overview_failing **failing);
void overview_failing_free(struct overview_failing *failing, int count);
#endif
