#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "stores/maintenance.h"
#include "stores/store.h"
#include "stores/subscription_row.h"

#define OVERTAKEN 2 /* by another change: once more */

static const struct db_statement create_sql = { "subscription_create",
	"INSERT INTO subscriptions (id, target_url, secrets, events,"
	"   verify_ingest, ingest_secrets)"
	" VALUES ($1, $2, CASE WHEN $3::text IS NOT NULL THEN ARRAY[$3] END,"
	"   $4, $5, CASE WHEN $6::text IS NOT NULL THEN ARRAY[$6] END)"
	" RETURNING " SUBSCRIPTION_COLUMNS };

static const struct db_statement get_sql = { "subscription_get",
	"SELECT " SUBSCRIPTION_COLUMNS " FROM subscriptions"
	" WHERE id = $1 AND state <> 'deleted'" };

static const struct db_statement update_sql = { "subscription_update",
	"UPDATE subscriptions"
	"   SET target_url = CASE WHEN $2 THEN $3 ELSE target_url END,"
	"       secrets = CASE WHEN NOT $4 THEN secrets"
	"         WHEN $5::text IS NOT NULL THEN ARRAY[$5] END,"
	"       secrets_until = CASE WHEN NOT $4 THEN secrets_until END,"
	"       secrets_version = secrets_version + ($4 OR $8 OR $10)::int,"
	"       events = CASE WHEN $6 THEN $7 ELSE events END,"
	"       verify_ingest = CASE WHEN $8 THEN $9 ELSE verify_ingest END,"
	"       ingest_secrets = CASE WHEN NOT $10 THEN ingest_secrets"
	"         WHEN $11::text IS NOT NULL THEN ARRAY[$11] END,"
	"       ingest_secrets_until ="
	"         CASE WHEN NOT $10 THEN ingest_secrets_until END,"
	"       failing_since = CASE WHEN NOT $2 THEN failing_since END,"
	"       failures = CASE WHEN $2 THEN 0 ELSE failures END,"
	"       updated_at = clock_timestamp()"
	" WHERE id = $1 AND state <> 'deleted'"
	"   AND $12::int8 IN (secrets_version, -1)"
	" RETURNING " SUBSCRIPTION_COLUMNS };

static const struct db_statement pause_sql = { "subscription_pause",
	"UPDATE subscriptions"
	"   SET state = 'paused', state_reason = NULL,"
	"       updated_at = clock_timestamp()"
	" WHERE id = $1 AND state = 'active' RETURNING " SUBSCRIPTION_COLUMNS };

/* The keeper restarts what is pending, from the oldest on. */
static const struct db_statement resume_sql = { "subscription_resume",
	"UPDATE subscriptions"
	"   SET state = 'active', state_reason = NULL, failing_since = NULL,"
	"       failures = 0,"
	"       restart_after = '00000000-0000-0000-0000-000000000000',"
	"       resumed_at = clock_timestamp(),"
	"       updated_at = clock_timestamp()"
	" WHERE id = $1 AND state IN ('paused', 'disabled')"
	" RETURNING " SUBSCRIPTION_COLUMNS };

static const struct db_statement delete_sql = { "subscription_delete",
	"UPDATE subscriptions"
	"   SET state = 'deleted', secrets = NULL, secrets_until = NULL,"
	"       ingest_secrets = NULL, ingest_secrets_until = NULL,"
	"       verify_ingest = NULL, secrets_version = secrets_version + 1,"
	"       updated_at = clock_timestamp()"
	" WHERE id = $1 AND state <> 'deleted' RETURNING id" };

static const struct db_statement list_sql = { "subscription_list",
	"SELECT " SUBSCRIPTION_COLUMNS
	" FROM subscriptions WHERE state <> 'deleted'"
	" ORDER BY id LIMIT $1 OFFSET $2" };

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

/* What the secrets of a change are sealed as; NULL: none. */
struct sealed {
	char *secret, *ingest_secret;
};

static int
seal_both(const struct uuid *id, const char *secret, const char *ingest_secret,
    struct sealed *sealed)
{
	*sealed = (struct sealed){ 0 };
	if (subscription_seal(id, secret, &sealed->secret) == 0 &&
	    subscription_seal(id, ingest_secret, &sealed->ingest_secret) == 0)
		return 0;
	free(sealed->secret);
	return -1;
}

static void
sealed_free(struct sealed *sealed)
{
	free(sealed->secret);
	free(sealed->ingest_secret);
}

/* Ends a plan; of what was made the result tells, if it was stored. */
static void
plan_end(struct ingest_plan *plan, int rc, struct subscription *stored)
{
	if (rc == 1 && plan->made[0] != '\0')
		stored->made_ingest_secret = memory_copy_string(plan->made);
	sodium_memzero(plan->made, sizeof(plan->made));
}

