#include "stores/subscription.h"

#include <stdlib.h>
#include <string.h>

#include "stores/keyring.h"
#include "stores/maintenance.h"
#include "stores/store.h"

#define OLDER_MOST "2" /* secrets beside the newest */

#define COLUMNS \
	"id, target_url, secrets[1], events, state, state_reason," \
	" created_at, updated_at, verify_ingest," \
	" (SELECT max(ends) FROM unnest(secrets_until) AS ends" \
	"   WHERE ends > clock_timestamp())"

static const struct db_statement create_sql = { "subscription_create",
	"INSERT INTO subscriptions (id, target_url, secrets, events,"
	"   verify_ingest)"
	" VALUES ($1, $2, CASE WHEN $3::text IS NOT NULL THEN ARRAY[$3] END,"
	"   $4, $5) RETURNING " COLUMNS };

static const struct db_statement get_sql = { "subscription_get",
	"SELECT " COLUMNS " FROM subscriptions"
	" WHERE id = $1 AND state <> 'deleted'" };

static const struct db_statement update_sql = { "subscription_update",
	"UPDATE subscriptions"
	"   SET target_url = CASE WHEN $2 THEN $3 ELSE target_url END,"
	"       secrets = CASE WHEN NOT $4 THEN secrets"
	"         WHEN $5::text IS NOT NULL THEN ARRAY[$5] END,"
	"       secrets_until = CASE WHEN NOT $4 THEN secrets_until END,"
	"       secrets_version = secrets_version + ($4 OR $8)::int,"
	"       events = CASE WHEN $6 THEN $7 ELSE events END,"
	"       verify_ingest = CASE WHEN $8 THEN $9 ELSE verify_ingest END,"
	"       failing_since = CASE WHEN NOT $2 THEN failing_since END,"
	"       failures = CASE WHEN $2 THEN 0 ELSE failures END,"
	"       updated_at = clock_timestamp()"
	" WHERE id = $1 AND state <> 'deleted'"
	"   AND (CASE WHEN $8 THEN $9 ELSE verify_ingest END IS NULL"
	"     OR CASE WHEN $4 THEN $5 ELSE secrets[1] END <> '')"
	" RETURNING " COLUMNS };

/* unnest fills up what is shorter with nulls: the newest has no end yet. */
static const struct db_statement rotate_sql = { "subscription_rotate",
	"UPDATE subscriptions s SET (secrets, secrets_until) = ("
	"    SELECT array_prepend($2::text, array_agg(secret ORDER BY n)),"
	"      array_prepend(NULL::timestamptz, array_agg(until ORDER BY n))"
	"     FROM (SELECT secret, n, least(until,"
	"         clock_timestamp() + $3::int4 * interval '1 hour') AS until"
	"        FROM unnest(s.secrets, s.secrets_until) WITH ORDINALITY"
	"          AS old (secret, until, n)"
	"       WHERE secret <> '' AND $3 > 0"
	"         AND coalesce(until > clock_timestamp(), true)"
	"       ORDER BY n LIMIT " OLDER_MOST ") AS valid),"
	"   secrets_version = secrets_version + 1,"
	"   updated_at = clock_timestamp()"
	" WHERE id = $1 AND state <> 'deleted' RETURNING " COLUMNS };

static const struct db_statement pause_sql = { "subscription_pause",
	"UPDATE subscriptions"
	"   SET state = 'paused', state_reason = NULL,"
	"       updated_at = clock_timestamp()"
	" WHERE id = $1 AND state = 'active' RETURNING " COLUMNS };

/* The keeper restarts what is pending, from the oldest on. */
static const struct db_statement resume_sql = { "subscription_resume",
	"UPDATE subscriptions"
	"   SET state = 'active', state_reason = NULL, failing_since = NULL,"
	"       failures = 0,"
	"       restart_after = '00000000-0000-0000-0000-000000000000',"
	"       resumed_at = clock_timestamp(),"
	"       updated_at = clock_timestamp()"
	" WHERE id = $1 AND state IN ('paused', 'disabled')"
	" RETURNING " COLUMNS };

