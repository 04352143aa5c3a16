#include <stdlib.h>
#include <string.h>

#include "admin_inbox.h"
#include "admin_start.h"
#include "ground/config.h"
#include "ground/log.h"
#include "rules/signature.h"
#include "rules/target_url.h"
#include "stores/keyring.h"
#include "stores/test_event.h"

#define PAYLOAD "{\"hello\": \"world\"}"

static enum target_url_fault
url_fault(const char *url)
{
	enum target_url_fault fault;
	const char *reason;
	char *normal;

	fault =
	    target_url_admit(url, config.require_https == 1, &normal, &reason);
	free(normal);
	return fault;
}

static void
start_begin(struct start *start, const struct request *request)
{
	admin_inbox_url(request, START_INBOX, &start->inbox_url);
	start->has_inbox = admin_inbox_is_on() &&
	    url_fault(text_string(&start->inbox_url)) == TARGET_URL_OK;
}

static void
start_release(struct start *start)
{
	text_free(&start->inbox_url);
	text_free(&start->typed);
	subscription_release(&start->subscription);
	attempt_list_release(&start->attempts);
}

static int
start_look(struct start *start, const char *form, const struct admin *admin)
{
	struct uuid id;
	int rc;

	if (admin_form_id(form, "subscription", &id) != 1)
		return 0;
	rc = subscription_get(admin->db, &id, &start->subscription);
	start->has_subscription = rc == 1;
	if (rc != 1 || admin_form_id(form, "webhook", &start->webhook) != 1)
		return rc == -1 ? -1 : 0;
	start->has_webhook = true;
	return attempt_list_of_webhook(
	    admin->db, &start->webhook, 1, &start->attempts);
}

/* Looks up what the query or form names. 0; -1 error. What is not there any
 * more was not reached. */
static int
start_find(struct start *start, const char *form, const struct admin *admin)
{
	int rc;

	db_snapshot_begin(admin->db);
	rc = start_look(start, form, admin);
	db_snapshot_end(admin->db);
	return rc;
}

void
admin_start(const struct request *request, struct response *response,
    const char *argument, void *context)
{
	const struct admin *admin = context;
	struct start start = { 0 };

	(void)argument;
	start_begin(&start, request);
	if (start_find(&start, request->query, admin) == -1)
		admin_failed(request, response, admin);
	else
		admin_start_write(request, response, &start);
	start_release(&start);
}

static void
go_on(struct response *response, const struct uuid *subscription,
    const struct uuid *webhook)
{
	struct text location = { 0 };

	html_lit(&location, "/ui/start?subscription=");
	html_uuid(&location, subscription);
	if (webhook != NULL) {
		html_lit(&location, "&webhook=");
		html_uuid(&location, webhook);
	}
	admin_redirect(response, text_string(&location));
	text_free(&location);
}

static int
create(struct start *start, const struct admin *admin)
{
	char secret[SIGNATURE_SECRET_SIZE];
	const char *url =
	    text_string(start->has_inbox ? &start->inbox_url : &start->typed);
	struct subscription_change change = {
		.target_url_given = true,
		.secret_given = true,
		.events_given = true,
		.secret = secret,
		.events_count = -1,
	};
	const char *reason;
	char *normal;
	int rc;

	if (target_url_admit(url, config.require_https == 1, &normal,
		&reason) != TARGET_URL_OK) {
		start->fault = "This is no URL that webhooks may go to.";
		return 0;
	}
	change.target_url = normal;
	signature_secret(secret);
	rc = subscription_create(admin->db, &change, &start->subscription);
	explicit_bzero(secret, sizeof(secret));
	free(normal);
	if (rc == SUBSCRIPTION_NO_KEY)
		log_error(
		    "cannot seal a secret reason=\"%s\"", keyring_reason());
	return rc;
}

static void
step_create(const struct request *request, struct response *response,
    struct start *start, const struct admin *admin)
{
	int rc;

	form_value(text_string(&request->body), "target_url", &start->typed);
	rc = create(start, admin);
	if (start->fault != NULL)
		admin_start_write(request, response, start);
	else if (rc == SUBSCRIPTION_NO_KEY)
		admin_refuse(request, response, 500, NULL);
	else if (rc != 1)
		admin_failed(request, response, admin);
	else {
		cache_put(admin->cache, &start->subscription);
		go_on(response, &start->subscription.id, NULL);
	}
}

static void
step_send(const struct request *request, struct response *response,
    const struct start *start, const struct admin *admin)
{
	/* NULL: one that it wants. */
	const char *type =
	    start->subscription.events_count > 0 ? NULL : START_EVENT;
	struct incoming sent = { 0 };
	int rc = test_event_store(admin->db, admin->queue,
	    &start->subscription.id, type, PAYLOAD, sizeof(PAYLOAD) - 1, &sent);

	if (rc == 1)
		go_on(response, &start->subscription.id, &sent.id);
	else if (rc == 0)
		admin_refuse(request, response, 404, NULL);
	else
		admin_failed(request, response, admin);
}

void
admin_start_step(const struct request *request, struct response *response,
    const char *argument, void *context)
{
	const struct admin *admin = context;
	struct start start = { 0 };

	(void)argument;
	start_begin(&start, request);
	if (start_find(&start, text_string(&request->body), admin) == -1)
		admin_failed(request, response, admin);
	else if (start.has_subscription)
		step_send(request, response, &start, admin);
	else
		step_create(request, response, &start, admin);
	start_release(&start);
}
