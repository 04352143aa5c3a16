#include "stores/intervention.h"

#include "stores/store.h"

static const struct db_statement cancel_sql = { "intervention_cancel",
	"WITH ended AS ("
	"  DELETE FROM pending WHERE webhook_id = $1 RETURNING webhook_id"
	"), noted AS ("
	"  INSERT INTO interventions (webhook_id, cancelled_at)"
	"  SELECT webhook_id, clock_timestamp() FROM ended"
	"  ON CONFLICT (webhook_id) DO UPDATE"
	"    SET cancelled_at = excluded.cancelled_at"
	")"
	" SELECT webhook_id FROM ended" };

/* A row that is pending when we begin is left alone; without one all of its
 * attempts are in the log that we see, so that their number is known. */
static const struct db_statement resend_sql = { "intervention_resend",
	"WITH closed AS ("
	"  SELECT w.id, w.subscription_id FROM webhooks w"
	"    JOIN subscriptions s ON s.id = w.subscription_id"
	"     AND s.state <> 'deleted'"
	"   WHERE w.id = $1 AND w.id >= $3 AND NOT w.filtered AND NOT EXISTS"
	"     (SELECT FROM pending p WHERE p.webhook_id = $1)"
	"), opened AS ("
	"  INSERT INTO pending (webhook_id, subscription_id, due_at, attempts)"
	"  SELECT id, subscription_id, clock_timestamp(),"
	"    coalesce((SELECT max(attempt_number) FROM delivery_logs"
	"      WHERE webhook_id = $1 AND id >= $2), 0) FROM closed"
	"  ON CONFLICT DO NOTHING RETURNING webhook_id, due_at"
	"), noted AS ("
	"  INSERT INTO interventions (webhook_id, reopened_at)"
	"  SELECT webhook_id, due_at FROM opened"
	"  ON CONFLICT (webhook_id) DO UPDATE"
	"    SET cancelled_at = NULL, reopened_at = excluded.reopened_at"
	")"
	" SELECT due_at FROM opened" };

static const struct db_statement reopened_sql = { "intervention_reopened",
	"SELECT webhook_id FROM interventions"
	" WHERE webhook_id = $1 AND reopened_at IS NOT NULL" };

int
intervention_cancel(struct db *db, const struct uuid *webhook_id)
{
	struct db_params *params = db_params(db);

	db_add_uuid(params, webhook_id);
	if (store_run(db, &cancel_sql, params) == -1)
		return -1;
	return db_rows(db) == 1;
}

int
intervention_resend(
    struct db *db, const struct uuid *webhook_id, int64_t *due_at)
{
	struct db_params *params = db_params(db);
	struct uuid accepted = uuid_at(uuid_ms(webhook_id));
	struct uuid oldest = store_oldest_shown();

	db_add_uuid(params, webhook_id);
	db_add_uuid(params, &accepted);
	db_add_uuid(params, &oldest);
	if (store_run(db, &resend_sql, params) == -1)
		return -1;
	if (db_rows(db) == 0)
		return 0;
	*due_at = db_get_time(db, 0, 0);
	return 1;
}

int
intervention_reopened(struct db *db, const struct uuid *webhook_id)
{
	struct db_params *params = db_params(db);

	db_add_uuid(params, webhook_id);
	if (store_run(db, &reopened_sql, params) == -1)
		return -1;
	return db_rows(db) == 1;
}
