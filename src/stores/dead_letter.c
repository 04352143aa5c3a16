#include "stores/dead_letter.h"

#include <stdlib.h>

#include "ground/text.h"
#include "stores/store.h"

/* From group to group by the index, not through all rows; each is counted up
 * to a bound. */
#define GROUPS(name, first, next) \
	{ \
		"dead_letter_groups" name, \
		    "WITH RECURSIVE groups AS (" \
		    "  (SELECT subscription_id, reason FROM dead_letters" \
		    "    WHERE " first \
		    "    ORDER BY subscription_id, reason LIMIT 1)" \
		    "  UNION ALL" \
		    "  SELECT n.subscription_id, n.reason FROM groups g" \
		    "   CROSS JOIN LATERAL (SELECT subscription_id, reason" \
		    "     FROM dead_letters WHERE " next \
		    "     ORDER BY subscription_id, reason LIMIT 1) n" \
		    ")" \
		    " SELECT g.subscription_id, s.target_url, s.state," \
		    "   g.reason, held.count, newest.id, oldest.id" \
		    "  FROM (SELECT * FROM groups LIMIT $3) g" \
		    " CROSS JOIN LATERAL (SELECT count(*) FROM (SELECT" \
		    "   FROM dead_letters WHERE " SAME \
		    "   LIMIT $4) counted) held" \
		    " CROSS JOIN LATERAL (SELECT webhook_id AS id" \
		    "   FROM dead_letters WHERE " SAME \
		    "   ORDER BY webhook_id DESC LIMIT 1) newest" \
		    " CROSS JOIN LATERAL (SELECT webhook_id AS id" \
		    "   FROM dead_letters WHERE " SAME \
		    "   ORDER BY webhook_id LIMIT 1) oldest" \
		    "  LEFT JOIN LATERAL (SELECT target_url, state" \
		    "   FROM subscriptions WHERE id = g.subscription_id" \
		    "   LIMIT 1) s ON true" \
	}
#define SAME "subscription_id = g.subscription_id AND reason = g.reason"
#define AFTER(id, reason) "(subscription_id, reason) > (" id ", " reason ")"

static const struct db_statement
    all_sql = GROUPS("", AFTER("$1::uuid", "$2::text"),
	AFTER("g.subscription_id", "g.reason")),
    of_subscription_sql = GROUPS("_of_subscription",
	"subscription_id = $1::uuid AND reason > $2::text",
	"subscription_id = g.subscription_id AND reason > g.reason"),
    one_sql = GROUPS(
	"_one", "subscription_id = $1::uuid AND reason = $2::text", "false");

static const struct db_statement ids_sql = { "dead_letter_ids",
	"SELECT webhook_id FROM dead_letters"
	" WHERE subscription_id = $1 AND reason = $2 AND webhook_id < $3"
	" ORDER BY webhook_id DESC LIMIT $4" };

static void
group_read(const struct db *db, int row, struct dead_letter_group *group)
{
	struct uuid newest = db_get_uuid(db, row, 5);
	struct uuid oldest = db_get_uuid(db, row, 6);

	*group = (struct dead_letter_group){
		.subscription_id = db_get_uuid(db, row, 0),
		.target_url = memory_copy_string(db_get_string(db, row, 1)),
		.subscription_state =
		    memory_copy_string(db_get_string(db, row, 2)),
		.reason = memory_copy_string(db_get_string(db, row, 3)),
		.count = db_get_long(db, row, 4),
		.newest_at = uuid_ms(&newest),
		.oldest_at = uuid_ms(&oldest),
	};
}

static int
groups_find(struct db *db, const struct db_statement *statement,
    const struct uuid *subscription, const char *reason, int limit,
    struct dead_letter_group **groups)
{
	struct db_params *params = db_params(db);
	int rows;

	*groups = NULL;
	db_add_uuid(params, subscription);
	db_add_string(params, reason);
	db_add_long(params, limit);
	db_add_long(params, DEAD_LETTERS_COUNTED + 1);
	if (store_run(db, statement, params) == -1)
		return -1;
	rows = db_rows(db);
	*groups = memory_get((size_t)rows * sizeof(**groups));
	for (int row = 0; row < rows; row++)
		group_read(db, row, &(*groups)[row]);
	return rows;
}

int
dead_letter_groups(struct db *db, const struct uuid *subscription,
    const struct uuid *after_subscription, const char *after_reason, int limit,
    struct dead_letter_group **groups)
{
	static const struct uuid none;
	const char *after = after_reason != NULL ? after_reason : "";

	if (subscription != NULL)
		return groups_find(db, &of_subscription_sql, subscription,
		    after, limit, groups);
	return groups_find(db, &all_sql,
	    after_subscription != NULL ? after_subscription : &none, after,
	    limit, groups);
}

int
dead_letter_group(struct db *db, const struct uuid *subscription,
    const char *reason, struct dead_letter_group **group)
{
	return groups_find(db, &one_sql, subscription, reason, 1, group);
}

int
dead_letter_ids(struct db *db, const struct uuid *subscription,
    const char *reason, const struct uuid *before, int limit, struct uuid *ids)
{
	struct db_params *params = db_params(db);

	db_add_uuid(params, subscription);
	db_add_string(params, reason);
	db_add_uuid(params, before);
	db_add_long(params, limit);
	if (store_run(db, &ids_sql, params) == -1)
		return -1;
	for (int row = 0; row < db_rows(db); row++)
		ids[row] = db_get_uuid(db, row, 0);
	return db_rows(db);
}

void
dead_letter_groups_free(struct dead_letter_group *groups, int count)
{
	for (int i = 0; i < count; i++) {
		free(groups[i].target_url);
		free(groups[i].subscription_state);
		free(groups[i].reason);
	}
	free(groups);
}
