#include "stores/webhook_list.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "ground/clock.h"
#include "stores/attempt.h"
#include "stores/store.h"

#define SCAN_MOST 1000 /* webhooks looked at for a page */

/* What may be of interest comes in order from an index, the rest of a row by
 * probes: LATERAL and LIMIT, see delivery_claim.c. Nothing is sorted, and the
 * log, whose probes cost most, is asked for what the page shows alone. The last
 * one looked at is told even if it is not wanted: from there the next page goes
 * on. An ordinary webhook's attempts are within two hours of its acceptance. */
#define LIST(name, candidates) \
	{ \
		"webhook_list_" name, \
		    "SELECT f.id, f.subscription_id, f.target_url," \
		    " f.event_type, f.number, f.due_at, f.is_leased," \
		    " coalesce(l.attempt_number, 0), l.status_code, l.error," \
		    " l.duration_ms, coalesce(l.final, false), f.is_last, f.so," \
		    " coalesce(f.is_deleted, true)" \
		    "  FROM (SELECT c.id, w.subscription_id, s.target_url," \
		    "   w.event_type, state.number, p.due_at," \
		    "   p.lease IS NOT NULL AS is_leased, i.is AS is_moved," \
		    "   s.state = 'deleted' AS is_deleted," \
		    "   c.n = $3 AS is_last, found.so" \
		    "  FROM (SELECT id, row_number() OVER () AS n FROM (" candidates \
		    " LIMIT $3) newest ORDER BY id DESC) c" \
		    "  LEFT JOIN LATERAL (SELECT id, subscription_id, event_type," \
		    "   filtered FROM webhooks WHERE id = c.id" \
		    "   AND ($4::uuid IS NULL OR subscription_id = $4)" \
		    "   AND ($5::text IS NULL OR event_type = $5)" \
		    "   AND ($6::int4 <> 4 OR filtered) LIMIT 1) w ON true" \
		    "  LEFT JOIN LATERAL (SELECT due_at, lease FROM pending" \
		    "   WHERE webhook_id = w.id LIMIT 1) p ON true" \
		    "  LEFT JOIN LATERAL (SELECT cancelled_at, true AS is" \
		    "   FROM interventions WHERE webhook_id = w.id LIMIT 1) i" \
		    "   ON true" \
		    "  LEFT JOIN LATERAL (SELECT true AS is FROM dead_letters" \
		    "   WHERE webhook_id = w.id LIMIT 1) dead ON true" \
		    " CROSS JOIN LATERAL (SELECT CASE" \
		    "   WHEN w.filtered THEN 4 WHEN p.due_at IS NOT NULL THEN 1" \
		    "   WHEN i.cancelled_at IS NOT NULL THEN 5" \
		    "   WHEN dead.is THEN 3 ELSE 2 END AS number) state" \
		    "  LEFT JOIN LATERAL (SELECT target_url, state" \
		    "   FROM subscriptions" \
		    "   WHERE id = w.subscription_id LIMIT 1) s ON true" \
		    " CROSS JOIN LATERAL (SELECT w.id IS NOT NULL AND" \
		    "   ($6::int4 = 0 OR state.number = $6) AS so) found" \
		    " WHERE found.so OR c.n = $3" \
		    " ORDER BY c.id DESC LIMIT $7) f" \
		    "  LEFT JOIN LATERAL (SELECT attempt_number, status_code," \
		    "   error, duration_ms, final FROM delivery_logs" \
		    "   WHERE webhook_id = f.id" \
		    "     AND id >= uuid_at(uuid_time(f.id) - interval '1 hour')" \
		    "     AND id <= uuid_at(CASE" \
		    "       WHEN f.due_at IS NULL AND f.is_moved IS NULL" \
		    "       THEN uuid_time(f.id) + interval '2 hours'" \
		    "       ELSE now() + interval '1 minute' END)" \
		    "   ORDER BY attempt_number DESC, final DESC, id DESC" \
		    "   LIMIT 1) l ON true" \
		    " ORDER BY f.id DESC" \
	}

#define BETWEEN(id) id " < $1 AND " id " >= $2"
#define ALL "SELECT id FROM webhooks WHERE " BETWEEN("id")
#define DEAD \
	"SELECT webhook_id AS id FROM dead_letters" \
	" WHERE " BETWEEN("webhook_id")
#define NEWEST(id) " ORDER BY " id " DESC"

static const struct db_statement
    all_sql = LIST("all", ALL NEWEST("id")),
    of_subscription_sql =
	LIST("of_subscription", ALL " AND subscription_id = $4" NEWEST("id")),
    dead_sql = LIST("dead", DEAD NEWEST("webhook_id")),
    dead_of_subscription_sql = LIST("dead_of_subscription",
	DEAD " AND subscription_id = $4" NEWEST("webhook_id")),
    dead_of_group_sql = LIST("dead_of_group",
	DEAD " AND subscription_id = $4 AND reason = $8" NEWEST("webhook_id")),
    pending_sql = LIST("pending",
	"SELECT webhook_id AS id FROM pending"
	" WHERE " BETWEEN("webhook_id") NEWEST("webhook_id")),
    cancelled_sql = LIST("cancelled",
	"SELECT webhook_id AS id FROM interventions"
	" WHERE cancelled_at IS NOT NULL"
	" AND " BETWEEN("webhook_id") NEWEST("webhook_id"));

static const char *const names[] = {
	[WEBHOOK_ANY] = "",
	[WEBHOOK_PENDING] = "pending",
	[WEBHOOK_SUCCESS] = "Success",
	[WEBHOOK_FAILURE] = "Failure",
	[WEBHOOK_FILTERED] = "filtered",
	[WEBHOOK_CANCELLED] = "Cancelled",
};

