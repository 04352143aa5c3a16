/* Migrations, the hours ahead, the clock; the purge is in purge.c. */
#include "stores/maintenance.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ground/clock.h"
#include "ground/log.h"
#include "stores/store.h"

/* A large table may take hours; a PostgreSQL that does not answer may not. */
#define MIGRATION_DEADLINE_MS (24 * 3600000)
#define ANSWER_DEADLINE_MS 30000
#define ENSURE_DEADLINE_MS 10000
#define CLOCK_EVERY_MS 10000
#define CLOCK_DEADLINE_MS 1500
#define CLOCK_TRIES 3
#define CLOCK_GOOD_US 500

static const struct db_statement ensure_sql = { "ensure_partitions",
	"SELECT ensure_partitions()" };

static const struct db_statement clock_sql = { "clock",
	"SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint" };

static const struct db_statement read_only_sql = { "read_only",
	"SELECT 1 WHERE current_setting('transaction_read_only') = 'on'" };

static const struct db_statement all_applied_sql = { "migrations_applied",
	"SELECT name FROM migrations ORDER BY name DESC" };

static const struct db_statement applied_sql = { "migration_applied",
	"SELECT 1 FROM migrations WHERE name = $1" };

/* Partitions whose hour ended an hour ago and that have no note yet. */
static const struct db_statement unnoted_sql = { "partitions_unnoted",
	"SELECT c.relname::text FROM pg_inherits i"
	"  JOIN pg_class c ON c.oid = i.inhrelid"
	" WHERE i.inhparent IN ('webhooks'::regclass,"
	"         'delivery_logs'::regclass)"
	"   AND right(c.relname, 10) < to_char(clock_timestamp()"
	"         AT TIME ZONE 'UTC' - interval '2 hours', 'YYYYMMDDHH24')"
	"   AND NOT EXISTS (SELECT FROM partition_notes n"
	"         WHERE n.partition = c.relname)"
	" ORDER BY 1 LIMIT 100" };

int
maintenance_ensure_partitions(struct db *db, int64_t deadline_ms)
{
	return db_run(db, &ensure_sql, NULL, deadline_ms);
}

int
maintenance_ensure_start(struct db *db)
{
	return db_start(db, &ensure_sql, NULL, ENSURE_DEADLINE_MS);
}

int
maintenance_is_writable(struct db *db)
{
	if (db_run(db, &read_only_sql, NULL, STORE_DEADLINE_MS) == -1)
		return -1;
	return db_rows(db) == 0;
}

int
maintenance_clock_start(struct db *db)
{
	return db_start(db, &clock_sql, NULL, CLOCK_DEADLINE_MS);
}

bool
maintenance_clock_finish(struct db *db, int64_t took_us)
{
	int64_t read_us = db_get_long(db, 0, 0);

	clock_set_database(read_us, read_us + took_us);
	return took_us <= CLOCK_GOOD_US;
}

/* The first call on a connection also connects and prepares: what took long
 * tells the time badly and is asked again. */
int
maintenance_measure_clock(struct db *db)
{
	int64_t end = clock_monotonic_ms() + CLOCK_DEADLINE_MS, left, begun;

	for (int i = 0; i < CLOCK_TRIES; i++) {
		left = end - clock_monotonic_ms();
		if (left <= 0)
			break;
		begun = clock_monotonic_us();
		if (db_run(db, &clock_sql, NULL, left) == -1)
			return -1;
		if (maintenance_clock_finish(db, clock_monotonic_us() - begun))
			break;
	}
	return 0;
}

int
maintenance_keep_clock(struct db *db)
{
	static int64_t measured_at = -CLOCK_EVERY_MS;
	int64_t now = clock_monotonic_ms();

	if (now - measured_at < CLOCK_EVERY_MS)
		return 0;
	if (maintenance_measure_clock(db) == -1)
		return -1;
	measured_at = now;
	return 0;
}

/* VACUUM cannot run inside a transaction and takes minutes in a full hour, so
 * the purge does it: the keeper would do nothing else meanwhile. */
static int
note_partition(struct db *db, const char *name)
{
	struct text sql = { 0 };
	int rc;

	text_addf(&sql, "VACUUM (ANALYZE) \"%s\"", name);
	rc = db_run_script(db, sql.bytes, 300000);
	text_clear(&sql);
	text_addf(&sql,
	    "INSERT INTO partition_notes (partition, rows)"
	    " SELECT '%s', count(*) FROM \"%s\" ON CONFLICT DO NOTHING",
	    name, name);
	if (rc == 0)
		rc = db_run_script(db, sql.bytes, 300000);
	text_free(&sql);
	return rc;
}

