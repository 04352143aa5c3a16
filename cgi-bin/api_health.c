/* For monitors: does it live, can it work, how far behind is it. */
#include "api.h"

#include <string.h>

#include "stores/maintenance.h"
#include "stores/webhook.h"

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

static void
answer_not_ready(struct response *response, bool database, bool redis)
{
	const char *detail = "Redis does not answer";

	if (!database)
		detail = redis ? "PostgreSQL does not answer"
			       : "PostgreSQL and Redis do not answer";
	response_header(response, "Retry-After", "2");
	json_answer(response, 503,
	    json_pack("{s:s, s:s, s:b, s:b}", "status", "not ready", "detail",
		detail, "postgresql", database, "redis", redis));
}

API_HANDLER(api_ready)
{
	struct api *api = context;
	bool database = database_is_up(api);
	bool redis = cache_ping(api->cache) == 0;

	(void)request;
	(void)argument;
	if (database && redis)
		json_answer(
		    response, 200, json_pack("{s:s}", "status", "ready"));
	else
		answer_not_ready(response, database, redis);
}

API_HANDLER(api_metrics)
{
	struct api *api = context;
	struct webhook_backlog backlog = { 0 };
	bool database = webhook_backlog(api->db, &backlog) == 0;
	bool redis = cache_ping(api->cache) == 0;

	(void)request;
	(void)argument;
	response->status = 200;
	response->content_type = "text/plain; version=0.0.4; charset=utf-8";
	text_addf(&response->body,
	    "# HELP postrider_up Whether the component answers.\n"
	    "# TYPE postrider_up gauge\n"
	    "postrider_up{component=\"postgresql\"} %d\n"
	    "postrider_up{component=\"redis\"} %d\n",
	    database, redis);
	if (!database)
		return;
	text_addf(&response->body,
	    "# HELP postrider_pending Webhooks without a final outcome.\n"
	    "# TYPE postrider_pending gauge\n"
	    "postrider_pending %lld\n"
	    "# HELP postrider_oldest_due_seconds How long the oldest due "
	    "webhook has waited.\n"
	    "# TYPE postrider_oldest_due_seconds gauge\n"
	    "postrider_oldest_due_seconds %.3f\n",
	    (long long)backlog.pending, (double)backlog.oldest_due_ms / 1000.0);
}
