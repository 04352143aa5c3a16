#include "stores/account.h"

#include "rules/throttle.h"
#include "stores/store.h"

static const struct db_statement password_sql = { "account_password",
	"SELECT password_hash FROM admin_accounts WHERE name = 'admin'" };

static const struct db_statement set_sql = { "account_password_set",
	"WITH ended AS (DELETE FROM admin_sessions),"
	" forgiven AS (DELETE FROM login_failures),"
	" freed AS (UPDATE admin_devices SET failures = 0,"
	"   free_at = clock_timestamp())"
	" INSERT INTO admin_accounts (name, password_hash)"
	" VALUES ('admin', $1) ON CONFLICT (name) DO UPDATE"
	"   SET password_hash = excluded.password_hash,"
	"       changed_at = excluded.changed_at" };

static const struct db_statement first_sql = { "account_password_first",
	"INSERT INTO admin_accounts (name, password_hash)"
	" VALUES ('admin', $1) ON CONFLICT DO NOTHING RETURNING name" };

/* What is a day old, and what is more than so many: a piece of each, so that
 * however many there are a login does not wait. */
static const struct db_statement forget_sql = { "account_forget",
	"DELETE FROM login_failures WHERE key = ANY (ARRAY("
	"  (SELECT key FROM login_failures"
	"    WHERE free_at < clock_timestamp() - interval '1 day'"
	"    ORDER BY free_at LIMIT 1000)"
	"  UNION ALL"
	"  (SELECT key FROM login_failures"
	"    WHERE key <> 'admin' ORDER BY free_at DESC"
	"    OFFSET 1000 LIMIT 1000)))" };

static const struct db_statement purge_sql = { "account_purge",
	"DELETE FROM login_failures"
	" WHERE free_at < clock_timestamp() - interval '1 day'" };

#define COUNTED \
	" ON CONFLICT (key) DO UPDATE" \
	"   SET failures = f.failures + 1," \
	"       free_at = clock_timestamp() + make_interval(secs =>" \
	"         ($2::int4[])[least(f.failures + 1," \
	"           cardinality($2::int4[]))])" \
	"   WHERE f.free_at <= clock_timestamp()" \
	" RETURNING key"

/* Looks and counts in one step: of many at once only one gets the account's
 * row while it is free. Whoever has to wait leaves no row, so the account's
 * wait bounds how many networks there are. */
static const struct db_statement count_sql = { "account_count",
	"WITH account AS ("
	"  INSERT INTO login_failures AS f (key, failures, free_at)"
	"  SELECT 'admin', 1, clock_timestamp() WHERE NOT EXISTS ("
	"    SELECT FROM login_failures n"
	"     WHERE n.key = $1 AND n.free_at > clock_timestamp())" COUNTED
	"), network AS ("
	"  INSERT INTO login_failures AS f (key, failures, free_at)"
	"  SELECT $1, 1, clock_timestamp() FROM account" COUNTED ")"
	" SELECT key FROM network" };

static const struct db_statement wait_sql = { "account_wait",
	"SELECT ceil(extract(epoch FROM"
	"   max(free_at) - clock_timestamp()))::int8"
	"  FROM login_failures WHERE key IN ('admin', $1)" };

static const struct db_statement succeeded_sql = { "account_succeeded",
	"WITH forgiven AS (DELETE FROM login_failures WHERE key = 'admin')"
	" UPDATE login_failures"
	"   SET failures = greatest(failures - 1, 0),"
	"       free_at = clock_timestamp()"
	" WHERE key = $1" };

int
account_password(struct db *db, char **hash)
{
	*hash = NULL;
	if (store_run(db, &password_sql, NULL) == -1)
		return -1;
	if (db_rows(db) == 0)
		return 0;
	*hash = memory_copy_string(db_get_string(db, 0, 0));
	return 1;
}

static int
run_with(struct db *db, const struct db_statement *statement, const char *value)
{
	struct db_params *params = db_params(db);

	db_add_string(params, value);
	return store_run(db, statement, params);
}

int
account_password_set(struct db *db, const char *hash)
{
	return run_with(db, &set_sql, hash);
}

int
account_password_first(struct db *db, const char *hash)
{
	if (run_with(db, &first_sql, hash) == -1)
		return -1;
	return db_rows(db);
}

void
account_add_waits(struct db_params *params)
{
	db_array_begin(params, DB_INT4);
	for (int i = 0; i < THROTTLE_STEPS; i++)
		db_array_int(params, throttle_waits_s[i]);
	db_array_end(params);
}

int
account_try(struct db *db, const char *network, int64_t *wait_s)
{
	struct db_params *params;

	*wait_s = 0;
	if (store_run(db, &forget_sql, NULL) == -1)
		return -1;
	params = db_params(db);
	db_add_string(params, network);
	account_add_waits(params);
	if (store_run(db, &count_sql, params) == -1)
		return -1;
	if (db_rows(db) == 1)
		return 1;
	if (run_with(db, &wait_sql, network) == -1)
		return -1;
	*wait_s = db_get_long(db, 0, 0);
	if (*wait_s < 1)
		*wait_s = 1;
	return 0;
}

int
account_try_succeeded(struct db *db, const char *network)
{
	return run_with(db, &succeeded_sql, network);
}

int
account_purge(struct db *db)
{
	return db_run(db, &purge_sql, NULL, 60000);
}
