#ifndef STORES_FIGURES_H
#define STORES_FIGURES_H
/*
 * How much there is, for who looks after it: cheap, and so about right. Sizes
 * and rows of hours that are over are PostgreSQL's own notes of its last
 * vacuum there.
 */
#include <stdint.h>

#include "ground/text.h"
#include "stores/db.h"

struct figures_database {
	struct text version;
	int64_t hours;	  /* that are kept and not ahead of us */
	int64_t webhooks; /* rows, about */
	int64_t attempts;
	int64_t bytes; /* of both tables with their indexes, about */
};
/* 0, or -1 with db_error. Release version. */
int figures_of_database(struct db *db, struct figures_database *figures);

struct figures_redis {
	struct text version;
	int64_t memory_bytes;
	int64_t ready; /* subscriptions with something due */
	int64_t slow;  /* the same, whose last result was a time-out */
	int64_t later; /* with something due later */
	int64_t keys;  /* in all */
};
/* 0, or -1 while Redis does not answer. Release version. */
int figures_of_redis(const char *redis_url, struct figures_redis *figures);
#endif