static const struct db_statement delete_sql = { "subscription_delete",
	"UPDATE subscriptions"
	"   SET state = 'deleted', secrets = NULL, secrets_until = NULL,"
	"       verify_ingest = NULL, secrets_version = secrets_version + 1,"
	"       updated_at = clock_timestamp()"
	" WHERE id = $1 AND state <> 'deleted' RETURNING id" };

static const struct db_statement list_sql = { "subscription_list",
	"SELECT " COLUMNS " FROM subscriptions WHERE state <> 'deleted'"
	" ORDER BY id LIMIT $1 OFFSET $2" };

void
subscription_release(struct subscription *subscription)
{
	if (subscription == NULL)
		return;
	free(subscription->target_url);
	free(subscription->sealed_secret);
	free(subscription->verify_ingest);
	free(subscription->events);
	free(subscription->state);
	free(subscription->state_reason);
	*subscription = (struct subscription){ 0 };
}

static void
subscription_read(
    const struct db *db, int row, struct subscription *subscription)
{
	subscription->id = db_get_uuid(db, row, 0);
	subscription->target_url =
	    memory_copy_string(db_get_string(db, row, 1));
	subscription->sealed_secret =
	    memory_copy_string(db_get_string(db, row, 2));
	subscription->events =
	    db_get_strings(db, row, 3, &subscription->events_count);
	subscription->state = memory_copy_string(db_get_string(db, row, 4));
	subscription->state_reason =
	    memory_copy_string(db_get_string(db, row, 5));
	subscription->created_at = db_get_time(db, row, 6);
	subscription->updated_at = db_get_time(db, row, 7);
	subscription->verify_ingest =
	    memory_copy_string(db_get_string(db, row, 8));
	subscription->secret_overlap_until = db_get_time(db, row, 9);
}

static void
add_events(struct db_params *params, const char *const *events, int count)
{
	if (count < 0) {
		db_add_null(params);
		return;
	}
	db_array_begin(params, DB_TEXT);
	for (int i = 0; i < count; i++)
		db_array_string(params, events[i]);
	db_array_end(params);
}

/* Runs and reads the one row, or none. */
static int
run_one(struct db *db, const struct db_statement *statement,
    const struct db_params *params, struct subscription *subscription)
{
	if (store_run(db, statement, params) == -1)
		return -1;
	if (db_rows(db) == 0)
		return 0;
	subscription_read(db, 0, subscription);
	return 1;
}

/* 0, and *sealed (yours to free(), NULL for NULL), or -1: no key. */
static int
seal(const struct uuid *id, const char *secret, char **sealed)
{
	*sealed = secret != NULL ? keyring_seal(id, secret) : NULL;
	return secret != NULL && *sealed == NULL ? -1 : 0;
}

int
subscription_create(struct db *db, const struct subscription_change *given,
    struct subscription *created)
{
	struct db_params *params;
	struct uuid id;
	char *sealed;

	if (given->verify_ingest != NULL &&
	    (given->secret == NULL || given->secret[0] == '\0'))
		return SUBSCRIPTION_NO_SECRET;
	if (maintenance_keep_clock(db) == -1)
		return -1;
	id = uuid_new();
	if (seal(&id, given->secret, &sealed) == -1)
		return SUBSCRIPTION_NO_KEY;
	params = db_params(db);
	db_add_uuid(params, &id);
	db_add_string(params, given->target_url);
	db_add_string(params, sealed);
	add_events(params, given->events, given->events_count);
	db_add_string(params, given->verify_ingest);
	free(sealed);
	return run_one(db, &create_sql, params, created);
}

int
subscription_get(
    struct db *db, const struct uuid *id, struct subscription *found)
{
	struct db_params *params = db_params(db);

	db_add_uuid(params, id);
	return run_one(db, &get_sql, params, found);
}

/* Then it is no change, and ends no overlap. */
static bool
has_secret(struct db *db, const struct uuid *id, const char *secret)
{
	struct subscription now = { 0 };
	char *opened = NULL;
	bool same;

	if (subscription_get(db, id, &now) == 1 && now.sealed_secret != NULL)
		opened = keyring_open(id, now.sealed_secret);
	same = opened != NULL && strcmp(opened, secret) == 0;
	seal_forget(opened);
	subscription_release(&now);
	return same;
}

