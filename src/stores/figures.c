#include "stores/figures.h"

#include <stdlib.h>
#include <string.h>

#include "stores/redis.h"

#define DEADLINE_MS 1000
#define REST_MS 500

/* Of the hours under way and just over nothing is noted yet: these are
 * measured, which takes a millisecond each. */
static const struct db_statement database_sql = { "figures_of_database",
	"WITH limits AS (SELECT"
	"    to_char(now() AT TIME ZONE 'UTC', 'YYYYMMDDHH24') AS newest,"
	"    to_char(now() AT TIME ZONE 'UTC' - interval '1 hour',"
	"      'YYYYMMDDHH24') AS fresh),"
	" part AS (SELECT c.oid, c.reltoastrelid AS toast,"
	"    greatest(c.reltuples, 0)::bigint AS rows, p.relname AS parent,"
	"    right(c.relname, 10) AS hour"
	"  FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid"
	"  JOIN pg_class p ON p.oid = i.inhparent"
	"    AND p.relnamespace = 'public'::regnamespace"
	"  WHERE p.relname IN ('webhooks', 'delivery_logs')),"
	" sized AS (SELECT part.*, CASE"
	"    WHEN hour >= limits.fresh"
	"      THEN pg_total_relation_size(part.oid)"
	"    ELSE (SELECT coalesce(sum(greatest(relpages, 0)), 0)"
	"        * current_setting('block_size')::bigint FROM pg_class"
	"      WHERE oid IN (part.oid, part.toast) OR oid IN"
	"        (SELECT indexrelid FROM pg_index"
	"          WHERE indrelid IN (part.oid, part.toast))) END AS bytes"
	"  FROM part, limits WHERE hour <= limits.newest)"
	" SELECT split_part(current_setting('server_version'), ' ', 1),"
	"  count(*) FILTER (WHERE parent = 'webhooks'),"
	"  coalesce(sum(rows) FILTER (WHERE parent = 'webhooks'), 0)::bigint,"
	"  coalesce(sum(rows) FILTER (WHERE parent <> 'webhooks'), 0)::bigint,"
	"  coalesce(sum(bytes), 0)::bigint FROM sized" };

int
figures_of_database(struct db *db, struct figures_database *figures)
{
	memset(figures, 0, sizeof(*figures));
	if (db_run(db, &database_sql, NULL, DEADLINE_MS) == -1)
		return -1;
	text_adds(&figures->version, db_get_string(db, 0, 0));
	figures->hours = db_get_long(db, 0, 1);
	figures->webhooks = db_get_long(db, 0, 2);
	figures->attempts = db_get_long(db, 0, 3);
	figures->bytes = db_get_long(db, 0, 4);
	return 0;
}

enum {
	TAG_SERVER,
	TAG_MEMORY,
	TAG_READY,
	TAG_UNTRIED,
	TAG_SLOW,
	TAG_LATER,
	TAG_KEYS,
	TAGS
};

struct asking {
	struct figures_redis *figures;
	bool done, failed;
};

/* "name:value\r\n" in what INFO says; NULL when it is not there. */
static const char *
info_find(const char *info, const char *name)
{
	const char *at = info == NULL ? NULL : strstr(info, name);

	return at == NULL ? NULL : at + strlen(name);
}

static void
figures_answered(void *context, int tag, const struct redis_reply *reply)
{
	struct asking *asking = context;
	struct figures_redis *figures = asking->figures;
	int64_t *const counts[TAGS] = { [TAG_READY] = &figures->ready,
		[TAG_UNTRIED] = &figures->ready,
		[TAG_SLOW] = &figures->slow,
		[TAG_LATER] = &figures->later,
		[TAG_KEYS] = &figures->keys };
	size_t length;
	const char *info = redis_string(reply, &length), *value;

	if (reply == NULL || redis_is_error(reply))
		asking->failed = true;
	else if (tag == TAG_SERVER &&
	    (value = info_find(info, "redis_version:")) != NULL)
		text_add(&figures->version, value, strcspn(value, "\r\n"));
	else if (tag == TAG_MEMORY &&
	    (value = info_find(info, "used_memory:")) != NULL)
		figures->memory_bytes = strtoll(value, NULL, 10);
	else if (counts[tag] != NULL)
		*counts[tag] += redis_integer(reply);
	if (tag == TAG_KEYS || asking->failed)
		asking->done = true;
}

int
figures_of_redis(const char *redis_url, struct figures_redis *figures)
{
	const struct redis_part commands[TAGS][2] = {
		[TAG_SERVER] = { REDIS_LITERAL("INFO"),
		    REDIS_LITERAL("server") },
		[TAG_MEMORY] = { REDIS_LITERAL("INFO"),
		    REDIS_LITERAL("memory") },
		[TAG_READY] = { REDIS_LITERAL("ZCARD"),
		    REDIS_LITERAL("postrider:ring") },
		[TAG_UNTRIED] = { REDIS_LITERAL("ZCARD"),
		    REDIS_LITERAL("postrider:ring:untried") },
		[TAG_SLOW] = { REDIS_LITERAL("ZCARD"),
		    REDIS_LITERAL("postrider:ring:slow") },
		[TAG_LATER] = { REDIS_LITERAL("ZCARD"),
		    REDIS_LITERAL("postrider:later") },
		[TAG_KEYS] = { REDIS_LITERAL("DBSIZE") },
	};
	struct asking asking = { .figures = figures };
	const struct redis_user user = { .name = "figures",
		.rest_least_ms = REST_MS,
		.rest_most_ms = REST_MS,
		.answered = figures_answered,
		.context = &asking };
	struct redis *redis = redis_new(redis_url, &user);
	int rc = 0;

	memset(figures, 0, sizeof(*figures));
	for (int tag = 0; tag < TAG_KEYS && rc == 0; tag++)
		rc = redis_send(redis, tag, DEADLINE_MS, commands[tag], 2);
	if (rc == 0)
		rc = redis_ask(redis, TAG_KEYS, DEADLINE_MS, commands[TAG_KEYS],
		    1, &asking.done);
	redis_free(redis);
	return rc == 0 && !asking.failed ? 0 : -1;
}
