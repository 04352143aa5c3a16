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

/* Attempts that took less than 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000
 * or 5000 ms, and the others. */
#define STATS_BUCKETS 13

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

/* SQL of the statements that count: the buckets of the column d, which is in
 * ms, over a group; the sum of two such arrays. */
#define STATS_TALLY(d) \
	"ARRAY[count(*) FILTER (WHERE " d " < 1)," \
	" count(*) FILTER (WHERE " d " >= 1 AND " d " < 2)," \
	" count(*) FILTER (WHERE " d " >= 2 AND " d " < 5)," \
	" count(*) FILTER (WHERE " d " >= 5 AND " d " < 10)," \
	" count(*) FILTER (WHERE " d " >= 10 AND " d " < 20)," \
	" count(*) FILTER (WHERE " d " >= 20 AND " d " < 50)," \
	" count(*) FILTER (WHERE " d " >= 50 AND " d " < 100)," \
	" count(*) FILTER (WHERE " d " >= 100 AND " d " < 200)," \
	" count(*) FILTER (WHERE " d " >= 200 AND " d " < 500)," \
	" count(*) FILTER (WHERE " d " >= 500 AND " d " < 1000)," \
	" count(*) FILTER (WHERE " d " >= 1000 AND " d " < 2000)," \
	" count(*) FILTER (WHERE " d " >= 2000 AND " d " < 5000)," \
	" count(*) FILTER (WHERE " d " >= 5000)]::int4[]"
#define STATS_SUM(a, b) \
	"ARRAY[" a "[1] + " b "[1]," \
	" " a "[2] + " b "[2]," \
	" " a "[3] + " b "[3]," \
	" " a "[4] + " b "[4]," \
	" " a "[5] + " b "[5]," \
	" " a "[6] + " b "[6]," \
	" " a "[7] + " b "[7]," \
	" " a "[8] + " b "[8]," \
	" " a "[9] + " b "[9]," \
	" " a "[10] + " b "[10]," \
	" " a "[11] + " b "[11]," \
	" " a "[12] + " b "[12]," \
	" " a "[13] + " b "[13]]"

/* Sums up quarters that are over, for stats_quarters: the keeper's. 0, -1. */
int stats_sum_up(struct db *db);
#endif
