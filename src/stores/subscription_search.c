#include "stores/subscription_search.h"

#include <stdlib.h>
#include <string.h>

#include "stores/store.h"

#define COUNTED "10001" /* SUBSCRIPTION_COUNTED + 1 */

#define NO_ID "'00000000-0000-0000-0000-000000000000'::uuid"
#define LAST_ID "'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid"

/* In the precision that the line has. */
#define FAILING \
	"coalesce(date_trunc('milliseconds', failing_since), 'infinity')"

/* $1 words, $2 the same if they may be of an id, $3 state, $4 limit, $5 and $6
 * where it goes on. */
#define SEARCH(after, order) \
	"SELECT id, target_url, events, state, failing_since," \
	"   failing_reason, created_at" \
	"  FROM subscriptions" \
	" WHERE state <> 'deleted'" \
	"   AND ($1::text IS NULL OR strpos(lower(target_url), lower($1)) > 0" \
	"     OR ($2::text IS NOT NULL AND strpos(id::text, lower($2)) > 0))" \
	"   AND CASE WHEN $3::text IS NULL THEN true" \
	"     WHEN $3 = 'failing' THEN failing_since IS NOT NULL" \
	"     ELSE state = $3 END" \
	"   AND " after " ORDER BY " order " LIMIT $4"

static const struct db_statement search_sql[] = {
	[SUBSCRIPTION_NEWEST] = { "subscription_search_newest",
	    SEARCH("id < coalesce($5, " LAST_ID ")", "id DESC") },
	[SUBSCRIPTION_OLDEST] = { "subscription_search_oldest",
	    SEARCH("id > coalesce($5, " NO_ID ")", "id") },
	[SUBSCRIPTION_BY_URL] = { "subscription_search_url",
	    SEARCH("(target_url COLLATE \"C\", id) >"
		   " (coalesce($6::text, ''), coalesce($5, " NO_ID "))",
		"target_url COLLATE \"C\", id") },
	[SUBSCRIPTION_FAILING] = { "subscription_search_failing",
	    SEARCH("($5::uuid IS NULL OR (" FAILING ", id) >"
		   " (coalesce($6::timestamptz, 'infinity'), $5))",
		FAILING ", id") },
};

static const struct db_statement plight_sql = { "subscription_plight",
	"SELECT failing_since, failing_reason, failures,"
	"   (SELECT count(*) FROM (SELECT FROM pending"
	"     WHERE subscription_id = $1 LIMIT " COUNTED ") AS waiting),"
	"   (SELECT count(*) FROM (SELECT FROM dead_letters"
	"     WHERE subscription_id = $1 LIMIT " COUNTED ") AS dead)"
	"  FROM subscriptions WHERE id = $1 AND state <> 'deleted'" };

static void
line_read(const struct db *db, int row, struct subscription_line *line)
{
	line->id = db_get_uuid(db, row, 0);
	line->target_url = memory_copy_string(db_get_string(db, row, 1));
	line->events = db_get_strings(db, row, 2, &line->events_count);
	line->state = memory_copy_string(db_get_string(db, row, 3));
	line->failing_since = db_get_time(db, row, 4);
	line->failing_reason = memory_copy_string(db_get_string(db, row, 5));
	line->created_at = db_get_time(db, row, 6);
}

static void
add_place(struct db_params *params, const struct subscription_query *query)
{
	if (query->after != NULL)
		db_add_uuid(params, query->after);
	else
		db_add_null(params);
	if (query->order == SUBSCRIPTION_BY_URL)
		db_add_string(params, query->after_url);
	else if (query->order == SUBSCRIPTION_FAILING) {
		if (query->after_failing != 0)
			db_add_time(params, query->after_failing);
		else
			db_add_null(params);
	}
}

/* The words, or NULL when no id has them: that saves spelling all the ids. */
static const char *
id_part(const char *words)
{
	static const char letters[] = "0123456789abcdefABCDEF-";

	if (words == NULL || words[strspn(words, letters)] != '\0')
		return NULL;
	return words;
}

int
subscription_search(struct db *db, const struct subscription_query *query,
    int limit, struct subscription_line **lines, bool *more)
{
	struct db_params *params = db_params(db);
	int count;

	*lines = NULL;
	db_add_string(params, query->words);
	db_add_string(params, id_part(query->words));
	db_add_string(params, query->state);
	db_add_long(params, (int64_t)limit + 1);
	add_place(params, query);
	if (store_run(db, &search_sql[query->order], params) == -1)
		return -1;
	count = db_rows(db);
	*more = count > limit;
	if (*more)
		count = limit;
	*lines = memory_get((size_t)count * sizeof(**lines));
	for (int i = 0; i < count; i++)
		line_read(db, i, &(*lines)[i]);
	return count;
}

void
subscription_lines_free(struct subscription_line *lines, int count)
{
	for (int i = 0; i < count; i++) {
		free(lines[i].target_url);
		free(lines[i].events);
		free(lines[i].state);
		free(lines[i].failing_reason);
	}
	free(lines);
}

int
subscription_plight(
    struct db *db, const struct uuid *id, struct subscription_plight *plight)
{
	struct db_params *params = db_params(db);

	db_add_uuid(params, id);
	if (store_run(db, &plight_sql, params) == -1)
		return -1;
	if (db_rows(db) == 0)
		return 0;
	plight->failing_since = db_get_time(db, 0, 0);
	plight->failing_reason = memory_copy_string(db_get_string(db, 0, 1));
	plight->failures = db_get_long(db, 0, 2);
	plight->pending = db_get_long(db, 0, 3);
	plight->dead = db_get_long(db, 0, 4);
	return 1;
}

void
subscription_plight_release(struct subscription_plight *plight)
{
	free(plight->failing_reason);
	*plight = (struct subscription_plight){ 0 };
}
