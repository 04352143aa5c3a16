#include <inttypes.h>
#include <string.h>

#include "admin.h"
#include "ground/clock.h"
#include "ground/config.h"
#include "stores/webhook.h"

#define ATTEMPTS_SHOWN 100

static void
lookup_form(struct text *out, const char *typed, const char *error)
{
	html_lit(out,
	    "<form class=\"panel\" method=\"get\" action=\"/ui/webhooks\">\n"
	    "<div class=\"field\">\n"
	    "<label for=\"id\">Webhook id</label>\n"
	    "<p class=\"hint\" id=\"id-hint\">The answer to the ingest request "
	    "holds it, and each delivery as <code>webhook-id</code>. Webhooks "
	    "are kept for ");
	html_number(out, config.log_retention_hours);
	html_lit(out, " hours.</p>\n");
	admin_field_error(out, "id", error);
	html_lit(out,
	    "<input class=\"code\" id=\"id\" name=\"id\" required "
	    "autocomplete=\"off\" spellcheck=\"false\"");
	admin_field_state(out, "id", error != NULL);
	html_lit(out, " value=\"");
	html_attribute(out, typed);
	html_lit(out,
	    "\">\n</div>\n<p class=\"actions\">"
	    "<button class=\"primary\">Look up</button></p>\n</form>\n");
}

static void
lookup_page(const struct request *request, struct response *response,
    int status, const char *typed, const char *error)
{
	page_begin(response, status, "Look up a webhook", PAGE_WEBHOOKS);
	lookup_form(&response->body, typed, error);
	page_end(response, request);
}

static void
state_pending(struct text *out, const struct webhook *webhook)
{
	bool is_active = webhook->subscription_state != NULL &&
	    strcmp(webhook->subscription_state, "active") == 0;

	html_lit(out, "<span class=\"mark wait\">");
	if (webhook->in_flight)
		html_lit(out, "Being sent now</span>");
	else if (!is_active) {
		html_lit(out, "Held</span> the subscription is ");
		html_text(out,
		    webhook->subscription_state != NULL
			? webhook->subscription_state
			: "gone");
	} else if (webhook->due_at > clock_database_ms()) {
		html_lit(out, "Waiting</span> next attempt at ");
		html_time(out, webhook->due_at);
	} else {
		html_lit(out, "Due</span> since ");
		html_time(out, webhook->due_at);
	}
}

static void
state_cell(struct text *out, const struct webhook *webhook,
    const struct attempt_list *attempts)
{
	const char *outcome;

	if (webhook->filtered) {
		html_lit(out,
		    "<span class=\"mark none\">Filtered</span> the "
		    "subscription did not ask for this event type, so it is "
		    "never delivered");
		return;
	}
	if (webhook->pending) {
		state_pending(out, webhook);
		return;
	}
	if (webhook->cancelled) {
		html_lit(out, "<span class=\"mark none\">Cancelled</span>");
		return;
	}
	outcome = attempts->count > 0 ? attempts->attempts[0].outcome : NULL;
	if (outcome == NULL)
		html_lit(out,
		    "<span class=\"mark none\">Ended</span> without "
		    "an attempt on record");
	else if (strcmp(outcome, "Success") == 0)
		html_lit(out, "<span class=\"mark good\">Success</span>");
	else {
		html_lit(out, "<span class=\"mark bad\">");
		html_text(out, outcome);
		html_lit(out, "</span>");
	}
}

/* A deleted one has no page to link to. */
static void
subscription_cell(struct text *out, const struct webhook *webhook)
{
	if (webhook->subscription_state != NULL &&
	    strcmp(webhook->subscription_state, "deleted") != 0) {
		admin_link(out, "subscriptions", &webhook->subscription_id);
		return;
	}
	html_lit(out, "<code>");
	html_uuid(out, &webhook->subscription_id);
	html_lit(out, "</code> <span class=\"quiet\">deleted</span>");
}

