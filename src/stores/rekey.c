#include "stores/rekey.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stores/keyring.h"
#include "stores/store.h"

#define DEADLINE_MS 60000
#define REWRITE_DEADLINE_MS 600000

static const struct db_statement clear_is_there_sql = { "rekey_clear_is_there",
	"SELECT 1 FROM pg_attribute WHERE attrelid = 'subscriptions'::regclass"
	"   AND attname = 'secret' AND NOT attisdropped" };

/* xmin, and not the text, tells whether a row is the one that was read: a slow
 * statement is logged with its parameters. */
static const struct db_statement clear_sql = { "rekey_clear",
	"SELECT id, secret, xmin::text FROM subscriptions WHERE secret IS NOT NULL"
	" ORDER BY id LIMIT 200" };

static const struct db_statement clear_seal_sql = { "rekey_clear_seal",
	"UPDATE subscriptions SET secret = NULL,"
	"  secrets = CASE WHEN $3 <> '' THEN ARRAY[$3::text] END"
	" WHERE id = $1 AND xmin::text = $2" };

/* Of each of the two columns that hold secrets: those with one of another key
 * than the first; and sealed anew. The version stays: the secrets are the same.
 * The times of those that are valid stay with them. */
#define STALE(column, valid) \
	"SELECT s.id, s." column ", " valid " FROM subscriptions s" \
	" WHERE s.id > $1 AND EXISTS (" \
	"   SELECT FROM unnest(s." column ") AS u (secret)" \
	"    WHERE secret <> '' AND split_part(secret, '.', 2) <> $2)" \
	" ORDER BY s.id LIMIT 200"
#define RESEAL(column) \
	"UPDATE subscriptions s SET " column " = $3, " column "_until = (" \
	"    SELECT array_agg(until ORDER BY n)" \
	"     FROM unnest(s." column ", s." column "_until) WITH ORDINALITY" \
	"       AS kept (secret, until, n) WHERE secret = ANY ($4::text[]))" \
	" WHERE id = $1 AND " column " = $2"

static const struct column {
	struct db_statement stale, reseal;
} columns[] = {
	{ { "rekey_stale", STALE("secrets", STORE_SECRETS) },
	    { "rekey_reseal", RESEAL("secrets") } },
	{ { "rekey_stale_ingest",
	      STALE("ingest_secrets", STORE_INGEST_SECRETS) },
	    { "rekey_reseal_ingest", RESEAL("ingest_secrets") } },
};
#define COLUMNS (sizeof(columns) / sizeof(columns[0]))

static const struct db_statement usage_sql = { "rekey_usage",
	"SELECT split_part(secret, '.', 2), count(DISTINCT id)"
	"  FROM subscriptions CROSS JOIN unnest(secrets || ingest_secrets)"
	"    AS u (secret)"
	" WHERE secret <> '' GROUP BY 1 ORDER BY 1" };

static const char lock_sql[] =
    "SELECT pg_advisory_lock(hashtext('postrider secrets'))";
static const char unlock_sql[] =
    "SELECT pg_advisory_unlock(hashtext('postrider secrets'))";
/* A program of the version before may have stored one since. */
static const char drop_sql[] =
    "BEGIN; LOCK TABLE subscriptions IN ACCESS EXCLUSIVE MODE;"
    "DO $$ BEGIN"
    " IF EXISTS (SELECT FROM subscriptions WHERE secret IS NOT NULL) THEN"
    "  RAISE 'a secret was stored in clear meanwhile: stop the older version';"
    " END IF; END $$;"
    "ALTER TABLE subscriptions DROP COLUMN secret; COMMIT";
static const char rewrite_sql[] = "VACUUM FULL subscriptions";

static void
complain(const struct uuid *id)
{
	char text[UUID_TEXT_SIZE];

	fprintf(stderr, "subscription %s: %s\n", uuid_text(id, text),
	    keyring_reason());
}

/* A page of rows, taken out of the answer: the next statement replaces it. */
struct page {
	struct row {
		struct uuid id;
		char *clear, *version;
		char **all, **valid;
		int all_count, valid_count;
	} * rows;
	int count;
};

static void
page_free(struct page *page)
{
	for (int i = 0; i < page->count; i++) {
		seal_forget(page->rows[i].clear);
		free(page->rows[i].version);
		free(page->rows[i].all);
		free(page->rows[i].valid);
	}
	free(page->rows);
	*page = (struct page){ 0 };
}

static int
clear_page(struct db *db, struct page *page)
{
	if (db_run(db, &clear_sql, NULL, DEADLINE_MS) == -1)
		return -1;
	page->count = db_rows(db);
	page->rows = memory_get((size_t)page->count * sizeof(*page->rows));
	for (int i = 0; i < page->count; i++) {
		page->rows[i].id = db_get_uuid(db, i, 0);
		page->rows[i].clear =
		    memory_copy_string(db_get_string(db, i, 1));
		page->rows[i].version =
		    memory_copy_string(db_get_string(db, i, 2));
	}
	return 0;
}

static int
clear_seal(struct db *db, const struct row *row)
{
	struct db_params *params = db_params(db);
	char *sealed = keyring_seal(&row->id, row->clear);

	if (sealed == NULL) {
		complain(&row->id);
		return -1;
	}
	db_add_uuid(params, &row->id);
	db_add_string(params, row->version);
	db_add_string(params, sealed);
	free(sealed);
	return db_run(db, &clear_seal_sql, params, DEADLINE_MS);
}