/* Nothing was changed: why? */
static int
update_refused(struct db *db, const struct uuid *id)
{
	struct subscription now = { 0 };
	int rc = subscription_get(db, id, &now);

	subscription_release(&now);
	return rc == 1 ? SUBSCRIPTION_NO_SECRET : rc;
}

int
subscription_update(struct db *db, const struct uuid *id,
    const struct subscription_change *change, struct subscription *updated)
{
	bool secret_given = change->secret_given &&
	    (change->secret == NULL || !has_secret(db, id, change->secret));
	struct db_params *params;
	char *sealed;
	int rc;

	if (seal(id, secret_given ? change->secret : NULL, &sealed) == -1)
		return SUBSCRIPTION_NO_KEY;
	params = db_params(db);
	db_add_uuid(params, id);
	db_add_bool(params, change->target_url_given);
	db_add_string(params, change->target_url);
	db_add_bool(params, secret_given);
	db_add_string(params, sealed);
	db_add_bool(params, change->events_given);
	add_events(params, change->events, change->events_count);
	db_add_bool(params, change->verify_ingest_given);
	db_add_string(params, change->verify_ingest);
	free(sealed);
	rc = run_one(db, &update_sql, params, updated);
	return rc != 0 ? rc : update_refused(db, id);
}

int
subscription_rotate(struct db *db, const struct uuid *id, const char *secret,
    int64_t overlap_hours, struct subscription *rotated)
{
	struct db_params *params;
	char *sealed;

	if (seal(id, secret, &sealed) == -1)
		return SUBSCRIPTION_NO_KEY;
	params = db_params(db);
	db_add_uuid(params, id);
	db_add_string(params, sealed);
	db_add_int(params, (int32_t)overlap_hours);
	free(sealed);
	return run_one(db, &rotate_sql, params, rotated);
}

/* What was not in a state to be moved is shown as it is. */
static int
subscription_move(struct db *db, const struct db_statement *statement,
    const struct uuid *id, struct subscription *moved)
{
	struct db_params *params = db_params(db);
	int rc;

	db_add_uuid(params, id);
	rc = run_one(db, statement, params, moved);
	return rc != 0 ? rc : subscription_get(db, id, moved);
}

int
subscription_pause(
    struct db *db, const struct uuid *id, struct subscription *paused)
{
	return subscription_move(db, &pause_sql, id, paused);
}

int
subscription_resume(
    struct db *db, const struct uuid *id, struct subscription *resumed)
{
	return subscription_move(db, &resume_sql, id, resumed);
}

int
subscription_delete(struct db *db, const struct uuid *id)
{
	struct db_params *params = db_params(db);

	db_add_uuid(params, id);
	if (store_run(db, &delete_sql, params) == -1)
		return -1;
	return db_rows(db) == 1;
}

int
subscription_list(
    struct db *db, int64_t skip, int64_t limit, struct subscription **list)
{
	struct db_params *params = db_params(db);
	int count;

	*list = NULL;
	db_add_long(params, limit);
	db_add_long(params, skip);
	if (store_run(db, &list_sql, params) == -1)
		return -1;
	count = db_rows(db);
	*list = memory_get((size_t)count * sizeof(**list));
	for (int i = 0; i < count; i++)
		subscription_read(db, i, &(*list)[i]);
	return count;
}

void
subscription_list_free(struct subscription *list, int count)
{
	for (int i = 0; i < count; i++)
		subscription_release(&list[i]);
	free(list);
}

static bool
is_same_string(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static bool
is_same_events(const struct subscription *a, const struct subscription *b)
{
	if (a->events_count != b->events_count)
		return false;
	for (int i = 0; i < a->events_count; i++)
		if (strcmp(a->events[i], b->events[i]) != 0)
			return false;
	return true;
}

bool
subscription_is_same(const struct subscription *a, const struct subscription *b)
{
	return uuid_compare(&a->id, &b->id) == 0 &&
	    is_same_string(a->target_url, b->target_url) &&
	    is_same_string(a->sealed_secret, b->sealed_secret) &&
	    a->secret_overlap_until == b->secret_overlap_until &&
	    is_same_string(a->verify_ingest, b->verify_ingest) &&
	    is_same_events(a, b) && is_same_string(a->state, b->state) &&
	    is_same_string(a->state_reason, b->state_reason) &&
	    a->updated_at == b->updated_at;
}
