#include "stores/intervention.h"

#include <stdlib.h>
#include <string.h>

#include "ground/clock.h"
#include "ground/config.h"
#include "stores/store.h"
#include "stores/webhook.h"

#define HOUR_MS INT64_C(3600000)
#define MARGIN_HOURS 2 /* before the retention ends the keeper ends all */

static const struct db_statement cancel_sql = { "intervention_cancel",
	"WITH ended AS ("
	"  DELETE FROM pending WHERE webhook_id = $1 AND lease IS NULL"
	"  RETURNING webhook_id"
	"), noted AS ("
	"  INSERT INTO interventions (webhook_id, cancelled_at)"
	"  SELECT webhook_id, clock_timestamp() FROM ended"
	"  ON CONFLICT (webhook_id) DO UPDATE"
	"    SET cancelled_at = excluded.cancelled_at"
	")"
	" SELECT webhook_id FROM ended" };

static const struct db_statement retry_now_sql = { "intervention_retry_now",
	"UPDATE pending p SET due_at = least(p.due_at, clock_timestamp())"
	" WHERE p.webhook_id = $1 AND p.lease IS NULL"
	"   AND (SELECT state FROM subscriptions s"
	"         WHERE s.id = p.subscription_id) = 'active'"
	" RETURNING webhook_id, subscription_id, due_at" };

/* A row that is pending when we begin is left alone; without one all of its
 * attempts are in the log that we see, so that their number is known. */
static const struct db_statement resend_sql = { "intervention_resend",
	"WITH closed AS ("
	"  SELECT w.id, w.subscription_id FROM unnest($1::uuid[]) AS i (id)"
	"   CROSS JOIN LATERAL (SELECT id, subscription_id, filtered"
	"     FROM webhooks WHERE id = i.id AND id >= $2 LIMIT 1) w"
	"   CROSS JOIN LATERAL (SELECT FROM subscriptions"
	"     WHERE id = w.subscription_id AND state <> 'deleted' LIMIT 1) s"
	"   WHERE NOT w.filtered AND (SELECT p.due_at FROM pending p"
	"     WHERE p.webhook_id = w.id) IS NULL"
	"), opened AS ("
	"  INSERT INTO pending (webhook_id, subscription_id, due_at, attempts)"
	"  SELECT id, subscription_id, clock_timestamp(),"
	"    coalesce((SELECT max(attempt_number) FROM delivery_logs"
	"      WHERE webhook_id = closed.id AND id >= $3), 0)"
	"    FROM closed ORDER BY id"
	"  ON CONFLICT DO NOTHING RETURNING webhook_id, subscription_id, due_at"
	"), noted AS ("
	"  INSERT INTO interventions (webhook_id, reopened_at)"
	"  SELECT webhook_id, due_at FROM opened ORDER BY 1"
	"  ON CONFLICT (webhook_id) DO UPDATE"
	"    SET cancelled_at = NULL, reopened_at = excluded.reopened_at"
	"), risen AS ("
	"  DELETE FROM dead_letters"
	"   WHERE webhook_id = ANY (ARRAY(SELECT webhook_id FROM opened))"
	")"
	" SELECT webhook_id, subscription_id, due_at FROM opened" };

static const struct db_statement reopened_sql = { "intervention_reopened",
	"SELECT webhook_id FROM interventions"
	" WHERE webhook_id = $1 AND reopened_at IS NOT NULL" };

const char *
intervention_words(enum intervention intervention)
{
	static const char *const words[] = {
		[INTERVENTION_FAILED] = "The database does not answer",
		[INTERVENTION_DONE] = "Done",
		[INTERVENTION_UNKNOWN] = "Webhook not found",
		[INTERVENTION_TOO_OLD] = "Webhook is too old to be sent again",
		[INTERVENTION_PENDING] = "Webhook is pending",
		[INTERVENTION_NOT_PENDING] = "Webhook is not pending",
		[INTERVENTION_IN_FLIGHT] =
		    ("Webhook is being sent now: try again when this attempt "
		     "has ended"),
		[INTERVENTION_HELD] = "Subscription is paused or disabled",
		[INTERVENTION_FILTERED] =
		    ("Webhook is filtered: its subscription does not want "
		     "this event type"),
		[INTERVENTION_DELETED] = "Subscription is deleted",
	};

	return words[intervention];
}

/* Why a statement found nothing to do. `otherwise`: no reason any more, since
 * someone was first. */
static enum intervention
obstacle(struct db *db, const struct uuid *id,
    enum intervention (*look)(const struct webhook *webhook),
    enum intervention otherwise)
{
	struct webhook webhook = { 0 };
	enum intervention found = INTERVENTION_UNKNOWN;
	int rc = webhook_get(db, id, &webhook);

	if (rc == -1)
		found = INTERVENTION_FAILED;
	else if (rc == 1)
		found = look(&webhook);
	webhook_release(&webhook);
	return found == INTERVENTION_DONE ? otherwise : found;
}

