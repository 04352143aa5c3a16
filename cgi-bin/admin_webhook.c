#include "admin_webhook.h"

#include <stdlib.h>
#include <string.h>

#include "admin_moves.h"
#include "ground/clock.h"

#define ATTEMPTS_SHOWN 12
#define NEAR_MS 60000

/* All that the page tells. */
struct subject {
	struct webhook webhook;
	struct attempt_list attempts; /* newest first */
	const struct attempt *shown;  /* one of them, or NULL */
	char *payload;
	size_t payload_length;
};

static bool
is_state(const struct webhook *webhook, const char *state)
{
	return webhook->subscription_state != NULL &&
	    strcmp(webhook->subscription_state, state) == 0;
}

static bool
has_subscription(const struct webhook *webhook)
{
	return webhook->subscription_state != NULL &&
	    !is_state(webhook, "deleted");
}

static void
state_pending(struct text *out, const struct webhook *webhook)
{
	html_lit(out, "<span class=\"mark wait\">");
	if (webhook->in_flight)
		html_lit(out, "Being sent now</span>");
	else if (!is_state(webhook, "active")) {
		html_lit(out, "Held</span> the subscription is ");
		html_text(out,
		    webhook->subscription_state != NULL
			? webhook->subscription_state
			: "gone");
	} else if (webhook->due_at > clock_database_ms()) {
		html_lit(out, "Waiting</span> next attempt ");
		html_time(out, webhook->due_at);
	} else {
		html_lit(out, "Due</span> ");
		html_time(out, webhook->due_at);
	}
}

static void
state_cell(struct text *out, const struct subject *subject)
{
	const struct webhook *webhook = &subject->webhook;

	if (webhook->filtered)
		html_lit(out,
		    "<span class=\"mark none\">Filtered</span> the "
		    "subscription did not ask for this event type, so it is "
		    "never delivered");
	else if (webhook->pending)
		state_pending(out, webhook);
	else if (webhook->cancelled)
		html_lit(out, "<span class=\"mark none\">Cancelled</span>");
	else if (subject->attempts.count == 0)
		html_lit(out,
		    "<span class=\"mark none\">Ended</span> without "
		    "an attempt on record");
	else
		admin_outcome(out, subject->attempts.attempts[0].outcome);
}

static void
button(struct text *out, const struct webhook *webhook, const char *move,
    const char *class, const char *label)
{
	struct text action = { 0 };

	text_adds(&action, "/ui/webhooks/");
	html_uuid(&action, &webhook->id);
	text_addf(&action, "/%s", move);
	admin_form_begin(out, "plain", text_string(&action));
	html_lit(out, "<button class=\"");
	html_attribute(out, class);
	html_lit(out, "\">");
	html_text(out, label);
	html_lit(out, "</button></form>\n");
	text_free(&action);
}

/* What may be done to it now. */
static void
show_moves(struct text *out, const struct webhook *webhook)
{
	if (webhook->filtered ||
	    (!webhook->pending && !has_subscription(webhook)))
		return;
	if (webhook->in_flight) {
		html_lit(out,
		    "<p class=\"quiet\">It can be cancelled when this attempt "
		    "has ended.</p>\n");
		return;
	}
	html_lit(out, "<div class=\"actions\">\n");
	if (!webhook->pending)
		button(out, webhook, "resend", "primary", "Resend");
	else {
		if (is_state(webhook, "active"))
			button(out, webhook, "retry-now", "primary", "Try now");
		button(out, webhook, "cancel", "danger", "Cancel");
	}
	html_lit(out, "</div>\n");
}

/* A deleted one has no page to link to. */
static void
subscription_cell(struct text *out, const struct webhook *webhook)
{
	if (has_subscription(webhook)) {
		admin_link(out, "subscriptions", &webhook->subscription_id);
		return;
	}
	html_lit(out, "<code>");
	html_uuid(out, &webhook->subscription_id);
	html_lit(out, "</code> <span class=\"quiet\">deleted</span>");
}

static void
show_summary(struct text *out, const struct subject *subject)
{
	const struct webhook *webhook = &subject->webhook;

	html_lit(out, "<dl class=\"facts two\">\n<div><dt>State</dt><dd>");
	state_cell(out, subject);
	html_lit(out, "</dd></div>\n<div><dt>Event type</dt><dd>");
	html_text(out,
	    webhook->event_type != NULL ? webhook->event_type
					: "none: it goes to everyone");
	html_lit(out, "</dd></div>\n<div><dt>URL</dt><dd class=\"url\">");
	html_text(out,
	    webhook->target_url != NULL ? webhook->target_url
					: "the subscription is gone");
	html_lit(out, "</dd></div>\n<div><dt>Accepted</dt><dd>");
	html_time(out, webhook->accepted_at);
	html_lit(out, "</dd></div>\n<div><dt>Id</dt><dd><code>");
	html_uuid(out, &webhook->id);
	html_lit(out, "</code></dd></div>\n<div><dt>Subscription</dt><dd>");
	subscription_cell(out, webhook);
	html_lit(out, "</dd></div>\n</dl>\n");
}