static void
show_summary(struct text *out, const struct webhook *webhook,
    const struct attempt_list *attempts)
{
	html_lit(out, "<dl class=\"facts\">\n<div><dt>Id</dt><dd><code>");
	html_uuid(out, &webhook->id);
	html_lit(out, "</code></dd></div>\n<div><dt>State</dt><dd>");
	state_cell(out, webhook, attempts);
	html_lit(out, "</dd></div>\n<div><dt>Accepted</dt><dd>");
	html_time(out, webhook->accepted_at);
	html_lit(out, "</dd></div>\n<div><dt>Subscription</dt><dd>");
	subscription_cell(out, webhook);
	html_lit(out, "</dd></div>\n<div><dt>URL</dt><dd class=\"url\">");
	html_text(out,
	    webhook->target_url != NULL ? webhook->target_url
					: "the subscription is gone");
	html_lit(out, "</dd></div>\n<div><dt>Event type</dt><dd>");
	html_text(out,
	    webhook->event_type != NULL ? webhook->event_type
					: "none: it goes to everyone");
	html_lit(out, "</dd></div>\n<div><dt>Payload</dt><dd>");
	html_number(out, (int64_t)webhook->payload_length);
	html_lit(out, " bytes of ");
	html_text(out, webhook->content_type);
	html_lit(out, "</dd></div>\n<div><dt>Attempts</dt><dd>");
	html_number(out, attempts->total);
	html_lit(out, "</dd></div>\n</dl>\n");
}

static void
show_attempts(struct text *out, const struct webhook *webhook,
    const struct attempt_list *attempts)
{
	html_lit(out,
	    "<section aria-labelledby=\"attempts\">\n"
	    "<h2 id=\"attempts\">Attempts</h2>\n");
	if (attempts->total > attempts->count) {
		html_lit(out, "<p>The newest ");
		html_number(out, attempts->count);
		html_lit(out, " of ");
		html_number(out, attempts->total);
		html_lit(out, "</p>\n");
	}
	if (attempts->count > 0)
		admin_attempt_table(out, attempts, false);
	else if (webhook->filtered || webhook->cancelled)
		html_lit(out,
		    "<div class=\"panel\"><p>None, and there will "
		    "be none.</p></div>\n");
	else
		html_lit(out,
		    "<div class=\"panel\"><p>None yet. Load this "
		    "page again in a moment: an attempt shows as soon as it "
		    "is committed.</p></div>\n");
	html_lit(out, "</section>\n");
}

static void
show(const struct request *request, struct response *response,
    const struct admin *admin, const struct uuid *id, const char *typed)
{
	struct webhook webhook = { 0 };
	struct attempt_list attempts = { 0 };
	int rc;

	rc = webhook_get(admin->db, id, &webhook);
	if (rc == 1 &&
	    attempt_list_of_webhook(admin->db, id, ATTEMPTS_SHOWN, &attempts) ==
		-1)
		rc = -1;
	if (rc == -1)
		admin_failed(request, response, admin);
	else if (rc == 0)
		lookup_page(request, response, 404, typed,
		    "There is no webhook with "
		    "this id. It was never accepted, or it is older than what "
		    "is kept.");
	else {
		page_begin(response, 200, "Webhook", PAGE_WEBHOOKS);
		show_summary(&response->body, &webhook, &attempts);
		show_attempts(&response->body, &webhook, &attempts);
		html_lit(&response->body, "<h2>Look up another</h2>\n");
		lookup_form(&response->body, "", NULL);
		page_end(response, request);
	}
	attempt_list_release(&attempts);
	webhook_release(&webhook);
}

void
admin_webhooks(const struct request *request, struct response *response,
    const char *argument, void *context)
{
	struct text typed = { 0 };
	struct uuid id;

	(void)argument;
	if (form_value(request->query, "id", &typed) != 1)
		lookup_page(request, response, 200, "", NULL);
	else if (admin_typed_id(&typed, &id) == -1)
		lookup_page(request, response, 422, text_string(&typed),
		    "This is not a valid id. It has 32 hexadecimal digits, as "
		    "in 019af3c2-5d1e-7c40-9f3a-2b6a0c1d9e55.");
	else
		show(request, response, context, &id, text_string(&typed));
	text_free(&typed);
}

void
admin_webhook(const struct request *request, struct response *response,
    const char *argument, void *context)
{
	struct uuid id;

	if (uuid_parse(argument, &id, NULL) == -1)
		lookup_page(request, response, 422, argument,
		    "This is not a valid id.");
	else
		show(request, response, context, &id, argument);
}