const char *
webhook_state_name(enum webhook_state state)
{
	return names[state];
}

bool
webhook_state_parse(const char *name, enum webhook_state *state)
{
	for (int i = WEBHOOK_PENDING; i <= WEBHOOK_CANCELLED; i++)
		if (strcasecmp(name, names[i]) == 0) {
			*state = (enum webhook_state)i;
			return true;
		}
	return false;
}

/* The index that finds what is asked for, or most of it. */
static const struct db_statement *
statement_for(const struct webhook_filter *filter)
{
	bool of_one = filter->subscription != NULL;

	switch (filter->state) {
	case WEBHOOK_FAILURE:
		return !of_one		     ? &dead_sql
		    : filter->reason == NULL ? &dead_of_subscription_sql
					     : &dead_of_group_sql;
	case WEBHOOK_PENDING:
		return of_one ? &of_subscription_sql : &pending_sql;
	case WEBHOOK_CANCELLED: return &cancelled_sql;
	default: return of_one ? &of_subscription_sql : &all_sql;
	}
}

static struct uuid
upper_bound(const struct webhook_filter *filter, const struct uuid *before)
{
	struct uuid bound, to;

	memset(&bound, 0xff, sizeof(bound));
	if (before != NULL)
		bound = *before;
	if (filter->to_ms == 0)
		return bound;
	to = uuid_at(filter->to_ms);
	return uuid_compare(&to, &bound) < 0 ? to : bound;
}

static struct uuid
lower_bound(const struct webhook_filter *filter)
{
	struct uuid oldest = store_oldest_shown(), from;

	if (filter->from_ms == 0)
		return oldest;
	from = uuid_at(filter->from_ms);
	return uuid_compare(&from, &oldest) > 0 ? from : oldest;
}

static void
line_read(const struct db *db, int row, struct webhook_line *line)
{
	*line = (struct webhook_line){
		.id = db_get_uuid(db, row, 0),
		.subscription_id = db_get_uuid(db, row, 1),
		.target_url = memory_copy_string(db_get_string(db, row, 2)),
		.event_type = memory_copy_string(db_get_string(db, row, 3)),
		.state = (enum webhook_state)db_get_long(db, row, 4),
		.due_at = db_get_time(db, row, 5),
		.in_flight = db_get_bool(db, row, 6),
		.attempts = (int)db_get_long(db, row, 7),
		.status_code = (int)db_get_long(db, row, 8),
		.error = memory_copy_string(db_get_string(db, row, 9)),
		.duration_ms = db_get_long_or(db, row, 10, -1),
		.is_settled = db_get_bool(db, row, 11),
		.is_deleted = db_get_bool(db, row, 14),
	};
	line->accepted_at = uuid_ms(&line->id);
}

static void
page_read(const struct db *db, int limit, struct webhook_page *page)
{
	int rows = db_rows(db);

	page->lines = memory_get((size_t)rows * sizeof(*page->lines));
	for (int row = 0; row < rows && !page->more; row++) {
		if (page->count == limit) {
			page->more = true;
			page->next = page->lines[limit - 1].id;
			break;
		}
		if (db_get_bool(db, row, 13))
			line_read(db, row, &page->lines[page->count++]);
		if (db_get_bool(db, row, 12)) {
			page->more = true;
			page->next = db_get_uuid(db, row, 0);
		}
	}
}

/* Resumed after a long time, it has attempts beyond the two hours. */
static int
complete_late(struct db *db, struct webhook_page *page)
{
	for (int i = 0; i < page->count; i++) {
		struct webhook_line *line = &page->lines[i];
		struct attempt_list list = { 0 };

		if (line->is_settled ||
		    (line->state != WEBHOOK_SUCCESS &&
			line->state != WEBHOOK_FAILURE))
			continue;
		if (attempt_list_of_webhook(db, &line->id, 1, &list) == -1)
			return -1;
		if (list.count == 1) {
			line->attempts = list.attempts[0].attempt_number;
			line->status_code = list.attempts[0].status_code;
			line->duration_ms = list.attempts[0].duration_ms;
			free(line->error);
			line->error =
			    memory_copy_string(list.attempts[0].error);
		}
		attempt_list_release(&list);
	}
	return 0;
}

int
webhook_list(struct db *db, const struct webhook_filter *filter,
    const struct uuid *before, int limit, struct webhook_page *page)
{
	const struct db_statement *statement = statement_for(filter);
	struct db_params *params = db_params(db);
	struct uuid upper = upper_bound(filter, before);
	struct uuid lower = lower_bound(filter);

	*page = (struct webhook_page){ 0 };
	db_add_uuid(params, &upper);
	db_add_uuid(params, &lower);
	db_add_long(params, SCAN_MOST);
	if (filter->subscription != NULL)
		db_add_uuid(params, filter->subscription);
	else
		db_add_null(params);
	db_add_string(params, filter->event_type);
	db_add_int(params, (int32_t)filter->state);
	db_add_long(params, limit + 1);
	if (statement == &dead_of_group_sql)
		db_add_string(params, filter->reason);
	if (store_run(db, statement, params) == -1)
		return -1;
	page_read(db, limit, page);
	if (complete_late(db, page) == 0)
		return 0;
	webhook_page_release(page);
	return -1;
}

void
webhook_page_release(struct webhook_page *page)
{
	for (int i = 0; i < page->count; i++) {
		free(page->lines[i].target_url);
		free(page->lines[i].event_type);
		free(page->lines[i].error);
	}
	free(page->lines);
	*page = (struct webhook_page){ 0 };
}