static int
create(struct db *db, const struct subscription_change *given,
    const struct ingest_plan *plan, struct subscription *created)
{
	struct db_params *params;
	struct sealed sealed;
	struct uuid id;

	if (maintenance_keep_clock(db) == -1)
		return -1;
	id = uuid_new();
	if (seal_both(&id, given->secret, plan->secret, &sealed) == -1)
		return SUBSCRIPTION_NO_KEY;
	params = db_params(db);
	db_add_uuid(params, &id);
	db_add_string(params, given->target_url);
	db_add_string(params, sealed.secret);
	add_events(params, given->events, given->events_count);
	db_add_string(params, given->verify_ingest);
	db_add_string(params, sealed.ingest_secret);
	sealed_free(&sealed);
	return subscription_run(db, &create_sql, params, created);
}

int
subscription_create(struct db *db, const struct subscription_change *given,
    struct subscription *created)
{
	const struct subscription_secrets none = { 0 };
	struct ingest_plan plan;
	int rc = SUBSCRIPTION_BAD_SECRET;

	created->ingest_fault = ingest_plan_make(&plan, given, &none);
	if (created->ingest_fault == SECRET_FINE)
		rc = create(db, given, &plan, created);
	plan_end(&plan, rc, created);
	return rc;
}

int
subscription_get(
    struct db *db, const struct uuid *id, struct subscription *found)
{
	struct db_params *params = db_params(db);

	db_add_uuid(params, id);
	return subscription_run(db, &get_sql, params, found);
}

/* plan: { 0 } and any version where no secret is looked at. 0: there is none,
 * or another changed it meanwhile. */
static int
update(struct db *db, const struct uuid *id,
    const struct subscription_change *change, bool secret_given,
    const struct ingest_plan *plan, int64_t version,
    struct subscription *updated)
{
	struct db_params *params;
	struct sealed sealed;

	if (seal_both(id, secret_given ? change->secret : NULL,
		plan->is_change ? plan->secret : NULL, &sealed) == -1)
		return SUBSCRIPTION_NO_KEY;
	params = db_params(db);
	db_add_uuid(params, id);
	db_add_bool(params, change->target_url_given);
	db_add_string(params, change->target_url);
	db_add_bool(params, secret_given);
	db_add_string(params, sealed.secret);
	db_add_bool(params, change->events_given);
	add_events(params, change->events, change->events_count);
	db_add_bool(params, change->verify_ingest_given);
	db_add_string(params, change->verify_ingest);
	db_add_bool(params, plan->is_change);
	db_add_string(params, sealed.ingest_secret);
	db_add_long(params, version);
	sealed_free(&sealed);
	return subscription_run(db, &update_sql, params, updated);
}

/* The same secret is no change, and ends no overlap. */
static bool
is_another(const struct subscription_change *change, const char *secret)
{
	return change->secret_given &&
	    (change->secret == NULL || secret == NULL ||
		strcmp(change->secret, secret) != 0);
}

static int
update_secrets(struct db *db, const struct uuid *id,
    const struct subscription_change *change, struct subscription *updated)
{
	struct subscription_secrets now;
	struct ingest_plan plan;
	int rc = subscription_secrets_read(db, id, &now);

	if (rc != 1)
		return rc;
	updated->ingest_fault = ingest_plan_make(&plan, change, &now);
	rc = updated->ingest_fault != SECRET_FINE
	    ? SUBSCRIPTION_BAD_SECRET
	    : update(db, id, change, is_another(change, now.secret), &plan,
		  now.version, updated);
	plan_end(&plan, rc, updated);
	subscription_secrets_forget(&now);
	return rc == 0 ? OVERTAKEN : rc;
}

int
subscription_update(struct db *db, const struct uuid *id,
    const struct subscription_change *change, struct subscription *updated)
{
	const struct ingest_plan none = { 0 };
	int rc = OVERTAKEN;

	if (!change->secret_given && !change->ingest_secret_given &&
	    !change->verify_ingest_given)
		return update(db, id, change, false, &none,
		    SUBSCRIPTION_ANY_VERSION, updated);
	for (int i = 0; i < SUBSCRIPTION_TRIES && rc == OVERTAKEN; i++)
		rc = update_secrets(db, id, change, updated);
	return rc != OVERTAKEN ? rc : -1;
}

/* What was not in a state to be moved is shown as it is. */
static int
subscription_move(struct db *db, const struct db_statement *statement,
    const struct uuid *id, struct subscription *moved)
{
	struct db_params *params = db_params(db);
	int rc;

	db_add_uuid(params, id);
	rc = subscription_run(db, statement, params, moved);
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
