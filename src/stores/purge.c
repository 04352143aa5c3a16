/* The purge: what is past the retention goes, whole hours at once. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ground/clock.h"
#include "ground/log.h"
#include "stores/delivery.h"
#include "stores/maintenance.h"

#define BATCH 5000
#define TRIES 5
#define DEADLINE_MS 60000
#define DROP_DEADLINE_MS 600000
#define NAME_BYTES 64
#define HOUR_MS INT64_C(3600000)

static const char *const tables[] = { "webhooks", "delivery_logs" };

static const struct db_statement lock_sql = { "purge_lock",
	"SELECT pg_try_advisory_lock(hashtext('postrider purge'))" };

/* Hours wholly past, attached or left over by a purge that was killed
 * between detaching and dropping. $2: the name of the cut-off's hour. */
static const struct db_statement past_sql = { "purge_past",
	"SELECT c.relname::text, coalesce(i.inhdetachpending, false),"
	"       i.inhrelid IS NOT NULL, n.rows"
	"  FROM pg_class c JOIN pg_namespace s ON s.oid = c.relnamespace"
	"   AND s.nspname = 'public'"
	"  LEFT JOIN pg_inherits i ON i.inhrelid = c.oid"
	"  LEFT JOIN partition_notes n ON n.partition = c.relname"
	" WHERE c.relkind = 'r' AND c.relname ~ ('^' || $1 || '_[0-9]{10}$')"
	"   AND c.relname < $2 ORDER BY c.relname" };

static const struct db_statement hopeless_sql = { "purge_hopeless",
	"SELECT count(*) FROM pending WHERE webhook_id < $1" };

static const struct db_statement forget_sql = { "purge_forget",
	"WITH gone AS (DELETE FROM subscriptions s"
	"  WHERE s.state = 'deleted' AND s.updated_at < $1 AND NOT EXISTS"
	"    (SELECT FROM pending p WHERE p.subscription_id = s.id)),"
	" past AS (DELETE FROM interventions WHERE webhook_id < $2),"
	" sums AS (DELETE FROM stats_totals WHERE quarter < $1)"
	" DELETE FROM stats WHERE quarter < $1" };

static const struct db_statement forget_letters_sql = { "purge_forget_letters",
	"WITH old AS (SELECT webhook_id FROM dead_letters"
	"  WHERE webhook_id < $1 ORDER BY webhook_id LIMIT $2),"
	" gone AS (DELETE FROM dead_letters d USING old"
	"  WHERE d.webhook_id = old.webhook_id RETURNING 1)"
	" SELECT count(*) FROM gone" };

static const struct db_statement forget_keys_sql = { "purge_forget_keys",
	"WITH old AS (SELECT subscription_id, key FROM idempotency"
	"  WHERE accepted_at <= now() - interval '1 day'"
	"  ORDER BY accepted_at LIMIT $1),"
	" gone AS (DELETE FROM idempotency i USING old"
	"  WHERE i.subscription_id = old.subscription_id AND i.key = old.key"
	"   AND i.accepted_at <= now() - interval '1 day' RETURNING 1)"
	" SELECT count(*) FROM gone" };

/* webhooks_2026013123: the partition of an hour. */
static void
partition_name(const char *table, int64_t ms, char name[NAME_BYTES])
{
	time_t seconds = (time_t)(ms / 1000);
	char hour[16];
	struct tm utc;

	gmtime_r(&seconds, &utc);
	strftime(hour, sizeof(hour), "%Y%m%d%H", &utc);
	snprintf(name, NAME_BYTES, "%s_%s", table, hour);
}

static int
run_script(
    struct db *db, const char *format, const char *first, const char *second)
{
	struct text sql = { 0 };
	int rc;

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	text_addf(&sql, format, first, second);
#pragma GCC diagnostic pop
	rc = db_run_script(db, sql.bytes, DROP_DEADLINE_MS);
	text_free(&sql);
	return rc;
}

