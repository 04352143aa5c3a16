/* The REST API but for the ingest: one request at a time. */
#include "api.h"

#include <stdio.h>
#include <stdlib.h>

#include "doors/bearer.h"
#include "doors/cors.h"
#include "doors/guard.h"
#include "doors/router.h"
#include "ground/config.h"
#include "ground/log.h"
#include "ground/usage.h"
#include "ground/text.h"
#include "rules/egress.h"
#include "stores/keyring.h"

static const struct route routes[] = {
	{ "POST", "/subscriptions", api_subscription_create, ACCESS_WRITE },
	{ "GET", "/subscriptions", api_subscription_list, ACCESS_READ },
	{ "GET", "/subscriptions/{id}", api_subscription_get, ACCESS_READ },
	{ "PATCH", "/subscriptions/{id}", api_subscription_update,
	    ACCESS_WRITE },
	{ "DELETE", "/subscriptions/{id}", api_subscription_delete,
	    ACCESS_WRITE },
	{ "GET", "/subscriptions/{id}/attempts", api_subscription_attempts,
	    ACCESS_READ },
	{ "POST", "/subscriptions/{id}/ingest-secret/rotate",
	    api_subscription_rotate_ingest, ACCESS_WRITE },
	{ "POST", "/subscriptions/{id}/pause", api_subscription_pause,
	    ACCESS_WRITE },
	{ "POST", "/subscriptions/{id}/resend", api_subscription_resend,
	    ACCESS_WRITE },
	{ "POST", "/subscriptions/{id}/resume", api_subscription_resume,
	    ACCESS_WRITE },
	{ "POST", "/subscriptions/{id}/secret/rotate", api_subscription_rotate,
	    ACCESS_WRITE },
	{ "POST", "/subscriptions/{id}/test", api_subscription_test,
	    ACCESS_WRITE },
	{ "GET", "/stats", api_stats, ACCESS_READ },
	{ "GET", "/status/{id}", api_status, ACCESS_READ },
	{ "GET", "/webhooks", api_webhook_list, ACCESS_READ },
	{ "GET", "/webhooks/{id}", api_webhook, ACCESS_READ },
	{ "POST", "/webhooks/{id}/cancel", api_webhook_cancel, ACCESS_WRITE },
	{ "POST", "/webhooks/{id}/resend", api_webhook_resend, ACCESS_WRITE },
	{ "POST", "/webhooks/{id}/retry-now", api_webhook_retry_now,
	    ACCESS_WRITE },
	{ "GET", "/healthz", api_health, ACCESS_ANYONE },
	{ "GET", "/readyz", api_ready, ACCESS_ANYONE },
	{ "GET", "/metrics", api_metrics, ACCESS_READ },
	{ NULL, NULL, NULL, ACCESS_ANYONE },
};

/* The token's scopes decide; write does what read does, and sees secrets. */
static bool
token_admits(struct api *api, const struct request *request,
    struct response *response, enum access access)
{
	unsigned any_of =
	    access == ACCESS_WRITE ? TOKEN_WRITE : TOKEN_READ | TOKEN_WRITE;
	struct token_claim claim = { 0 }, *claims = &claim;
	int refusal;

	if (token_hash_of(bearer_token(request), &claim.hash))
		token_gate_check(api->gate, api->db, &claims, 1);
	refusal = token_refusal(&claim, any_of);
	if (refusal != 0) {
		bearer_refuse(request, response, refusal,
		    access == ACCESS_WRITE ? "write" : "read");
		return false;
	}
	token_gate_used(api->gate, &claim);
	token_gate_flush(api->gate, api->db);
	api->shows_secrets = (claim.grant.scopes & TOKEN_WRITE) != 0;
	return true;
}

static bool
api_admit(const struct request *request, struct response *response,
    enum access access, void *context)
{
	struct api *api = context;

	api->shows_secrets = config.auth == AUTH_OPEN;
	return config.auth == AUTH_OPEN || access == ACCESS_ANYONE ||
	    token_admits(api, request, response, access);
}

static const struct router router = { routes, api_admit, problem_answer };

/* Whether the router is next; else it was answered. */
static bool
api_begin(const struct request *request, struct response *response)
{
	const char *why;

	if (guard_admits(request, &why))
		return !cors_answer(request, response, config.cors_origins);
	problem_answer(request, response, 403, why);
	return false;
}

static void
api_head(
    const struct request *request, struct response *response, void *context)
{
	if (api_begin(request, response))
		router_admits(&router, request, response, context);
}

static void
api_handle(
    const struct request *request, struct response *response, void *context)
{
	if (api_begin(request, response))
		router_dispatch(&router, request, response, context);
}

static const char usage[] =
    "usage: api\n"
    "A FastCGI or CGI program of Postrider: serves the REST API.\n"
    "postrider-worker starts it, and a web server asks it.\n";

int
main(int argc, char **argv)
{
	struct api api = { 0 };
	char reason[EGRESS_REASON_SIZE];
	int rc;

	if (usage_only(argc, argv, usage, &rc))
		return rc;
	if (config_load() == -1)
		return 100;
	if (egress_open(config.allow_targets, reason) == -1) {
		say_error("%s", reason);
		return 100;
	}
	log_open("api", config.log_level);
	json_set_alloc_funcs(memory_get, free);
	if (keyring_load(config.secret_key_file) == -1)
		log_error("cannot read or store secrets reason=\"%s\"",
		    keyring_reason());
	api.db = db_new(config.api_database_url, DB_SERVE, "postrider api");
	api.gate = token_gate_new(0);
	api.cache = cache_new(config.redis_url, config.cache_seconds);
	api.queue = queue_new(config.redis_url, config.share_dir);
	rc = api.queue == NULL ? 111
			       : http_serve((size_t)config.max_payload_bytes,
				     api_head, api_handle, &api);
	queue_free(api.queue);
	cache_free(api.cache);
	token_gate_free(api.gate);
	db_free(api.db);
	return rc;
}
