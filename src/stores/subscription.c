#include "stores/subscription.h"

#include <stdlib.h>
#include <string.h>

#include "stores/maintenance.h"
#include "stores/store.h"

#define COLUMNS \
	"id, target_url, secret, events, state, state_reason," \
	" created_at, updated_at"

static const struct db_statement create_sql = { "subscription_create",
	"INSERT INTO subscriptions (id, target_url, secret, events)"
	" VALUES ($1, $2, $3, $4) RETURNING " COLUMNS };

static const struct db_statement get_sql = { "subscription_get",
	"SELECT " COLUMNS " FROM subscriptions"
	" WHERE id = $1 AND state <> 'deleted'" };

static const struct db_statement update_sql = { "subscription_update",
	"UPDATE subscriptions"
	"   SET target_url = CASE WHEN $2 THEN $3 ELSE target_url END,"
	"       secret = CASE WHEN $4 THEN $5 ELSE secret END,"
	"       events = CASE WHEN $6 THEN $7 ELSE events END,"
	"       failing_since = CASE WHEN NOT $2 THEN failing_since END,"
	"       failures = CASE WHEN $2 THEN 0 ELSE failures END,"
	"       updated_at = clock_timestamp()"
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
	"       updated_at = clock_timestamp()"
	" WHERE id = $1 AND state IN ('paused', 'disabled')"
	" RETURNING " COLUMNS };

static const struct db_statement delete_sql = { "subscription_delete",
	"UPDATE subscriptions"
	"   SET state = 'deleted', secret = NULL,"
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
	free(subscription->secret);
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
	subscription->secret = memory_copy_string(db_get_string(db, row, 2));
	subscription->events =
	    db_get_strings(db, row, 3, &subscription->events_count);
	subscription->state = memory_copy_string(db_get_string(db, row, 4));
	subscription->state_reason =
	    memory_copy_string(db_get_string(db, row, 5));
	subscription->created_at = db_get_time(db, row, 6);
	subscription->updated_at = db_get_time(db, row, 7);
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

int
subscription_create(struct db *db, const char *target_url, const char *secret,
    const char *const *events, int events_count, struct subscription *created)
{
	struct db_params *params;
	struct uuid id;

	if (maintenance_keep_clock(db) == -1)
		return -1;
	id = uuid_new();
	params = db_params(db);
	db_add_uuid(params, &id);
	db_add_string(params, target_url);
	db_add_string(params, secret);
	add_events(params, events, events_count);
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

int
subscription_update(struct db *db, const struct uuid *id,
    const struct subscription_change *change, struct subscription *updated)
{
	struct db_params *params = db_params(db);

	db_add_uuid(params, id);
	db_add_bool(params, change->target_url_given);
	db_add_string(params, change->target_url);
	db_add_bool(params, change->secret_given);
	db_add_string(params, change->secret);
	db_add_bool(params, change->events_given);
	add_events(params, change->events, change->events_count);
	return run_one(db, &update_sql, params, updated);
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
