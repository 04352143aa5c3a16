#ifndef STORES_STATS_H
#define STORES_STATS_H
/*
 * Counts of attempts by subscription and quarter of an hour, which the settle
 * keeps: charts, success rates and latencies come from here, never from a
 * scan of the log.
 */
#include <stddef.h>
#include <stdint.h>

#include "ground/uuid.h"
#include "stores/db.h"

/* Attempts that took less than so many ms, and 13th, all the others. */
#define STATS_BUCKETS 13
#define STATS_BOUNDS "1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000"

#define STATS_QUARTER_MS INT64_C(900000)
#define STATS_DAY 96 /* quarters */

struct stats {
	int64_t successes;
	int64_t failed_attempts; /* to be tried again */
	int64_t failures;	 /* the last attempt of a webhook */
	int64_t latency[STATS_BUCKETS];
};

void stats_add(struct stats *to, const struct stats *more);
int64_t stats_attempts(const struct stats *stats); /* all there were */
/* How many in a thousand attempts succeeded, rounded down; -1: none made. */
int stats_success_permille(const struct stats *stats);
/* The time in ms that so many percent of the attempts did not exceed, within
 * its bucket by proportion; -1: no attempt was timed. */
int64_t stats_percentile_ms(const struct stats *stats, int percent);

struct stats_quarter {
	int64_t begins_at; /* ms */
	struct stats stats;
};
/* The newest `count` quarters (STATS_DAY at most), the oldest first, the one
 * under way last. subscription: NULL for all. 0, or -1 on error. */
int stats_quarters(struct db *db, const struct uuid *subscription, int count,
    struct stats_quarter *quarters);
/* The last 24 hours of each of these; stats has as many. 0, -1. */
int stats_of_day(struct db *db, const struct uuid *subscriptions, size_t count,
    struct stats *stats);

/* Sums up quarters that are over, for stats_quarters: the keeper's. 0, -1. */
int stats_sum_up(struct db *db);
#endif
