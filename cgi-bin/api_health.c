/* For monitors: does it live, can it work, how far behind is it. */
#include "api.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "ground/clock.h"
#include "ground/heartbeat.h"
#include "stores/backlog.h"
#include "stores/maintenance.h"

#define READY_KEPT_MS 1000

API_HANDLER(api_health)
{
	(void)request;
	(void)argument;
	(void)context;
	json_answer(response, 200, json_pack("{s:s}", "status", "ok"));
}

/* PostgreSQL answers and holds the schema: a look-up of no subscription. */
static bool
database_is_up(struct api *api)
{
	struct subscription none = { 0 };
	struct uuid nil = { { 0 } };
	bool up = subscription_get(api->db, &nil, &none) != -1;

	subscription_release(&none);
	return up;
}

/* Why it cannot be used, or NULL. */
static const char *
database_trouble(struct api *api)
{
	int writable =
	    database_is_up(api) ? maintenance_is_writable(api->db) : -1;

	return writable == 1 ? NULL
	    : writable == 0  ? "PostgreSQL is read-only: nothing can be stored"
			     : "PostgreSQL does not answer";
}

/* What works here, and what stands in its way. */
struct readiness {
	bool redis;
	const char *postgresql_trouble, *redis_trouble; /* why not */
	enum { WORKS, DEGRADED, DOWN, UNKNOWN } ingest, delivery;
	struct text detail;
};

static const char *const works[] = { [WORKS] = "ok",
	[DEGRADED] = "degraded",
	[DOWN] = "down",
	[UNKNOWN] = "unknown" };

static void
add_detail(struct readiness *readiness, const char *detail)
{
	text_addf(&readiness->detail, "%s%s",
	    readiness->detail.length == 0 ? "" : "; ", detail);
}

static void
look_at_stores(struct readiness *readiness)
{
	if (readiness->postgresql_trouble != NULL) {
		readiness->ingest = readiness->delivery = DOWN;
		add_detail(readiness, readiness->postgresql_trouble);
	}
	if (!readiness->redis) {
		if (readiness->delivery == WORKS)
			readiness->delivery = DEGRADED;
		text_addf(&readiness->detail,
		    "%sRedis cannot be used (%s): webhooks are taken from "
		    "PostgreSQL, slower",
		    readiness->detail.length == 0 ? "" : "; ",
		    readiness->redis_trouble);
	}
}

/* Of this host: other nodes have processes, and an answer, of their own. */
static void
look_at_processes(struct readiness *readiness)
{
	int ingest = heartbeat_is_alive(HEARTBEAT_INGEST);
	int delivery = heartbeat_is_alive(HEARTBEAT_DELIVERY);

	if (ingest == 0) {
		readiness->ingest = DOWN;
		add_detail(readiness, "no ingest process is alive");
	} else if (readiness->ingest == WORKS &&
	    heartbeat_is_failing(HEARTBEAT_INGEST)) {
		readiness->ingest = DOWN;
		add_detail(readiness,
		    "events cannot be stored, although "
		    "PostgreSQL answers: its log says why");
	}
	if (delivery == 0) {
		readiness->delivery = DOWN;
		add_detail(readiness, "no delivery process is alive");
	} else if (delivery == -1 && readiness->delivery == WORKS) {
		readiness->delivery = UNKNOWN; /* not the supervisor's */
	}
}

/* Of all nodes: what they have in common is PostgreSQL. */
static void
look_at_backlog(struct readiness *readiness, struct db *db)
{
	struct backlog backlog;
	const char *trouble;

	if (readiness->postgresql_trouble != NULL ||
	    backlog_get(db, &backlog) == -1)
		return;
	trouble = backlog_trouble(&backlog);
	if (trouble == NULL)
		return;
	if (readiness->delivery != DOWN)
		readiness->delivery = DEGRADED;
	add_detail(readiness, trouble);
}