static enum intervention
look_to_cancel(const struct webhook *webhook)
{
	if (!webhook->pending)
		return INTERVENTION_NOT_PENDING;
	return webhook->in_flight ? INTERVENTION_IN_FLIGHT : INTERVENTION_DONE;
}

static enum intervention
look_to_retry(const struct webhook *webhook)
{
	if (!webhook->pending)
		return INTERVENTION_NOT_PENDING;
	if (webhook->in_flight)
		return INTERVENTION_IN_FLIGHT;
	return INTERVENTION_HELD;
}

static enum intervention
look_to_resend(const struct webhook *webhook)
{
	if (webhook->pending)
		return INTERVENTION_PENDING;
	if (webhook->filtered)
		return INTERVENTION_FILTERED;
	if (webhook->subscription_state == NULL ||
	    strcmp(webhook->subscription_state, "deleted") == 0)
		return INTERVENTION_DELETED;
	return INTERVENTION_DONE;
}

/* Tells the queue what the last statement made due; the sweep would bring it
 * too, some seconds later. How many these were. */
static int
push_due(struct db *db, struct queue *queue)
{
	int rows = db_rows(db);
	struct queue_entry *entries;

	if (rows == 0)
		return 0;
	entries = memory_get((size_t)rows * sizeof(*entries));
	for (int row = 0; row < rows; row++)
		entries[row] = (struct queue_entry){ db_get_uuid(db, row, 0),
			db_get_uuid(db, row, 1), db_get_time(db, row, 2) };
	queue_push(queue, entries, (size_t)rows, clock_database_ms());
	queue_probe(queue);
	free(entries);
	return rows;
}

enum intervention
intervention_cancel(struct db *db, const struct uuid *webhook_id)
{
	struct db_params *params = db_params(db);

	db_add_uuid(params, webhook_id);
	if (store_run(db, &cancel_sql, params) == -1)
		return INTERVENTION_FAILED;
	if (db_rows(db) == 1)
		return INTERVENTION_DONE;
	return obstacle(db, webhook_id, look_to_cancel, INTERVENTION_IN_FLIGHT);
}

enum intervention
intervention_retry_now(
    struct db *db, struct queue *queue, const struct uuid *webhook_id)
{
	struct db_params *params = db_params(db);

	db_add_uuid(params, webhook_id);
	if (store_run(db, &retry_now_sql, params) == -1)
		return INTERVENTION_FAILED;
	if (push_due(db, queue) == 1)
		return INTERVENTION_DONE;
	return obstacle(
	    db, webhook_id, look_to_retry, INTERVENTION_NOT_PENDING);
}

/* What is older the keeper would end at once, and the purge takes it. */
static struct uuid
oldest_to_resend(void)
{
	int64_t hours = config.log_retention_hours - MARGIN_HOURS;

	return uuid_at(clock_database_ms() - hours * HOUR_MS);
}

int
intervention_resend_ids(
    struct db *db, struct queue *queue, const struct uuid *ids, size_t count)
{
	struct db_params *params = db_params(db);
	struct uuid oldest = oldest_to_resend(), least = { 0 };

	if (count == 0)
		return 0;
	db_array_begin(params, DB_UUID);
	for (size_t i = 0; i < count; i++) {
		db_array_uuid(params, &ids[i]);
		if (i == 0 || uuid_compare(&ids[i], &least) < 0)
			least = ids[i];
	}
	db_array_end(params);
	db_add_uuid(params, &oldest);
	least = uuid_at(uuid_ms(&least) - HOUR_MS);
	db_add_uuid(params, &least);
	if (store_run(db, &resend_sql, params) == -1)
		return -1;
	return push_due(db, queue);
}

enum intervention
intervention_resend(
    struct db *db, struct queue *queue, const struct uuid *webhook_id)
{
	struct uuid oldest = oldest_to_resend();

	if (webhook_id->bytes[6] >> 4 == 7 && /* else it tells no time */
	    uuid_compare(webhook_id, &oldest) < 0)
		return INTERVENTION_TOO_OLD;
	switch (intervention_resend_ids(db, queue, webhook_id, 1)) {
	case -1: return INTERVENTION_FAILED;
	case 1: return INTERVENTION_DONE;
	default:
		return obstacle(
		    db, webhook_id, look_to_resend, INTERVENTION_PENDING);
	}
}

int
intervention_resend_page(struct db *db, struct queue *queue,
    const struct webhook_filter *filter, const struct uuid *before,
    struct resent *resent)
{
	struct webhook_page page = { 0 };
	struct uuid ids[RESEND_MOST];

	*resent = (struct resent){ 0 };
	if (webhook_list(db, filter, before, RESEND_MOST, &page) == -1)
		return -1;
	for (int i = 0; i < page.count; i++)
		ids[i] = page.lines[i].id;
	resent->found = page.count;
	resent->more = page.more;
	resent->next = page.next;
	webhook_page_release(&page);
	resent->resent =
	    intervention_resend_ids(db, queue, ids, (size_t)resent->found);
	return resent->resent == -1 ? -1 : 0;
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
