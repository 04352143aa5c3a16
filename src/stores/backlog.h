#ifndef STORES_BACKLOG_H
#define STORES_BACKLOG_H
/*
 * What waits to be delivered, and whose fault that is: of a subscription that
 * is slow or failing a backlog is its own; of any other that is due for a
 * minute and that nobody attends to, the worker's. What it costs does not grow
 * with what is stored.
 */
#include <stdbool.h>
#include <stdint.h>

#include "ground/uuid.h"
#include "stores/db.h"

#define BACKLOG_COUNTED 10000
#define BACKLOG_LATE_MS INT64_C(60000)

/* The oldest due webhook of an active subscription that waits for its turn. */
struct waiting {
	struct uuid subscription_id;
	int64_t ms; /* how long; -1: there is none */
};

struct backlog {
	int64_t pending;
	bool pending_is_about; /* more than BACKLOG_COUNTED: by the server's
				  last look */
	struct waiting oldest;
	/* Of those that could be served and are not: nothing is in flight for
	 * them and nothing was attempted in the last minute, although their
	 * last attempt succeeded or there was none. Of any subscription when
	 * nobody at all was attempted in that time. */
	struct waiting unserved;
	int deliveries; /* delivery processes that are connected */
	int failing;	/* those of them whose claims keep failing */
};
int backlog_get(struct db *db, struct backlog *backlog); /* 0, -1 */

/* What is wrong with delivery as a whole, NULL when nothing is. */
const char *backlog_trouble(const struct backlog *backlog);
#endif