static void
show_attempts(struct text *out, const struct subject *subject)
{
	const struct attempt_list *attempts = &subject->attempts;

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
		admin_timeline(
		    out, &subject->webhook, attempts, subject->shown);
	else if (subject->webhook.pending)
		html_lit(out,
		    "<div class=\"panel\"><p>None yet. An attempt shows as "
		    "soon as it is committed.</p></div>\n");
	else
		html_lit(out,
		    "<div class=\"panel\"><p>None, and there will "
		    "be none.</p></div>\n");
	html_lit(out, "</section>\n");
}

/* Often while something is about to happen. */
static int
refresh_seconds(const struct webhook *webhook)
{
	bool is_near = is_state(webhook, "active") &&
	    webhook->due_at < clock_database_ms() + NEAR_MS;

	return webhook->in_flight || is_near ? 2 : 15;
}

static void
show(const struct request *request, struct response *response,
    const struct subject *subject)
{
	struct text *out = &response->body;
	const struct webhook *webhook = &subject->webhook;

	page_begin(response, 200, "Webhook", PAGE_WEBHOOKS);
	if (webhook->pending)
		page_refresh(response, refresh_seconds(webhook));
	admin_moves_notice(request, out);
	show_summary(out, subject);
	show_moves(out, webhook);
	show_attempts(out, subject);
	if (subject->shown != NULL)
		admin_exchange(out, webhook, subject->shown);
	if (subject->payload != NULL)
		admin_payload(
		    out, webhook, subject->payload, subject->payload_length);
	if (subject->payload != NULL && subject->shown != NULL)
		admin_curl(out, webhook, subject->shown, subject->payload,
		    subject->payload_length);
	page_end(response, request);
}

/* The attempt that the address names, or the newest. */
static const struct attempt *
choose(const struct request *request, const struct attempt_list *list)
{
	const struct attempt *chosen = list->count > 0 ? list->attempts : NULL;
	struct uuid id;

	if (admin_form_id(request->query, "attempt", &id) == 1)
		for (int i = 0; i < list->count; i++)
			if (uuid_compare(&list->attempts[i].id, &id) == 0)
				chosen = &list->attempts[i];
	return chosen;
}

/* 1, 0, -1. */
static int
look_up(struct db *db, const struct uuid *id, struct subject *subject)
{
	int rc;

	db_snapshot_begin(db);
	rc = webhook_get(db, id, &subject->webhook);
	if (rc == 1 &&
	    attempt_list_of_webhook(
		db, id, ATTEMPTS_SHOWN, &subject->attempts) == -1)
		rc = -1;
	if (rc == 1 &&
	    webhook_payload(
		db, id, &subject->payload, &subject->payload_length) == -1)
		rc = -1;
	db_snapshot_end(db);
	return rc;
}

static void
subject_release(struct subject *subject)
{
	webhook_release(&subject->webhook);
	attempt_list_release(&subject->attempts);
	free(subject->payload);
}

static void
refuse_unknown(const struct request *request, struct response *response)
{
	page_begin(response, 404, "There is no such webhook", PAGE_WEBHOOKS);
	html_lit(&response->body,
	    "<div class=\"panel\"><p>No webhook has this id: it was never "
	    "accepted, or it is older than what is kept.</p>\n"
	    "<p class=\"actions\"><a class=\"button\" "
	    "href=\"/ui/webhooks\">Go to the webhooks</a></p></div>\n");
	page_end(response, request);
}

void
admin_webhook(const struct request *request, struct response *response,
    const char *argument, void *context)
{
	const struct admin *admin = context;
	struct subject subject = { 0 };
	struct uuid id;

	if (!admin_path_id(request, response, argument, &id))
		return;
	switch (look_up(admin->db, &id, &subject)) {
	case 1:
		subject.shown = choose(request, &subject.attempts);
		show(request, response, &subject);
		break;
	case 0: refuse_unknown(request, response); break;
	default: admin_failed(request, response, admin);
	}
	subject_release(&subject);
}

void
admin_webhook_payload(const struct request *request, struct response *response,
    const char *argument, void *context)
{
	const struct admin *admin = context;
	struct text disposition = { 0 };
	char *payload = NULL;
	size_t length = 0;
	struct uuid id;

	if (!admin_path_id(request, response, argument, &id))
		return;
	switch (webhook_payload(admin->db, &id, &payload, &length)) {
	case 1:
		response->status = 200;
		response->content_type = "text/plain; charset=utf-8";
		text_adds(&disposition, "attachment; filename=\"webhook-");
		html_uuid(&disposition, &id);
		text_adds(&disposition, ".json\"");
		response_header(
		    response, "Content-Disposition", text_string(&disposition));
		text_add(&response->body, payload, length);
		break;
	case 0: refuse_unknown(request, response); break;
	default: admin_failed(request, response, admin);
	}
	text_free(&disposition);
	free(payload);
}