static int64_t
rows_of(struct db *db, const char *name)
{
	struct text sql = { 0 };
	int64_t rows = -1;

	text_addf(&sql, "SELECT count(*)::text FROM \"%s\"", name);
	if (db_run_script(db, sql.bytes, DROP_DEADLINE_MS) == 0)
		rows = strtoll(db_get_string(db, 0, 0), NULL, 10);
	text_free(&sql);
	return rows;
}

struct past {
	char name[NAME_BYTES];
	bool detaching, attached;
	int64_t rows; /* -1: not noted */
};

/* A plain DROP behind one open reader would stop every ingest: detach
 * without a lock first, and try again when a lock was not to be had. */
static int
partition_drop(struct db *db, const char *table, const struct past *past)
{
	bool attached = past->attached, detaching = past->detaching;

	for (int i = 0; i < TRIES; i++) {
		if (attached &&
		    run_script(db,
			detaching
			    ? "ALTER TABLE %s DETACH PARTITION \"%s\" FINALIZE"
			    : "ALTER TABLE %s DETACH PARTITION \"%s\" CONCURRENTLY",
			table, past->name) == -1) {
			if (db_error(db) == DB_GONE &&
			    strcmp(db_sqlstate(db), "57014") != 0)
				return -1;
			/* a lock that was not to be had leaves either state */
			detaching = !detaching;
			continue;
		}
		attached = false;
		if (run_script(db, "DROP TABLE \"%s\"", past->name, "") == 0)
			return run_script(db,
			    "DELETE FROM partition_notes "
			    "WHERE partition = '%s'",
			    past->name, "");
		if (db_error(db) != DB_AGAIN)
			return -1;
	}
	return -1;
}

static int
past_list(struct db *db, const char *table, int64_t cut_ms, struct past **list)
{
	struct db_params *params = db_params(db);
	char straddling[NAME_BYTES];
	int count;

	*list = NULL;
	partition_name(table, cut_ms, straddling);
	db_add_string(params, table);
	db_add_string(params, straddling);
	if (db_run(db, &past_sql, params, DEADLINE_MS) == -1)
		return -1;
	count = db_rows(db);
	*list = memory_get((size_t)count * sizeof(**list));
	for (int i = 0; i < count; i++) {
		snprintf(
		    (*list)[i].name, NAME_BYTES, "%s", db_get_string(db, i, 0));
		(*list)[i].detaching = db_get_bool(db, i, 1);
		(*list)[i].attached = db_get_bool(db, i, 2);
		(*list)[i].rows = db_get_long_or(db, i, 3, -1);
	}
	return count;
}

static int
purge_past(struct db *db, const char *table, int64_t cut_ms, bool dry_run,
    int64_t *partitions, int64_t *rows)
{
	struct past *list;
	int count = past_list(db, table, cut_ms, &list), rc = 0;

	for (int i = 0; i < count && rc == 0; i++) {
		if (list[i].rows == -1)
			list[i].rows = rows_of(db, list[i].name);
		if (list[i].rows == -1) {
			rc = -1;
			break;
		}
		if (!dry_run)
			rc = partition_drop(db, table, &list[i]);
		if (rc == 0) {
			*rows += list[i].rows;
			++*partitions;
		}
	}
	free(list);
	return count == -1 ? -1 : rc;
}

/* The hour that straddles the cut-off, in batches. One that is pending (an
 * ingest whose settling raced with us) stays for the next time. */
