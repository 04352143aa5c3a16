#include "stores/device.h"

#include "rules/throttle.h"
#include "stores/account.h"
#include "stores/session.h"
#include "stores/store.h"

/* Of many tries at once only one gets the row while it is free. */
static const struct db_statement count_sql = { "device_count",
	"UPDATE admin_devices SET"
	"  failures = " ACCOUNT_NEXT_FAILURE ","
	"  free_at = clock_timestamp() + make_interval(secs =>"
	"    ($2::int4[])[least(" ACCOUNT_NEXT_FAILURE ","
	"      cardinality($2::int4[]))])"
	" WHERE id_hash = $1 AND free_at <= clock_timestamp()"
	" RETURNING id_hash" };

static const struct db_statement wait_sql = { "device_wait",
	"SELECT ceil(extract(epoch FROM free_at - clock_timestamp()))::int8"
	"  FROM admin_devices WHERE id_hash = $1" };

static const struct db_statement succeeded_sql = { "device_succeeded",
	"INSERT INTO admin_devices (id_hash) VALUES ($1)"
	" ON CONFLICT (id_hash) DO UPDATE SET used_at = excluded.used_at,"
	"  failures = 0, free_at = excluded.free_at" };

static const struct db_statement trim_sql = {
	"device_trim",
	"DELETE FROM admin_devices WHERE id_hash IN ("
	"  SELECT id_hash FROM admin_devices ORDER BY used_at DESC OFFSET 100)"
};

static const struct db_statement purge_sql = { "device_purge",
	"DELETE FROM admin_devices"
	" WHERE used_at < clock_timestamp() - make_interval(days => $1)" };

static int
run(struct db *db, const struct db_statement *statement, const char *id)
{
	struct db_params *params = db_params(db);

	session_add_hash(params, id);
	return store_run(db, statement, params);
}

int
device_try(struct db *db, const char *id, bool *known, int64_t *wait_s)
{
	struct db_params *params = db_params(db);

	*wait_s = 0;
	session_add_hash(params, id);
	account_add_waits(params);
	if (store_run(db, &count_sql, params) == -1)
		return -1;
	*known = db_rows(db) == 1;
	if (*known)
		return 1;
	if (run(db, &wait_sql, id) == -1)
		return -1;
	*known = db_rows(db) == 1;
	if (*known)
		*wait_s = db_get_long(db, 0, 0);
	if (*known && *wait_s < 1)
		*wait_s = 1;
	return 0;
}

int
device_succeeded(struct db *db, const char *id)
{
	if (run(db, &succeeded_sql, id) == -1)
		return -1;
	return store_run(db, &trim_sql, NULL);
}

int
device_purge(struct db *db)
{
	struct db_params *params = db_params(db);

	db_add_int(params, DEVICE_DAYS);
	return db_run(db, &purge_sql, params, 10000);
}
