#include "stores/account.h"

#include "rules/throttle.h"
#include "stores/store.h"

static const struct db_statement password_sql = { "account_password",
	"SELECT password_hash FROM admin_accounts WHERE name = 'admin'" };

static const struct db_statement set_sql = { "account_password_set",
	"WITH ended AS (DELETE FROM admin_sessions),"
	" forgiven AS (DELETE FROM login_failures)"
	" INSERT INTO admin_accounts (name, password_hash)"
	" VALUES ('admin', $1) ON CONFLICT (name) DO UPDATE"
	"   SET password_hash = excluded.password_hash,"
	"       changed_at = excluded.changed_at" };

static const struct db_statement first_sql = { "account_password_first",
	"INSERT INTO admin_accounts (name, password_hash)"
	" VALUES ('admin', $1) ON CONFLICT DO NOTHING RETURNING name" };

static const struct db_statement forget_sql = { "account_forget",
	"DELETE FROM login_failures"
	" WHERE free_at < clock_timestamp() - interval '1 day'" };

/* Looks and counts in one step: of many at once only one gets a row that is
 * free. */
static const struct db_statement count_sql = { "account_count",
	"INSERT INTO login_failures AS f (key, failures, free_at)"
	" VALUES ($1, 1, clock_timestamp())"
	" ON CONFLICT (key) DO UPDATE"
	"   SET failures = f.failures + 1,"
	"       free_at = clock_timestamp() + make_interval(secs =>"
	"         ($2::int4[])[least(f.failures + 1,"
	"           cardinality($2::int4[]))])"
	"   WHERE f.free_at <= clock_timestamp()"
	" RETURNING key" };

#define UNCOUNT \
	"UPDATE login_failures" \
	"   SET failures = greatest(failures - 1, 0)," \
	"       free_at = clock_timestamp()" \
	" WHERE key = $1"

static const struct db_statement uncount_sql = { "account_uncount", UNCOUNT };

static const struct db_statement wait_sql = { "account_wait",
	"SELECT ceil(extract(epoch FROM"
	"   max(free_at) - clock_timestamp()))::int8"
	"  FROM login_failures WHERE key IN ('admin', $1)" };

static const struct db_statement succeeded_sql = {
	"account_succeeded",
	"WITH forgiven AS (DELETE FROM login_failures WHERE key = 'admin') " UNCOUNT
};

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

/* 1 counted, 0 it may not try yet, -1. */
static int
count(struct db *db, const char *key)
{
	struct db_params *params = db_params(db);

	db_add_string(params, key);
	db_array_begin(params, DB_INT4);
	for (int i = 0; i < THROTTLE_STEPS; i++)
		db_array_int(params, throttle_waits_s[i]);
	db_array_end(params);
	if (store_run(db, &count_sql, params) == -1)
		return -1;
	return db_rows(db);
}

/* The network comes first: one that has to wait keeps nobody else out. */
int
account_try(struct db *db, const char *network, int64_t *wait_s)
{
	int rc;

	*wait_s = 0;
	if (store_run(db, &forget_sql, NULL) == -1)
		return -1;
	rc = count(db, network);
	if (rc == 1) {
		rc = count(db, ACCOUNT_NAME);
		if (rc == 0 && run_with(db, &uncount_sql, network) == -1)
			return -1;
	}
	if (rc != 0)
		return rc;
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
