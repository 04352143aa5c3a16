/* The admin pages: /ui/, and / which leads there. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "admin.h"
#include "doors/router.h"
#include "ground/config.h"
#include "ground/log.h"
#include "rules/egress.h"
#include "stores/keyring.h"

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
	{ "GET", "/", to_list },
	{ "GET", "/ui", admin_subscriptions },
	{ "GET", "/ui/subscriptions", to_list },
	{ "GET", "/ui/subscriptions/new", admin_new },
	{ "POST", "/ui/subscriptions/new", admin_create },
	{ "GET", "/ui/subscriptions/{id}", admin_subscription },
	{ "GET", "/ui/subscriptions/{id}/edit", admin_edit },
	{ "POST", "/ui/subscriptions/{id}/edit", admin_update },
	{ "GET", "/ui/subscriptions/{id}/delete", admin_delete_ask },
	{ "POST", "/ui/subscriptions/{id}/delete", admin_delete },
	{ "GET", "/ui/subscriptions/{id}/rotate", admin_rotate_ask },
	{ "POST", "/ui/subscriptions/{id}/rotate", admin_rotate },
	{ "GET", "/ui/attempts", admin_attempts },
	{ "GET", "/ui/webhooks", admin_webhooks },
	{ "GET", "/ui/webhooks/{id}", admin_webhook },
	{ NULL, NULL, NULL },
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

static void
handle(const struct request *request, struct response *response, void *context)
{
	int refusal = 0;

	if (strcmp(request->method, "POST") == 0)
		refusal = form_refusal(request);
	if (refusal != 0)
		admin_refuse(request, response, refusal, NULL);
	else
		router_dispatch(
		    routes, request, response, admin_refuse, context);
}

int
main(void)
{
	struct admin admin = { 0 };
	char reason[EGRESS_REASON_SIZE];
	int status;

	if (config_load() == -1)
		return 100;
	if (egress_open(config.allow_targets, reason) == -1) {
		fprintf(stderr, "%s\n", reason);
		return 100;
	}
	log_open("admin", (enum log_level)config.log_level);
	if (keyring_load(config.secret_key_file) == -1)
		log_error(
		    "cannot store secrets reason=\"%s\"", keyring_reason());
	admin.db = db_new(config.database_url, DB_SERVE);
	admin.cache = cache_new(config.redis_url, config.cache_seconds);
	status = http_serve(FORM_MAX_BYTES, handle, &admin);
	cache_free(admin.cache);
	db_free(admin.db);
	return status;
}
