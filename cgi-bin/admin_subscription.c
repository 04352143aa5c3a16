/* The page of one subscription. */
#include <stdlib.h>
#include <string.h>

#include "admin_subscription.h"

#define REFRESH_S 10
#define TITLE_BYTES 80
#define WEBHOOKS_SHOWN 10
#define ATTEMPTS_SHOWN 10

/* All that the page shows. */
struct sight {
	struct subscription subscription;
	struct subscription_plight plight;
	struct stats_quarter quarters[STATS_DAY];
	struct webhook_page webhooks;
	struct attempt_list attempts;
};

static void
sight_release(struct sight *sight)
{
	subscription_release(&sight->subscription);
	subscription_plight_release(&sight->plight);
	webhook_page_release(&sight->webhooks);
	attempt_list_release(&sight->attempts);
}

/* 1, 0 there is none, -1 error. */
static int
sight_get(struct db *db, const struct uuid *id, struct sight *sight)
{
	const struct webhook_filter filter = { .subscription = id };
	int rc = subscription_get(db, id, &sight->subscription);

	if (rc == 1)
		rc = subscription_plight(db, id, &sight->plight);
	if (rc != 1)
		return rc;
	if (stats_quarters(db, id, STATS_DAY, sight->quarters) == -1 ||
	    webhook_list(db, &filter, NULL, WEBHOOKS_SHOWN, &sight->webhooks) ==
		-1 ||
	    attempt_list_of_subscription(
		db, id, ATTEMPTS_SHOWN, &sight->attempts) == -1)
		return -1;
	return 1;
}

/* A form of one button. */
static void
button_to(
    struct text *out, const struct uuid *id, const char *act, const char *label)
{
	struct text action = { 0 };

	html_lit(&action, "/ui/subscriptions/");
	html_uuid(&action, id);
	html_lit(&action, "/");
	text_adds(&action, act);
	admin_form_begin(out, "plain", text_string(&action));
	html_lit(out, "<button>");
	html_text(out, label);
	html_lit(out, "</button></form>\n");
	text_free(&action);
}

static void
write_actions(struct text *out, const struct subscription *subscription)
{
	const struct uuid *id = &subscription->id;

	html_lit(out, "<div class=\"actions\">\n");
	admin_subscription_link(
	    out, id, "button primary", "test", "Send a test event…");
	admin_subscription_link(out, id, "button", "edit", "Edit");
	if (strcmp(subscription->state, "active") == 0)
		button_to(out, id, "pause", "Pause deliveries");
	else
		button_to(out, id, "resume", "Resume deliveries");
	admin_subscription_link(out, id, "button danger", "delete", "Delete…");
	html_lit(out, "</div>\n");
}

static void
write_counted(struct text *out, int64_t count)
{
	if (count <= SUBSCRIPTION_COUNTED)
		html_number(out, count);
	else {
		html_number(out, SUBSCRIPTION_COUNTED);
		html_lit(out, "+");
	}
}

static void
write_failing(struct text *out, const struct sight *sight)
{
	const struct subscription_plight *plight = &sight->plight;

	if (plight->failing_since == 0)
		return;
	html_lit(out,
	    "<p class=\"notice wrong\"><strong>It is failing.</strong> No "
	    "attempt succeeded since ");
	html_time(out, plight->failing_since);
	html_lit(out, "; ");
	html_number(out, plight->failures);
	html_lit(out, " failed");
	if (plight->failing_reason != NULL) {
		html_lit(out, ", the newest with: ");
		html_text(out, plight->failing_reason);
	}
	html_lit(out, "</p>\n");
}

static void
write_held(struct text *out, const struct sight *sight)
{
	const struct subscription *subscription = &sight->subscription;

	if (strcmp(subscription->state, "active") == 0)
		return;
	html_lit(out, "<p class=\"notice held\">");
	if (strcmp(subscription->state, "paused") == 0)
		html_lit(out, "It is paused");
	else
		html_lit(out, "It is disabled");
	if (subscription->state_reason != NULL) {
		html_lit(out, " (");
		html_text(out, subscription->state_reason);
		html_lit(out, ")");
	}
	html_lit(out,
	    ": webhooks are accepted and wait until somebody resumes it.</p>\n");
}

