#include "stores/overview.h"

#include <stdlib.h>

#include "stores/store.h"

/* The oldest of what is due: mostly the first row of the index, or one of the
 * next, when those before it belong to subscriptions that are held. Behind many
 * of these the oldest of each subscription is looked at, from one to the next
 * by index. now(), not clock_timestamp(), which no index serves. */
#define OLDEST_OF_EACH \
	"WITH RECURSIVE own AS (" \
	"  (SELECT subscription_id, due_at FROM pending WHERE lease IS NULL" \
	"    ORDER BY subscription_id, due_at LIMIT 1)" \
	"  UNION ALL" \
	"  SELECT next.subscription_id, next.due_at FROM own" \
	"   CROSS JOIN LATERAL (SELECT subscription_id, due_at FROM pending" \
	"     WHERE subscription_id > own.subscription_id AND lease IS NULL" \
	"     ORDER BY subscription_id, due_at LIMIT 1) next" \
	") SELECT subscription_id, due_at FROM own LIMIT 2000"
#define OLDEST_DUE \
	"coalesce((SELECT due_at FROM (SELECT due_at, subscription_id" \
	"    FROM pending WHERE due_at <= now() AND lease IS NULL" \
	"   ORDER BY due_at LIMIT 1000) due" \
	"  JOIN subscriptions s ON s.id = due.subscription_id" \
	"   AND s.state = 'active' ORDER BY due_at LIMIT 1)," \
	"(SELECT min(due_at) FROM (" OLDEST_OF_EACH ") due" \
	"  JOIN subscriptions s ON s.id = due.subscription_id" \
	"   AND s.state = 'active' WHERE due_at <= now()))"

static const struct db_statement get_sql = { "overview",
	"SELECT EXISTS (SELECT FROM subscriptions WHERE state <> 'deleted'),"
	"  (SELECT count(*) FROM (SELECT FROM pending LIMIT $1::int8 + 1) few),"
	"  (SELECT reltuples::bigint FROM pg_class"
	"    WHERE oid = 'pending'::regclass)," OLDEST_DUE ","
	"  clock_timestamp(),"
	"  (SELECT count(*) FROM pg_stat_activity"
	"    WHERE datname = current_database()"
	"      AND application_name = 'postrider delivery'),"
	"  (SELECT count(*) FROM (SELECT FROM subscriptions"
	"    WHERE failing_since IS NOT NULL AND state <> 'deleted'"
	"    LIMIT $1::int8 + 1) few)" };

static const struct db_statement failing_sql = { "overview_failing",
	"SELECT id, target_url, state, coalesce(state_reason, failing_reason),"
	"  failing_since, failures FROM subscriptions"
	" WHERE failing_since IS NOT NULL AND state <> 'deleted'"
	" ORDER BY failing_since DESC LIMIT $1" };

int
overview_get(struct db *db, struct overview *overview)
{
	struct db_params *params = db_params(db);
	int64_t about;

	db_add_long(params, OVERVIEW_COUNTED);
	if (store_run(db, &get_sql, params) == -1)
		return -1;
	about = db_get_long(db, 0, 2);
	*overview = (struct overview){
		.any_subscription = db_get_bool(db, 0, 0),
		.pending = db_get_long(db, 0, 1),
		.oldest_due_ms = db_is_null(db, 0, 3)
		    ? -1
		    : db_get_time(db, 0, 4) - db_get_time(db, 0, 3),
		.deliveries = (int)db_get_long(db, 0, 5),
		.failing = db_get_long(db, 0, 6),
	};
	overview->pending_is_about = overview->pending > OVERVIEW_COUNTED;
	if (overview->pending_is_about && about > overview->pending)
		overview->pending = about;
	return 0;
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