int
maintenance_note_partitions(struct db *db)
{
	char *names[100];
	int count, rc = 0;

	if (db_run(db, &unnoted_sql, NULL, 10000) == -1)
		return -1;
	count = db_rows(db);
	for (int i = 0; i < count; i++)
		names[i] = memory_copy_string(db_get_string(db, i, 0));
	for (int i = 0; i < count; i++) {
		if (rc == 0)
			rc = note_partition(db, names[i]);
		free(names[i]);
	}
	return rc;
}

static int
file_read(const char *path, struct text *text)
{
	FILE *file = fopen(path, "re");
	char chunk[4096];
	size_t length;
	int rc = -1;

	if (file == NULL)
		goto out;
	while ((length = fread(chunk, 1, sizeof(chunk), file)) != 0)
		text_add(text, chunk, length);
	if (!ferror(file)) /* half a migration would be applied */
		rc = 0;
out:
	if (rc == -1)
		log_error("cannot read migration file=%s error=\"%s\"", path,
		    strerror(errno));
	if (file != NULL)
		fclose(file);
	return rc;
}

/* 1 applied already, 0 not, -1. */
static int
migration_is_applied(struct db *db, const char *name)
{
	struct db_params *params = db_params(db);

	db_add_string(params, name);
	if (db_run(db, &applied_sql, params, 10000) == -1)
		return -1;
	return db_rows(db) != 0;
}

/* The name went through is_migration, so it needs no quoting. */
static int
migration_apply(struct db *db, const char *directory, const char *name)
{
	struct text path = { 0 }, sql = { 0 };
	int rc = -1;

	text_addf(&path, "%s/%s", directory, name);
	text_adds(&sql, "BEGIN;\n");
	if (file_read(path.bytes, &sql) == -1)
		goto out;
	text_addf(&sql,
	    "\n;INSERT INTO migrations (name) VALUES ('%s');"
	    "\nCOMMIT;",
	    name);
	rc = db_run_script(db, sql.bytes, MIGRATION_DEADLINE_MS);
	if (rc == 0)
		printf("applied migration %s\n", name);
	else
		say_error("migration %s failed: %s", name, db_message(db));
out:
	text_free(&path);
	text_free(&sql);
	return rc;
}

/* NNNN_words.sql */
static int
is_migration(const struct dirent *entry)
{
	const char *name = entry->d_name;

	return strspn(name, "0123456789") == 4 && name[4] == '_' &&
	    strlen(name + 5) > 4 &&
	    strspn(name + 5, "abcdefghijklmnopqrstuvwxyz0123456789_") ==
	    strlen(name + 5) - 4 &&
	    strcmp(name + strlen(name) - 4, ".sql") == 0;
}

/* 0, -1; 1 when a migration was applied that is none of `entries`. */
static int
schema_is_newer(
    struct db *db, struct dirent **entries, int count, const char *directory)
{
	const char *name;
	int i;

	if (db_run(db, &all_applied_sql, NULL, ANSWER_DEADLINE_MS) == -1)
		return -1;
	for (int row = 0; row < db_rows(db); row++) {
		name = db_get_string(db, row, 0);
		for (i = 0; i < count; i++)
			if (strcmp(entries[i]->d_name, name) == 0)
				break;
		if (i < count)
			continue;
		say_error("the schema is newer than this program: migration %s "
			  "was applied, and is not in %s; install the newer "
			  "version again, or restore a backup from before it",
		    name, directory);
		return 1;
	}
	return 0;
}

int
maintenance_migrate(struct db *db, const char *directory)
{
	static const char begin[] =
	    "SELECT pg_advisory_lock(hashtext('postrider migrations'));"
	    "CREATE TABLE IF NOT EXISTS migrations (name text PRIMARY KEY,"
	    " applied_at timestamptz NOT NULL DEFAULT clock_timestamp())";
	static const char end[] =
	    "SELECT grant_roles();"
	    "SELECT pg_advisory_unlock(hashtext('postrider migrations'))";
	struct dirent **entries;
	int count, applied, rc = 0;

	count = scandir(directory, &entries, is_migration, alphasort);
	if (count <= 0) {
		say_error("no migrations found in %s: set SHARE_DIR to "
			  "the directory that holds migrations/",
		    directory);
		return -1;
	}
	if (db_run_script(db, "SELECT 1", ANSWER_DEADLINE_MS) == -1 ||
	    db_run_script(db, begin, MIGRATION_DEADLINE_MS) == -1)
		rc = -1;
	if (rc == 0)
		rc = schema_is_newer(db, entries, count, directory);
	for (int i = 0; i < count; i++) {
		if (rc == 0) {
			applied = migration_is_applied(db, entries[i]->d_name);
			rc = applied == 1   ? 0
			    : applied == -1 ? -1
					    : migration_apply(db, directory,
						  entries[i]->d_name);
		}
		free(entries[i]);
	}
	free(entries);
	if (rc == 0)
		rc = db_run_script(db, end, MIGRATION_DEADLINE_MS);
	return rc;
}
