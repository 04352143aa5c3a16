#include "stores/attempt.h"

#include <stdlib.h>

#include "ground/clock.h"
#include "stores/intervention.h"
#include "stores/store.h"

#define COLUMNS \
	"id, webhook_id, subscription_id, target_url," \
	" attempt_number, outcome, status_code, error, final, duration_ms," \
	" response_headers, response_body, dns_us, connect_us, tls_us," \
	" first_byte_us, signatures"

/* A late result has the number of the attempt that ended the webhook, and may
 * have begun after it: the final one stands first. */
#define NEWEST_FIRST "attempt_number DESC, final DESC, id DESC"

/* How long after its acceptance the attempts of an ordinary webhook end. */
#define ORDINARY_MS INT64_C(7200000)

/* An id made after PostgreSQL's clock was set back is that much earlier. */
#define SET_BACK_MS INT64_C(3600000)

static const struct db_statement of_webhook_sql = { "attempts_of_webhook",
	"SELECT " COLUMNS ", max(attempt_number) OVER () FROM delivery_logs"
	" WHERE webhook_id = $1 AND id >= $2 AND id <= $3"
	" ORDER BY " NEWEST_FIRST " LIMIT $4" };

static const struct db_statement failed_sql = { "attempts_failed",
	"SELECT " COLUMNS " FROM delivery_logs"
	" WHERE outcome <> 'Success' AND id >= $1"
	" ORDER BY id DESC LIMIT $2" };

static const struct db_statement of_subscription_sql = {
	"attempts_of_subscription",
	"SELECT " COLUMNS " FROM delivery_logs"
	" WHERE subscription_id = $1 AND id >= $2"
	" ORDER BY id DESC LIMIT $3"
};

void
attempt_list_release(struct attempt_list *list)
{
	if (list == NULL)
		return;
	for (int i = 0; i < list->count; i++) {
		free(list->attempts[i].target_url);
		free(list->attempts[i].outcome);
		free(list->attempts[i].error);
		free(list->attempts[i].response_headers);
		free(list->attempts[i].response_body);
		free(list->attempts[i].signatures);
	}
	free(list->attempts);
	*list = (struct attempt_list){ 0 };
}

static void
attempt_read(const struct db *db, int row, struct attempt *attempt)
{
	size_t length;
	const void *body = db_get_bytes(db, row, 11, &length);

	*attempt = (struct attempt){
		.id = db_get_uuid(db, row, 0),
		.webhook_id = db_get_uuid(db, row, 1),
		.subscription_id = db_get_uuid(db, row, 2),
		.target_url = memory_copy_string(db_get_string(db, row, 3)),
		.attempt_number = (int)db_get_long(db, row, 4),
		.outcome = memory_copy_string(db_get_string(db, row, 5)),
		.status_code = (int)db_get_long(db, row, 6),
		.error = memory_copy_string(db_get_string(db, row, 7)),
		.final = db_get_bool(db, row, 8),
		.duration_ms = db_get_long_or(db, row, 9, -1),
		.response_headers =
		    memory_copy_string(db_get_string(db, row, 10)),
		.response_body =
		    body == NULL ? NULL : memory_copy(body, length),
		.response_body_length = body == NULL ? 0 : length,
		.dns_us = db_get_long_or(db, row, 12, -1),
		.connect_us = db_get_long_or(db, row, 13, -1),
		.tls_us = db_get_long_or(db, row, 14, -1),
		.first_byte_us = db_get_long_or(db, row, 15, -1),
		.signatures = memory_copy_string(db_get_string(db, row, 16)),
	};
	attempt->timestamp = uuid_ms(&attempt->id);
}

static void
attempts_read(const struct db *db, struct attempt_list *list)
{
	list->count = db_rows(db);
	list->attempts =
	    memory_get((size_t)list->count * sizeof(*list->attempts));
	for (int i = 0; i < list->count; i++)
		attempt_read(db, i, &list->attempts[i]);
}

static int
attempts_between(struct db *db, const struct uuid *webhook_id, struct uuid from,
    struct uuid to, int64_t limit, struct attempt_list *list)
{
	struct db_params *params = db_params(db);

	db_add_uuid(params, webhook_id);
	db_add_uuid(params, &from);
	db_add_uuid(params, &to);
	db_add_long(params, limit);
	if (store_run(db, &of_webhook_sql, params) == -1)
		return -1;
	attempts_read(db, list);
	list->total = list->count == 0 ? 0 : db_get_long(db, 0, 17);
	return 0;
}

/* 1 when the newest one found is the last for certain, 0, -1. */
static int
list_is_whole(struct db *db, const struct uuid *webhook_id,
    const struct attempt_list *list)
{
	int reopened;

	if (list->count == 0 || !list->attempts[0].final)
		return 0;
	reopened = intervention_reopened(db, webhook_id);
	return reopened == -1 ? -1 : !reopened;
}

/* Three hours' partitions hold all of an ordinary webhook's attempts; only
 * when the newest one found there may not be the last are the others read. */
int
attempt_list_of_webhook(struct db *db, const struct uuid *webhook_id,
    int64_t limit, struct attempt_list *list)
{
	struct uuid oldest = store_oldest_shown();
	struct uuid from = uuid_at(uuid_ms(webhook_id) - SET_BACK_MS);
	int64_t until = uuid_ms(webhook_id) + ORDINARY_MS;
	int64_t now = clock_database_ms() + 60000;
	int whole;

	*list = (struct attempt_list){ 0 };
	if (uuid_compare(&from, &oldest) < 0)
		from = oldest;
	if (attempts_between(
		db, webhook_id, from, uuid_at(until), limit, list) == -1)
		return -1;
	if (until >= now)
		return 0;
	whole = list_is_whole(db, webhook_id, list);
	if (whole == 1)
		return 0;
	attempt_list_release(list);
	if (whole == -1)
		return -1;
	return attempts_between(
	    db, webhook_id, from, uuid_at(now), limit, list);
}

int
attempt_list_of_subscription(struct db *db, const struct uuid *subscription_id,
    int64_t limit, struct attempt_list *list)
{
	struct db_params *params = db_params(db);
	struct uuid oldest = store_oldest_shown();

	*list = (struct attempt_list){ 0 };
	db_add_uuid(params, subscription_id);
	db_add_uuid(params, &oldest);
	db_add_long(params, limit);
	if (store_run(db, &of_subscription_sql, params) == -1)
		return -1;
	attempts_read(db, list);
	return 0;
}

int
attempt_list_failed(struct db *db, int64_t limit, struct attempt_list *list)
{
	struct db_params *params = db_params(db);
	struct uuid oldest = store_oldest_shown();

	*list = (struct attempt_list){ 0 };
	db_add_uuid(params, &oldest);
	db_add_long(params, limit);
	if (store_run(db, &failed_sql, params) == -1)
		return -1;
	attempts_read(db, list);
	return 0;
}
