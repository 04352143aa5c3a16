#include "stores/stats.h"

#include <string.h>

#include "ground/clock.h"
#include "stores/store.h"

static const int64_t bounds_ms[STATS_BUCKETS - 1] = { 1, 2, 5, 10, 20, 50, 100,
	200, 500, 1000, 2000, 5000 };

/* Of the open bucket; no attempt takes longer but by a long HTTP_TIMEOUT. */
#define LAST_BOUND_MS 10000

#define COLUMNS "quarter, successes, failed_attempts, failures, latency"
/* latency comes as columns: 13 numbers are read, not an array. */
#define LATENCY(of) \
	of "[1], " of "[2], " of "[3], " of "[4], " of "[5], " of "[6], " of \
	   "[7], " of "[8], " of "[9], " of "[10], " of "[11], " of \
	   "[12], " of "[13]"
#define LATENCY_SUMS \
	"sum(latency[1])::int8, sum(latency[2])::int8," \
	" sum(latency[3])::int8, sum(latency[4])::int8," \
	" sum(latency[5])::int8, sum(latency[6])::int8," \
	" sum(latency[7])::int8, sum(latency[8])::int8," \
	" sum(latency[9])::int8, sum(latency[10])::int8," \
	" sum(latency[11])::int8, sum(latency[12])::int8," \
	" sum(latency[13])::int8"
#define SUMS \
	"sum(successes)::int8, sum(failed_attempts)::int8," \
	" sum(failures)::int8, " LATENCY_SUMS

/* What the keeper has summed up, and what came after. */
static const struct db_statement all_sql = { "stats_quarters",
	"SELECT quarter, successes, failed_attempts, failures, " LATENCY(
	    "latency") "  FROM stats_totals WHERE quarter >= $1"
		       " UNION ALL"
		       " SELECT quarter, " SUMS
		       " FROM stats WHERE quarter >= $1"
		       "   AND quarter > coalesce((SELECT max(quarter) FROM stats_totals),"
		       "     '-infinity')"
		       " GROUP BY quarter" };

static const struct db_statement one_sql = {
	"stats_quarters_of",
	"SELECT quarter, successes::int8, failed_attempts::int8,"
	" failures::int8, " LATENCY(
	    "latency") "  FROM stats WHERE subscription_id = $2 AND quarter >= $1"
};

static const struct db_statement day_sql = { "stats_of_day",
	"SELECT subscription_id, " SUMS " FROM stats"
	" WHERE subscription_id = ANY ($1) AND quarter >= $2"
	" GROUP BY subscription_id" };

/* Nothing is counted in a quarter that ended a minute ago: a settle has long
 * had its deadline. In one statement, so that no quarter is left out. */
static const struct db_statement sum_up_sql = { "stats_sum_up",
	"INSERT INTO stats_totals (" COLUMNS ")"
	" SELECT quarter, sum(successes), sum(failed_attempts), sum(failures),"
	"   ARRAY[" LATENCY_SUMS "]"
	"  FROM stats"
	" WHERE quarter > coalesce((SELECT max(quarter) FROM stats_totals),"
	"     '-infinity')"
	"   AND quarter + interval '16 minutes' < now()"
	" GROUP BY quarter ON CONFLICT DO NOTHING" };

void
stats_add(struct stats *to, const struct stats *more)
{
	to->successes += more->successes;
	to->failed_attempts += more->failed_attempts;
	to->failures += more->failures;
	for (int i = 0; i < STATS_BUCKETS; i++)
		to->latency[i] += more->latency[i];
}

int64_t
stats_attempts(const struct stats *stats)
{
	return stats->successes + stats->failed_attempts + stats->failures;
}

int
stats_success_permille(const struct stats *stats)
{
	int64_t attempts = stats_attempts(stats);

	return attempts == 0 ? -1 : (int)(stats->successes * 1000 / attempts);
}

int64_t
stats_percentile_ms(const struct stats *stats, int percent)
{
	int64_t timed = 0, below = 0, wanted;

	for (int i = 0; i < STATS_BUCKETS; i++)
		timed += stats->latency[i];
	if (timed == 0)
		return -1;
	wanted = (timed * percent + 99) / 100;
	for (int i = 0; i < STATS_BUCKETS; i++) {
		int64_t in = stats->latency[i];
		int64_t low = i == 0 ? 0 : bounds_ms[i - 1];
		int64_t high =
		    i < STATS_BUCKETS - 1 ? bounds_ms[i] : LAST_BOUND_MS;

		if (below + in >= wanted)
			return low + (high - low) * (wanted - below) / in;
		below += in;
	}
	return LAST_BOUND_MS;
}

/* From the column `first` on. */
static void
stats_read(const struct db *db, int row, int first, struct stats *stats)
{
	stats->successes = db_get_long(db, row, first);
	stats->failed_attempts = db_get_long(db, row, first + 1);
	stats->failures = db_get_long(db, row, first + 2);
	for (int i = 0; i < STATS_BUCKETS; i++)
		stats->latency[i] = db_get_long(db, row, first + 3 + i);
}

static int64_t
quarter_of(int64_t ms)
{
	return ms - ms % STATS_QUARTER_MS;
}

int
stats_quarters(struct db *db, const struct uuid *subscription, int count,
    struct stats_quarter *quarters)
{
	struct db_params *params = db_params(db);
	int64_t newest = quarter_of(clock_database_ms());
	int64_t oldest = newest - (count - 1) * STATS_QUARTER_MS;

	for (int i = 0; i < count; i++)
		quarters[i] = (struct stats_quarter){
			.begins_at = oldest + i * STATS_QUARTER_MS,
		};
	db_add_time(params, oldest);
	if (subscription != NULL)
		db_add_uuid(params, subscription);
	if (store_run(db, subscription != NULL ? &one_sql : &all_sql, params) ==
	    -1)
		return -1;
	for (int row = 0; row < db_rows(db); row++) {
		int64_t at =
		    (db_get_time(db, row, 0) - oldest) / STATS_QUARTER_MS;

		if (at >= 0 && at < count)
			stats_read(db, row, 1, &quarters[at].stats);
	}
	return 0;
}

int
stats_of_day(struct db *db, const struct uuid *subscriptions, size_t count,
    struct stats *stats)
{
	struct db_params *params = db_params(db);

	memset(stats, 0, count * sizeof(*stats));
	db_array_begin(params, DB_UUID);
	for (size_t i = 0; i < count; i++)
		db_array_uuid(params, &subscriptions[i]);
	db_array_end(params);
	db_add_time(params,
	    quarter_of(clock_database_ms()) -
		(STATS_DAY - 1) * STATS_QUARTER_MS);
	if (store_run(db, &day_sql, params) == -1)
		return -1;
	for (int row = 0; row < db_rows(db); row++) {
		struct uuid id = db_get_uuid(db, row, 0);

		for (size_t i = 0; i < count; i++)
			if (uuid_compare(&subscriptions[i], &id) == 0)
				stats_read(db, row, 1, &stats[i]);
	}
	return 0;
}

int
stats_sum_up(struct db *db)
{
	return store_run(db, &sum_up_sql, NULL);
}
