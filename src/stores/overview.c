#include "stores/overview.h"

#include <stdlib.h>

#include "stores/store.h"

static const struct db_statement get_sql = { "overview",
	"SELECT EXISTS (SELECT FROM subscriptions WHERE state <> 'deleted'),"
	"  (SELECT count(*) FROM (SELECT FROM subscriptions"
	"    WHERE failing_since IS NOT NULL AND state <> 'deleted'"
	"    LIMIT $1::int8 + 1) few),"
	"  (SELECT target_url FROM subscriptions WHERE id = $2)" };

static const struct db_statement failing_sql = { "overview_failing",
	"SELECT id, target_url, state, coalesce(state_reason, failing_reason),"
	"  failing_since, failures FROM subscriptions"
	" WHERE failing_since IS NOT NULL AND state <> 'deleted'"
	" ORDER BY failing_since DESC LIMIT $1" };

const struct waiting *
overview_behind(const struct overview *overview)
{
	const struct backlog *backlog = &overview->backlog;

	if (backlog->unserved.ms >= 0)
		return &backlog->unserved;
	return backlog->oldest.ms >= BACKLOG_LATE_MS ? &backlog->oldest : NULL;
}

int
overview_get(struct db *db, struct overview *overview)
{
	struct db_params *params;
	const struct waiting *behind;

	*overview = (struct overview){ 0 };
	if (backlog_get(db, &overview->backlog) == -1)
		return -1;
	behind = overview_behind(overview);
	params = db_params(db);
	db_add_long(params, OVERVIEW_COUNTED);
	db_add_uuid(params, behind != NULL ? &behind->subscription_id : NULL);
	if (store_run(db, &get_sql, params) == -1)
		return -1;
	overview->any_subscription = db_get_bool(db, 0, 0);
	overview->failing = db_get_long(db, 0, 1);
	overview->waiting_url = memory_copy_string(db_get_string(db, 0, 2));
	return 0;
}

void
overview_release(struct overview *overview)
{
	free(overview->waiting_url);
	overview->waiting_url = NULL;
}

int
overview_failing(struct db *db, int limit, struct overview_failing **failing)
{
	struct db_params *params = db_params(db);
	int count;

	db_add_long(params, limit);
	if (store_run(db, &failing_sql, params) == -1)
		return -1;
	count = db_rows(db);
	*failing = memory_get(((size_t)count + 1) * sizeof(**failing));
	for (int i = 0; i < count; i++)
		(*failing)[i] = (struct overview_failing){
			.id = db_get_uuid(db, i, 0),
			.target_url =
			    memory_copy_string(db_get_string(db, i, 1)),
			.state = memory_copy_string(db_get_string(db, i, 2)),
			.reason = memory_copy_string(db_get_string(db, i, 3)),
			.failing_since = db_get_time(db, i, 4),
			.failures = db_get_long(db, i, 5),
		};
	return count;
}

void
overview_failing_free(struct overview_failing *failing, int count)
{
	for (int i = 0; i < count; i++) {
		free(failing[i].target_url);
		free(failing[i].state);
		free(failing[i].reason);
	}
	free(failing);
}
