/* The REST API but for the ingest: one request at a time. */
#include "api.h"

#include <stdio.h>
#include <stdlib.h>

#include "doors/cors.h"
#include "doors/router.h"
#include "ground/config.h"
#include "ground/log.h"
#include "ground/text.h"
#include "rules/egress.h"
#include "stores/keyring.h"

static const struct route routes[] = {
	{ "POST", "/subscriptions", api_subscription_create },
	{ "GET", "/subscriptions", api_subscription_list },
	{ "GET", "/subscriptions/{id}", api_subscription_get },
	{ "PATCH", "/subscriptions/{id}", api_subscription_update },
	{ "DELETE", "/subscriptions/{id}", api_subscription_delete },
	{ "GET", "/subscriptions/{id}/attempts", api_subscription_attempts },
	{ "POST", "/subscriptions/{id}/pause", api_subscription_pause },
	{ "POST", "/subscriptions/{id}/resume", api_subscription_resume },
	{ "POST", "/subscriptions/{id}/secret/rotate",
	    api_subscription_rotate },
	{ "GET", "/status/{id}", api_status },
	{ "GET", "/webhooks/{id}", api_webhook },
	{ "POST", "/webhooks/{id}/cancel", api_webhook_cancel },
	{ "POST", "/webhooks/{id}/resend", api_webhook_resend },
	{ "GET", "/healthz", api_health },
	{ "GET", "/readyz", api_ready },
	{ "GET", "/metrics", api_metrics },
	{ NULL, NULL, NULL },
};

static void
api_handle(
    const struct request *request, struct response *response, void *context)
{
	if (cors_answer(request, response, config.cors_origins))
		return;
	router_dispatch(routes, request, response, problem_answer, context);
}

int
main(void)
{
	struct api api;
	char reason[EGRESS_REASON_SIZE];
	int rc;

	if (config_load() == -1)
		return 100;
	if (egress_open(config.allow_targets, reason) == -1) {
		fprintf(stderr, "%s\n", reason);
		return 100;
	}
	log_open("api", config.log_level);
	json_set_alloc_funcs(memory_get, free);
	if (keyring_load(config.secret_key_file) == -1)
		log_error("cannot read or store secrets reason=\"%s\"",
		    keyring_reason());
	api.db = db_new(config.database_url, DB_SERVE);
	api.cache = cache_new(config.redis_url, config.cache_seconds);
	api.queue = queue_new(config.redis_url, config.share_dir);
	rc = api.queue == NULL
	    ? 111
	    : http_serve((size_t)config.max_payload_bytes, api_handle, &api);
	queue_free(api.queue);
	cache_free(api.cache);
	db_free(api.db);
	return rc;
}
