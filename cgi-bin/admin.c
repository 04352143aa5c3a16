/* The admin pages: /ui/, and / which leads there. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "admin.h"
#include "admin_tokens.h"
#include "doors/guard.h"
#include "doors/router.h"
#include "ground/config.h"
#include "ground/log.h"

#define FORM_MAX_BYTES (1024 * 1024)

static void
to_list(const struct request *request, struct response *response,
    const char *argument, void *context)
{
	(void)request;
	(void)argument;
	(void)context;
	admin_redirect(response, "/ui/");
}

static const struct route routes[] = {
	{ "GET", "/", to_list, ACCESS_ANYONE },
	{ "GET", "/ui", admin_subscriptions, ACCESS_LOGIN },
	{ "GET", "/ui/subscriptions", to_list, ACCESS_LOGIN },
	{ "GET", "/ui/subscriptions/new", admin_new, ACCESS_LOGIN },
	{ "POST", "/ui/subscriptions/new", admin_create, ACCESS_LOGIN },
	{ "GET", "/ui/subscriptions/{id}", admin_subscription, ACCESS_LOGIN },
	{ "GET", "/ui/subscriptions/{id}/edit", admin_edit, ACCESS_LOGIN },
	{ "POST", "/ui/subscriptions/{id}/edit", admin_update, ACCESS_LOGIN },
	{ "GET", "/ui/subscriptions/{id}/delete", admin_delete_ask,
	    ACCESS_LOGIN },
	{ "POST", "/ui/subscriptions/{id}/delete", admin_delete, ACCESS_LOGIN },
	{ "GET", "/ui/attempts", admin_attempts, ACCESS_LOGIN },
	{ "GET", "/ui/webhooks", admin_webhooks, ACCESS_LOGIN },
	{ "GET", "/ui/webhooks/{id}", admin_webhook, ACCESS_LOGIN },
	{ "GET", "/ui/tokens", admin_tokens, ACCESS_LOGIN },
	{ "GET", "/ui/tokens/new", admin_token_new, ACCESS_LOGIN },
	{ "POST", "/ui/tokens/new", admin_token_create, ACCESS_LOGIN },
	{ "GET", "/ui/tokens/{id}/revoke", admin_token_revoke_ask,
	    ACCESS_LOGIN },
	{ "POST", "/ui/tokens/{id}/revoke", admin_token_revoke, ACCESS_LOGIN },
	{ NULL, NULL, NULL, ACCESS_ANYONE },
};

/* 0, or the status that refuses this form before anyone reads it. */
static int
form_refusal(const struct request *request)
{
	static const char urlencoded[] = "application/x-www-form-urlencoded";
	const char *type = request_variable(request, "CONTENT_TYPE");

	if (admin_is_cross_site(request))
		return 403;
	switch (request->body_state) {
	case BODY_TOO_LARGE: return 413;
	case BODY_NO_LENGTH: return 411;
	case BODY_CUT: return 400;
	case BODY_NONE: return 0;
	case BODY_WHOLE: break;
	}
	if (type == NULL ||
	    strncasecmp(type, urlencoded, sizeof(urlencoded) - 1) != 0)
		return 415;
	return 0;
}

static bool
admit(const struct request *request, struct response *response,
    enum access access, void *context)
{
	(void)context;
	if (config.auth == AUTH_OPEN || access == ACCESS_ANYONE)
		return true;
	admin_refuse(request, response, 403,
	    "The admin pages are shown only with AUTH=open for now.");
	return false;
}

static const struct router router = { routes, admit, admin_refuse };

static void
handle(const struct request *request, struct response *response, void *context)
{
	const char *why = NULL;
	int refusal = 0;

	if (config.auth == AUTH_OPEN &&
	    !guard_admits(request, config.cors_origins, &why))
		refusal = 403;
	else if (strcmp(request->method, "POST") == 0)
		refusal = form_refusal(request);
	if (refusal != 0)
		admin_refuse(request, response, refusal, why);
	else
		router_dispatch(&router, request, response, context);
}

int
main(void)
{
	struct admin admin = { 0 };
	int status;

	if (config_load() == -1)
		return 100;
	log_open("admin", (enum log_level)config.log_level);
	admin.db = db_new(config.database_url, DB_SERVE);
	admin.cache = cache_new(config.redis_url, config.cache_seconds);
	status = http_serve(FORM_MAX_BYTES, handle, &admin);
	cache_free(admin.cache);
	db_free(admin.db);
	return status;
}
