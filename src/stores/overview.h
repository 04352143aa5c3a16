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
#include "stores/db.h"

#define OVERVIEW_COUNTED 10000

struct overview {
	bool any_subscription;
	int64_t pending;
	bool pending_is_about; /* more than OVERVIEW_COUNTED: by the server's
				  last look */
	int64_t oldest_due_ms; /* how long the oldest due one of an active
				  subscription waits for its turn; -1: none */
	int deliveries;	       /* delivery processes that are connected */
	int64_t failing;       /* subscriptions; OVERVIEW_COUNTED + 1: more */
};
int overview_get(struct db *db, struct overview *overview); /* 0, -1 */

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
