/* The admin pages: /ui/, and / which leads there. */
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "admin_inbox.h"
#include "admin_settings.h"
#include "admin_start.h"
#include "admin_tokens.h"
#include "admin_visit.h"
#include "doors/guard.h"
#include "doors/problem.h"
#include "ground/config.h"
#include "ground/log.h"
#include "ground/usage.h"
#include "rules/egress.h"
#include "stores/keyring.h"

#define FORM_MAX_BYTES (1024 * 1024)

static void
to_overview(const struct request *request, struct response *response,
    const char *argument, void *context)
{
	(void)request;
	(void)argument;
	(void)context;
	admin_redirect(response, "/ui/");
}

static const struct route routes[] = {
	{ "GET", "/", to_overview, ACCESS_ANYONE },
	{ "GET", "/ui", admin_overview, ACCESS_LOGIN },
	{ "GET", "/ui/login", admin_login_form, ACCESS_ANYONE },
	{ "POST", "/ui/login", admin_login, ACCESS_ANYONE },
	{ "POST", "/ui/logout", admin_logout, ACCESS_LOGIN },
	{ "GET", "/ui/subscriptions", admin_subscriptions, ACCESS_LOGIN },
	{ "GET", "/ui/subscriptions/new", admin_new, ACCESS_LOGIN },
	{ "POST", "/ui/subscriptions/new", admin_create, ACCESS_LOGIN },
	{ "GET", "/ui/subscriptions/{id}", admin_subscription, ACCESS_LOGIN },
	{ "GET", "/ui/subscriptions/{id}/delete", admin_delete_ask,
	    ACCESS_LOGIN },
	{ "POST", "/ui/subscriptions/{id}/delete", admin_delete, ACCESS_LOGIN },
	{ "GET", "/ui/subscriptions/{id}/edit", admin_edit, ACCESS_LOGIN },
	{ "POST", "/ui/subscriptions/{id}/edit", admin_update, ACCESS_LOGIN },
	{ "GET", "/ui/subscriptions/{id}/ingest-secret/rotate",
	    admin_ingest_rotate_ask, ACCESS_LOGIN },
	{ "POST", "/ui/subscriptions/{id}/ingest-secret/rotate",
	    admin_ingest_rotate, ACCESS_LOGIN },
	{ "POST", "/ui/subscriptions/{id}/pause", admin_pause, ACCESS_LOGIN },
	{ "POST", "/ui/subscriptions/{id}/resume", admin_resume, ACCESS_LOGIN },
	{ "GET", "/ui/subscriptions/{id}/rotate", admin_rotate_ask,
	    ACCESS_LOGIN },
	{ "POST", "/ui/subscriptions/{id}/rotate", admin_rotate, ACCESS_LOGIN },
	{ "GET", "/ui/subscriptions/{id}/secret", admin_secret, ACCESS_LOGIN },
	{ "GET", "/ui/subscriptions/{id}/test", admin_test_ask, ACCESS_LOGIN },
	{ "POST", "/ui/subscriptions/{id}/test", admin_test, ACCESS_LOGIN },
	{ "GET", "/ui/attempts", admin_attempts, ACCESS_LOGIN },
	{ "GET", "/ui/dead-letters", admin_dead_letters, ACCESS_LOGIN },
	{ "GET", "/ui/dead-letters/progress", admin_resend_progress,
	    ACCESS_LOGIN },
	{ "GET", "/ui/dead-letters/resend", admin_resend_ask, ACCESS_LOGIN },
	{ "POST", "/ui/dead-letters/resend", admin_resend, ACCESS_LOGIN },
	{ "GET", "/ui/inbox/{name}", admin_inbox, ACCESS_LOGIN },
	{ "POST", "/ui/inbox/{name}", admin_inbox_change, ACCESS_LOGIN },
	{ "GET", "/ui/settings", admin_settings, ACCESS_LOGIN },
	{ "GET", "/ui/start", admin_start, ACCESS_LOGIN },
	{ "POST", "/ui/start", admin_start_step, ACCESS_LOGIN },
	{ "GET", "/ui/webhooks", admin_webhooks, ACCESS_LOGIN },
	{ "POST", "/ui/webhooks/resend", admin_webhooks_resend, ACCESS_LOGIN },
	{ "GET", "/ui/webhooks/{id}", admin_webhook, ACCESS_LOGIN },
	{ "POST", "/ui/webhooks/{id}/cancel", admin_webhook_cancel,
	    ACCESS_LOGIN },
	{ "GET", "/ui/webhooks/{id}/payload", admin_webhook_payload,
	    ACCESS_LOGIN },
	{ "POST", "/ui/webhooks/{id}/resend", admin_webhook_resend,
	    ACCESS_LOGIN },
	{ "POST", "/ui/webhooks/{id}/retry-now", admin_webhook_retry,
	    ACCESS_LOGIN },
	{ "GET", "/ui/tokens", admin_tokens, ACCESS_LOGIN },
	{ "GET", "/ui/tokens/new", admin_token_new, ACCESS_LOGIN },
	{ "POST", "/ui/tokens/new", admin_token_create, ACCESS_LOGIN },
	{ "GET", "/ui/tokens/{id}/revoke", admin_token_revoke_ask,
	    ACCESS_LOGIN },
	{ "POST", "/ui/tokens/{id}/revoke", admin_token_revoke, ACCESS_LOGIN },
	{ NULL, NULL, NULL, ACCESS_ANYONE },
};