/* Until a page is empty. How many, or -1. */
static int64_t
clear_seal_all(struct db *db)
{
	struct page page = { 0 };
	int64_t sealed = 0;
	int rc = 0;

	do {
		page_free(&page);
		if (clear_page(db, &page) == -1)
			return -1;
		for (int i = 0; i < page.count && rc == 0; i++)
			rc = clear_seal(db, &page.rows[i]);
		sealed += page.count;
	} while (rc == 0 && page.count > 0);
	page_free(&page);
	return rc == 0 ? sealed : -1;
}

int64_t
rekey_clear(struct db *db)
{
	int64_t sealed = -1;

	if (db_run_script(db, lock_sql, DEADLINE_MS) == -1)
		return -1;
	if (db_run(db, &clear_is_there_sql, NULL, DEADLINE_MS) == -1)
		return -1;
	if (db_rows(db) == 0)
		sealed = 0;
	else if ((sealed = clear_seal_all(db)) != -1 &&
	    (db_run_script(db, drop_sql, DEADLINE_MS) == -1 ||
		(sealed > 0 &&
		    db_run_script(db, rewrite_sql, REWRITE_DEADLINE_MS) == -1)))
		sealed = -1;
	if (db_run_script(db, unlock_sql, DEADLINE_MS) == -1)
		return -1;
	return sealed;
}

static int
stale_page(struct db *db, const struct column *column, const struct uuid *after,
    struct page *page)
{
	struct db_params *params = db_params(db);

	db_add_uuid(params, after);
	db_add_string(params, keyring_first());
	if (db_run(db, &column->stale, params, DEADLINE_MS) == -1)
		return -1;
	page->count = db_rows(db);
	page->rows = memory_get((size_t)page->count * sizeof(*page->rows));
	for (int i = 0; i < page->count; i++) {
		struct row *row = &page->rows[i];

		row->id = db_get_uuid(db, i, 0);
		row->all = db_get_strings(db, i, 1, &row->all_count);
		row->valid = db_get_strings(db, i, 2, &row->valid_count);
	}
	return 0;
}

static void
add_strings(struct db_params *params, char *const *strings, int count)
{
	db_array_begin(params, DB_TEXT);
	for (int i = 0; i < count; i++)
		db_array_string(params, strings[i]);
	db_array_end(params);
}

/* 0 done, 1 it cannot be opened, -1 the database failed. */
static int
reseal(struct db *db, const struct column *column, const struct row *row)
{
	struct db_params *params = db_params(db);
	char **sealed = memory_get((size_t)row->valid_count * sizeof(*sealed));
	char *secret;
	int count = 0, rc = 1;

	for (; count < row->valid_count; count++) {
		secret = keyring_open(&row->id, row->valid[count]);
		if (secret == NULL) {
			complain(&row->id);
			goto out;
		}
		sealed[count] = keyring_seal(&row->id, secret);
		seal_forget(secret);
	}
	db_add_uuid(params, &row->id);
	add_strings(params, row->all, row->all_count);
	add_strings(params, sealed, count);
	add_strings(params, row->valid, row->valid_count);
	rc = db_run(db, &column->reseal, params, DEADLINE_MS);
out:
	for (int i = 0; i < count; i++)
		free(sealed[i]);
	free(sealed);
	return rc;
}

/* From the first to the last. How many were stale, or -1. */
static int64_t
stale_pass(struct db *db, const struct column *column, bool *failed)
{
	struct uuid after = { 0 };
	struct page page = { 0 };
	int64_t seen = 0;
	int rc = 0;

	do {
		page_free(&page);
		if (stale_page(db, column, &after, &page) == -1)
			return -1;
		for (int i = 0; i < page.count && rc != -1; i++) {
			after = page.rows[i].id;
			rc = reseal(db, column, &page.rows[i]);
			*failed |= rc == 1;
		}
		seen += page.count;
	} while (rc != -1 && page.count > 0);
	page_free(&page);
	return rc != -1 ? seen : -1;
}

/* Passes until one finds nothing: a row may have changed under our hands. */
static int64_t
rekey_column(struct db *db, const struct column *column)
{
	int64_t seen, done = 0;
	bool failed = false;

	do {
		seen = stale_pass(db, column, &failed);
		done += seen;
	} while (seen > 0 && !failed);
	return seen == -1 || failed ? -1 : done;
}

int64_t
rekey_all(struct db *db)
{
	int64_t done = 0, sealed;

	if (keyring_first() == NULL) {
		fprintf(stderr, "%s\n", keyring_reason());
		return -1;
	}
	for (size_t i = 0; i < COLUMNS; i++) {
		sealed = rekey_column(db, &columns[i]);
		done = sealed == -1 || done == -1 ? -1 : done + sealed;
	}
	return done;
}

int
rekey_usage(
    struct db *db, void (*tell)(const char *key_id, int64_t subscriptions))
{
	if (db_run(db, &usage_sql, NULL, DEADLINE_MS) == -1)
		return -1;
	for (int i = 0; i < db_rows(db); i++)
		tell(db_get_string(db, i, 0), db_get_long(db, i, 1));
	return 0;
}
