#include "stores/backlog.h"

#include "stores/delivery.h"
#include "stores/store.h"

/* The oldest of what is due: mostly the first row of the index, or one of the
 * next, when those before it belong to subscriptions that are held. Behind many
 * of these the oldest of each subscription is looked at, from one to the next
 * by index. now(), not clock_timestamp(), which no index serves. */
#define ITS_STATE(of) \
	"CROSS JOIN LATERAL (SELECT failing_since FROM subscriptions" \
	"  WHERE id = " of ".subscription_id AND state = 'active' LIMIT 1) s"
#define OLDEST \
	"first AS (SELECT due.* FROM (SELECT subscription_id, due_at" \
	"    FROM pending WHERE due_at <= now() AND lease IS NULL" \
	"   ORDER BY due_at LIMIT 1000) due " ITS_STATE( \
	    "due") "  ORDER BY due.due_at LIMIT 1" \
		   "), oldest AS (SELECT * FROM first UNION ALL (" \
		   "  SELECT each.* FROM each " ITS_STATE( \
		       "each") "   WHERE each.due_at <= now() AND NOT EXISTS (SELECT FROM first)" \
			       "   ORDER BY each.due_at LIMIT 1))"
#define EACH \
	"own AS (" \
	"  (SELECT subscription_id, due_at FROM pending WHERE lease IS NULL" \
	"    ORDER BY subscription_id, due_at LIMIT 1)" \
	"  UNION ALL" \
	"  SELECT next.subscription_id, next.due_at FROM own" \
	"   CROSS JOIN LATERAL (SELECT subscription_id, due_at FROM pending" \
	"     WHERE subscription_id > own.subscription_id AND lease IS NULL" \
	"     ORDER BY subscription_id, due_at LIMIT 1) next" \
	"), each AS (SELECT * FROM own LIMIT 2000)"

/* Attended to: a request is in flight, which has one of the oldest rows, or
 * one has ended lately. */
#define LATELY "uuid_at(now() - interval '1 minute')"
#define LATE \
	"SELECT each.* FROM each " ITS_STATE( \
	    "each") "  WHERE each.due_at <= now() - interval '1 minute'" \
		    "    AND EXISTS (SELECT FROM oldest" \
		    "      WHERE due_at <= now() - interval '1 minute')"
#define ATTENDED \
	"EXISTS (SELECT FROM (SELECT lease FROM pending" \
	"    WHERE subscription_id = late.subscription_id" \
	"    ORDER BY due_at LIMIT 300) front WHERE lease IS NOT NULL)" \
	" OR EXISTS (SELECT FROM delivery_logs" \
	"    WHERE subscription_id = late.subscription_id AND id >= " LATELY \
	")"
#define UNSERVED \
	"unserved AS (SELECT subscription_id, due_at FROM (" \
	"    " LATE "  AND s.failing_since IS NULL" \
	"      ORDER BY each.due_at LIMIT 200) late" \
	"   WHERE NOT (" ATTENDED ") ORDER BY due_at LIMIT 1" \
	"), nobody AS (SELECT subscription_id, due_at FROM (" LATE ") late" \
	"   WHERE NOT EXISTS (SELECT FROM delivery_logs WHERE id >= " LATELY \
	")" \
	"   ORDER BY due_at LIMIT 1)"

static const struct db_statement get_sql = { "backlog",
	"WITH RECURSIVE " EACH ", " OLDEST ", " UNSERVED
	" SELECT (SELECT count(*) FROM"
	"    (SELECT FROM pending LIMIT $1::int8 + 1) few),"
	"  (SELECT reltuples::bigint FROM pg_class"
	"    WHERE oid = 'pending'::regclass),"
	"  clock_timestamp(), o.subscription_id, o.due_at,"
	"  u.subscription_id, u.due_at, p.deliveries, p.failing"
	"  FROM (SELECT count(*) AS deliveries, count(*) FILTER"
	"      (WHERE application_name = '" DELIVERY_FAILING_NAME
	"') AS failing"
	"    FROM pg_stat_activity WHERE datname = current_database()"
	"      AND application_name IN ('" DELIVERY_NAME "',"
	"        '" DELIVERY_FAILING_NAME "')) p"
	"  LEFT JOIN oldest o ON true"
	"  LEFT JOIN (SELECT * FROM unserved UNION ALL SELECT * FROM nobody"
	"    ORDER BY due_at LIMIT 1) u ON true" };

static struct waiting
waiting_of(struct db *db, int column)
{
	struct waiting waiting = { .ms = -1 };

	if (db_is_null(db, 0, column))
		return waiting;
	waiting.subscription_id = db_get_uuid(db, 0, column);
	waiting.ms = db_get_time(db, 0, 2) - db_get_time(db, 0, column + 1);
	return waiting;
}

int
backlog_get(struct db *db, struct backlog *backlog)
{
	struct db_params *params = db_params(db);
	int64_t about;

	db_add_long(params, BACKLOG_COUNTED);
	if (store_run(db, &get_sql, params) == -1)
		return -1;
	about = db_get_long(db, 0, 1);
	*backlog = (struct backlog){
		.pending = db_get_long(db, 0, 0),
		.oldest = waiting_of(db, 3),
		.unserved = waiting_of(db, 5),
		.deliveries = (int)db_get_long(db, 0, 7),
		.failing = (int)db_get_long(db, 0, 8),
	};
	backlog->pending_is_about = backlog->pending > BACKLOG_COUNTED;
	if (backlog->pending_is_about && about > backlog->pending)
		backlog->pending = about;
	return 0;
}

const char *
backlog_trouble(const struct backlog *backlog)
{
	if (backlog->failing > 0)
		return "claims of delivery processes keep failing";
	if (backlog->unserved.ms >= 0)
		return "webhooks that could be delivered are not: the worker "
		       "may be stuck, or have too few processes";
	return NULL;
}