static int
purge_straddling(struct db *db, const char *table, int64_t cut_ms, bool dry_run,
    int64_t *rows)
{
	struct uuid hour = uuid_at(cut_ms - cut_ms % HOUR_MS);
	struct uuid cut = uuid_at(cut_ms);
	char name[NAME_BYTES], text[UUID_TEXT_SIZE], first[UUID_TEXT_SIZE];
	struct text sql = { 0 };
	int64_t removed;
	int rc = 0;

	partition_name(table, cut_ms, name);
	uuid_text(&cut, text);
	if (dry_run)
		text_addf(&sql,
		    "SELECT count(*)::text FROM %s"
		    " WHERE id >= '%s' AND id < '%s'",
		    table, uuid_text(&hour, first), text);
	else
		text_addf(&sql,
		    "WITH gone AS (DELETE FROM %s WHERE id IN"
		    " (SELECT id FROM %s t WHERE id < '%s' AND NOT EXISTS"
		    " (SELECT FROM pending p WHERE p.webhook_id = t.id)"
		    " ORDER BY id LIMIT %d) AND id < '%s' RETURNING 1),"
		    " noted AS (UPDATE partition_notes SET rows = rows -"
		    " (SELECT count(*) FROM gone) WHERE partition = '%s')"
		    " SELECT count(*)::text FROM gone",
		    table, table, text, BATCH, text, name);
	do {
		rc = db_run_script(db, sql.bytes, DEADLINE_MS);
		if (rc == -1)
			break;
		removed = strtoll(db_get_string(db, 0, 0), NULL, 10);
		*rows += removed;
	} while (!dry_run && removed == BATCH);
	text_free(&sql);
	return rc;
}

static int
expire_all(struct db *db, int64_t hours, int64_t cut_ms, bool dry_run,
    int64_t *expired)
{
	struct uuid cut = uuid_at(cut_ms);
	struct db_params *params;
	int count;

	if (dry_run) {
		params = db_params(db);
		db_add_uuid(params, &cut);
		if (db_run(db, &hopeless_sql, params, DEADLINE_MS) == -1)
			return -1;
		*expired = db_get_long(db, 0, 0);
		return 0;
	}
	do {
		count = delivery_expire(db, hours, BATCH);
		if (count == -1)
			return -1;
		*expired += count;
	} while (count >= BATCH);
	return 0;
}

static int
forget(struct db *db, int64_t cut_ms)
{
	struct db_params *params = db_params(db);
	struct uuid cut = uuid_at(cut_ms);

	db_add_time(params, cut_ms);
	db_add_uuid(params, &cut);
	return db_run(db, &forget_sql, params, DEADLINE_MS);
}

/* Dead letters go with their webhooks. */
static int
forget_letters(struct db *db, int64_t cut_ms)
{
	struct uuid cut = uuid_at(cut_ms);
	struct db_params *params;

	do {
		params = db_params(db);
		db_add_uuid(params, &cut);
		db_add_long(params, BATCH);
		if (db_run(db, &forget_letters_sql, params, DEADLINE_MS) == -1)
			return -1;
	} while (db_get_long(db, 0, 0) > 0);
	return 0;
}

/* Idempotency keys live for a day, whatever the retention is. */
static int
forget_keys(struct db *db)
{
	struct db_params *params;

	do {
		params = db_params(db);
		db_add_long(params, BATCH);
		if (db_run(db, &forget_keys_sql, params, DEADLINE_MS) == -1)
			return -1;
	} while (db_get_long(db, 0, 0) > 0);
	return 0;
}

int
maintenance_purge(
    struct db *db, int64_t hours, bool dry_run, struct purged *purged)
{
	int64_t *rows[] = { &purged->webhooks, &purged->attempts };
	int64_t cut_ms;

	*purged = (struct purged){ 0 };
	if (maintenance_measure_clock(db) == -1 ||
	    db_run_script(db, "SET lock_timeout = '2s'", DEADLINE_MS) == -1 ||
	    db_run(db, &lock_sql, NULL, DEADLINE_MS) == -1)
		return -1;
	if (!db_get_bool(db, 0, 0))
		return 1;
	cut_ms = clock_database_ms() - hours * HOUR_MS;
	if (expire_all(db, hours, cut_ms, dry_run, &purged->expired) == -1)
		return -1;
	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
		if (purge_past(db, tables[i], cut_ms, dry_run,
			&purged->partitions, rows[i]) == -1 ||
		    purge_straddling(db, tables[i], cut_ms, dry_run, rows[i]) ==
			-1)
			return -1;
	if (dry_run)
		return 0;
	if (forget(db, cut_ms) == -1 || forget_letters(db, cut_ms) == -1 ||
	    forget_keys(db) == -1)
		return -1;
	maintenance_note_partitions(db); /* or the next run does */
	return 0;
}