/* 503 is for what shall get no more webhooks: that is about ingest alone. */
static void
answer_readiness(struct response *response, const struct readiness *readiness)
{
	bool up = readiness->ingest == WORKS;
	json_t *answer = json_pack("{s:s, s:s, s:s, s:b, s:b}", "status",
	    !up					? "not ready"
		: readiness->detail.length == 0 ? "ready"
						: "degraded",
	    "ingest", works[readiness->ingest], "delivery",
	    works[readiness->delivery], "postgresql",
	    readiness->postgresql_trouble == NULL, "redis", readiness->redis);

	if (readiness->detail.length != 0)
		json_object_set_new(
		    answer, "detail", api_string(readiness->detail.bytes));
	if (!up)
		response_header(response, "Retry-After", "2");
	json_answer(response, up ? 200 : 503, answer);
}

static void
ready_check(struct api *api, struct response *response)
{
	struct readiness readiness = { 0 };

	readiness.postgresql_trouble = database_trouble(api);
	readiness.redis = queue_probe(api->queue) == 0;
	readiness.redis_trouble = queue_trouble(api->queue);
	look_at_stores(&readiness);
	look_at_processes(&readiness);
	look_at_backlog(&readiness, api->db);
	answer_readiness(response, &readiness);
	text_free(&readiness.detail);
}

/* Anyone may ask, as often as he likes: each process looks once a second, and
 * says the same until then. */
API_HANDLER(api_ready)
{
	static struct response kept;
	static int64_t until_ms;
	int64_t now_ms = clock_monotonic_ms();

	(void)request;
	(void)argument;
	if (now_ms >= until_ms) {
		text_clear(&kept.headers);
		text_clear(&kept.body);
		ready_check(context, &kept);
		until_ms = clock_monotonic_ms() + READY_KEPT_MS;
	}
	response->status = kept.status;
	response->content_type = kept.content_type;
	text_add(&response->headers, text_string(&kept.headers),
	    kept.headers.length);
	text_add(&response->body, text_string(&kept.body), kept.body.length);
}

static void
metric(struct text *out, const char *name, const char *help, const char *value)
{
	text_addf(out,
	    "# HELP postrider_%s %s\n# TYPE postrider_%s gauge\n"
	    "postrider_%s %s\n",
	    name, help, name, name, value);
}

static void
metric_count(
    struct text *out, const char *name, const char *help, int64_t count)
{
	char value[32];

	snprintf(value, sizeof(value), "%" PRId64, count);
	metric(out, name, help, value);
}

/* -1: nothing waits. */
static void
metric_wait(struct text *out, const char *name, const char *help, int64_t ms)
{
	char value[32];

	snprintf(
	    value, sizeof(value), "%.3f", ms < 0 ? 0 : (double)ms / 1000.0);
	metric(out, name, help, value);
}

static void
metrics_of_backlog(struct text *out, const struct backlog *backlog)
{
	metric_count(out, "pending",
	    "Webhooks without a final outcome; above 10000 an estimate.",
	    backlog->pending);
	metric_wait(out, "oldest_due_seconds",
	    "How long the oldest due webhook has waited, also behind a slow or "
	    "failing receiver of its own.",
	    backlog->oldest.ms);
	metric_wait(out, "unserved_seconds",
	    "The same for subscriptions that could be served and are not: the "
	    "worker is stuck or has too few processes. 0: all are served.",
	    backlog->unserved.ms);
	metric_count(out, "delivery_processes",
	    "Delivery processes that are connected to PostgreSQL.",
	    backlog->deliveries);
	metric_count(out, "delivery_processes_failing",
	    "Those of them whose claims keep failing.", backlog->failing);
}

API_HANDLER(api_metrics)
{
	struct api *api = context;
	struct backlog backlog = { 0 };
	bool database = backlog_get(api->db, &backlog) == 0;
	bool writable = database && maintenance_is_writable(api->db) == 1;
	bool redis = queue_probe(api->queue) == 0;
	int delivery = heartbeat_is_alive(HEARTBEAT_DELIVERY);

	(void)request;
	(void)argument;
	response->status = 200;
	response->content_type = "text/plain; version=0.0.4; charset=utf-8";
	text_addf(&response->body,
	    "# HELP postrider_up Whether the component does its work.\n"
	    "# TYPE postrider_up gauge\n"
	    "postrider_up{component=\"postgresql\"} %d\n"
	    "postrider_up{component=\"redis\"} %d\n",
	    writable, redis);
	if (delivery != -1)
		text_addf(&response->body,
		    "postrider_up{component=\"delivery\"} %d\n", delivery);
	if (database)
		metrics_of_backlog(&response->body, &backlog);
}
