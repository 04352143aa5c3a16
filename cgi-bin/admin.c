/* The admin pages: /ui/, and / which leads there. */
#include <sodium.h>
#include <stdio.h>

#include "admin_tokens.h"
#include "admin_visit.h"
#include "doors/guard.h"
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
	{ "GET", "/", to_list, ACCESS_ANYONE },
	{ "GET", "/ui", admin_subscriptions, ACCESS_LOGIN },
	{ "GET", "/ui/login", admin_login_form, ACCESS_ANYONE },
	{ "POST", "/ui/login", admin_login, ACCESS_ANYONE },
	{ "POST", "/ui/logout", admin_logout, ACCESS_LOGIN },
	{ "GET", "/ui/subscriptions", to_list, ACCESS_LOGIN },
	{ "GET", "/ui/subscriptions/new", admin_new, ACCESS_LOGIN },
	{ "POST", "/ui/subscriptions/new", admin_create, ACCESS_LOGIN },
	{ "GET", "/ui/subscriptions/{id}", admin_subscription, ACCESS_LOGIN },
	{ "GET", "/ui/subscriptions/{id}/edit", admin_edit, ACCESS_LOGIN },
	{ "POST", "/ui/subscriptions/{id}/edit", admin_update, ACCESS_LOGIN },
	{ "GET", "/ui/subscriptions/{id}/delete", admin_delete_ask,
	    ACCESS_LOGIN },
	{ "POST", "/ui/subscriptions/{id}/delete", admin_delete, ACCESS_LOGIN },
	{ "GET", "/ui/subscriptions/{id}/rotate", admin_rotate_ask,
	    ACCESS_LOGIN },
	{ "POST", "/ui/subscriptions/{id}/rotate", admin_rotate, ACCESS_LOGIN },
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

static const struct router router = { routes, admin_admit, admin_refuse };

static void
handle(const struct request *request, struct response *response, void *context)
{
	const char *why;

	admin_visit_reset();
	if (!guard_admits(request, &why))
		admin_refuse(request, response, 403, why);
	else
		router_dispatch(&router, request, response, context);
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
	if (sodium_init() == -1) {
		fprintf(stderr, "cannot set up libsodium\n");
		return 111;
	}
	log_open("admin", (enum log_level)config.log_level);
	if (keyring_load(config.secret_key_file) == -1)
		log_error(
		    "cannot store secrets reason=\"%s\"", keyring_reason());
	admin.db = db_new(config.database_url, DB_SERVE);
	admin.cache = cache_new(config.redis_url, config.cache_seconds);
	page_tools(admin_login_tools);
	status = http_serve(FORM_MAX_BYTES, handle, &admin);
	cache_free(admin.cache);
	db_free(admin.db);
	return status;
}