static const struct route inbox_routes[] = {
	{ "GET", "/inbox/{name}", admin_inbox_show, ACCESS_ANYONE },
	{ "POST", "/inbox/{name}", admin_inbox_take, ACCESS_ANYONE },
	{ NULL, NULL, NULL, ACCESS_ANYONE },
};

static const struct router inbox_router = { inbox_routes, admin_inbox_admit,
	problem_answer };
static const struct router router = { routes, admin_admit, admin_refuse };

/* The router that is next; NULL when the request was answered. */
static const struct router *
begin(const struct request *request, struct response *response)
{
	bool is_page = strncmp(request->path, "/inbox", 6) != 0;
	const struct router *to = is_page ? &router : &inbox_router;
	const char *why;

	admin_visit_reset();
	if (guard_admits(request, &why))
		return to;
	to->refuse(request, response, 403, why);
	return NULL;
}

static void
head(const struct request *request, struct response *response, void *context)
{
	const struct router *to = begin(request, response);

	if (to != NULL)
		router_admits(to, request, response, context);
}

static void
handle(const struct request *request, struct response *response, void *context)
{
	const struct router *to = begin(request, response);

	if (to != NULL)
		router_dispatch(to, request, response, context);
}

static const char usage[] =
    "usage: admin\n"
    "A FastCGI or CGI program of Postrider: serves the admin pages and the built-in receiver.\n"
    "postrider-worker starts it, and a web server asks it.\n";

int
main(int argc, char **argv)
{
	struct admin admin = { 0 };
	char reason[EGRESS_REASON_SIZE];
	int status;

	if (usage_only(argc, argv, usage, &status))
		return status;
	if (config_load() == -1)
		return 100;
	if (egress_open(config.allow_targets, reason) == -1) {
		say_error("%s", reason);
		return 100;
	}
	if (sodium_init() == -1) {
		say_error("cannot set up libsodium");
		return 111;
	}
	log_open("admin", (enum log_level)config.log_level);
	if (keyring_load(config.secret_key_file) == -1)
		log_error(
		    "cannot store secrets reason=\"%s\"", keyring_reason());
	admin.db =
	    db_new(config.admin_database_url, DB_SERVE, "postrider admin");
	admin.cache = cache_new(config.redis_url, config.cache_seconds);
	admin.queue = queue_new(config.redis_url, config.share_dir);
	admin.inbox = inbox_new(config.redis_url);
	page_tools(admin_login_tools);
	status = admin.queue == NULL
	    ? 111
	    : http_serve(FORM_MAX_BYTES, head, handle, &admin);
	inbox_free(admin.inbox);
	queue_free(admin.queue);
	cache_free(admin.cache);
	db_free(admin.db);
	return status;
}