/* The figures that are not of a day; what failed for good leads on. */
static void
write_now(struct text *out, const struct sight *sight)
{
	const struct subscription_plight *plight = &sight->plight;

	html_lit(out, "<div><dt>Pending now</dt><dd>");
	write_counted(out, plight->pending);
	html_lit(out, "</dd></div>\n<div><dt>Dead letters</dt><dd>");
	if (plight->dead == 0)
		html_lit(out, "0");
	else {
		html_lit(out, "<a href=\"/ui/dead-letters?subscription=");
		html_uuid(out, &sight->subscription.id);
		html_lit(out, "\">");
		write_counted(out, plight->dead);
		html_lit(out,
		    "<span class=\"unseen\">: see them and send them "
		    "again</span></a>");
	}
	html_lit(out, "</dd></div>\n");
}

static void
write_health(struct text *out, const struct sight *sight)
{
	struct stats day = { 0 };

	for (int i = 0; i < STATS_DAY; i++)
		stats_add(&day, &sight->quarters[i].stats);
	html_lit(out,
	    "<section aria-labelledby=\"health\">\n"
	    "<h2 id=\"health\">The last 24 hours</h2>\n"
	    "<dl class=\"figures\">\n");
	admin_figures(out, &day);
	write_now(out, sight);
	html_lit(out, "</dl>\n");
	admin_chart(out, sight->quarters, STATS_DAY);
	html_lit(out, "</section>\n");
}

/* A link to where there is more of this subscription's. */
static void
write_more(struct text *out, const struct uuid *id, const char *page,
    const char *label)
{
	html_lit(out, "<p><a href=\"/ui/");
	html_attribute(out, page);
	html_lit(out, "?subscription=");
	html_uuid(out, id);
	html_lit(out, "\">");
	html_text(out, label);
	html_lit(out, "</a></p>\n");
}

static void
write_newest(struct text *out, const struct sight *sight)
{
	const struct uuid *id = &sight->subscription.id;

	html_lit(out,
	    "<section aria-labelledby=\"webhooks\">\n"
	    "<h2 id=\"webhooks\">Newest webhooks</h2>\n");
	if (sight->webhooks.count == 0)
		html_lit(out,
		    "<div class=\"panel\"><p>Nothing was sent to it yet, or "
		    "not for long. Send a test event, or paste the line above "
		    "into a shell.</p></div>\n");
	else {
		admin_webhook_table(out, &sight->webhooks, 0);
		write_more(out, id, "webhooks", "All its webhooks");
	}
	html_lit(out, "</section>\n");
	if (sight->attempts.count == 0)
		return;
	html_lit(out,
	    "<section aria-labelledby=\"attempts\">\n"
	    "<h2 id=\"attempts\">Newest attempts</h2>\n");
	admin_attempt_table(out, &sight->attempts);
	write_more(out, id, "attempts", "More attempts");
	html_lit(out, "</section>\n");
}

/* The URL, or as much of it as a title takes. */
static char *
title_of(const char *target_url)
{
	struct text title = { 0 };
	size_t length = strlen(target_url), cut = TITLE_BYTES;

	while (cut > 0 && cut < length &&
	    ((unsigned char)target_url[cut] & 0xc0) == 0x80)
		cut--;
	text_add(&title, target_url, length > cut ? cut : length);
	if (length > cut)
		text_adds(&title, "…");
	return text_take(&title);
}

static void
show(const struct request *request, struct response *response,
    const struct sight *sight)
{
	struct text *out = &response->body;
	char *title = title_of(sight->subscription.target_url);

	page_begin(response, 200, title, PAGE_SUBSCRIPTIONS);
	free(title);
	page_refresh(response, REFRESH_S);
	admin_notice(request, out);
	write_failing(out, sight);
	write_held(out, sight);
	write_actions(out, &sight->subscription);
	write_health(out, sight);
	html_lit(out, "<div class=\"halves\">\n");
	admin_subscription_facts(out, &sight->subscription, &sight->plight);
	admin_subscription_curl(request, out, &sight->subscription);
	html_lit(out, "</div>\n");
	write_newest(out, sight);
	page_end(response, request);
}

void
admin_subscription(const struct request *request, struct response *response,
    const char *argument, void *context)
{
	const struct admin *admin = context;
	struct sight *sight;
	struct uuid id;
	int rc;

	if (!admin_path_id(request, response, argument, &id))
		return;
	sight = memory_get(sizeof(*sight));
	db_snapshot_begin(admin->db);
	rc = sight_get(admin->db, &id, sight);
	db_snapshot_end(admin->db);
	switch (rc) {
	case 1: show(request, response, sight); break;
	case 0: admin_refuse(request, response, 404, NULL); break;
	default: admin_failed(request, response, admin);
	}
	sight_release(sight);
	free(sight);
}
