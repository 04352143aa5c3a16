#include "stores/store.h"

#include "ground/clock.h"
#include "ground/config.h"
#include "stores/maintenance.h"

#define REPEATS 3

int
store_run_until(struct db *db, const struct db_statement *statement,
    const struct db_params *params, int64_t end_ms)
{
	for (int i = 0; i < REPEATS; i++) {
		if (db_run(db, statement, params,
			end_ms - clock_monotonic_ms()) == 0)
			return 0;
		if (db_error(db) == DB_AGAIN)
			continue;
		if (db_error(db) != DB_NO_PARTITION ||
		    maintenance_ensure_partitions(
			db, end_ms - clock_monotonic_ms()) == -1)
			return -1;
	}
	return -1;
}

int
store_run(struct db *db, const struct db_statement *statement,
    const struct db_params *params)
{
	return store_run_until(
	    db, statement, params, clock_monotonic_ms() + STORE_DEADLINE_MS);
}

struct uuid
store_oldest_shown(void)
{
	return uuid_at(
	    clock_database_ms() - config.log_retention_hours * 3600000);
}
