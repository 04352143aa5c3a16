#include <inttypes.h>
#include <string.h>

#include "admin.h"
#include "ground/clock.h"

#define PAGE_ROWS 50
#define PAGE_ROWS_MAX 1000
#define SKIP_MAX INT64_C(1000000000)
#define EVENTS_SHOWN 6
#define NEWEST_ATTEMPTS 20
#define ATTEMPTS_MAX 1000

static void
events_cell(struct text *out, const struct subscription *subscription, int most)
{
	int count = subscription->events_count;

	if (count <= 0) {
		html_lit(out, "<span class=\"quiet\">all events</span>");
		return;
	}
	html_lit(out, "<ul class=\"chips\">");
	for (int i = 0; i < count && i < most; i++) {
		html_lit(out, "<li>");
		html_text(out, subscription->events[i]);
		html_lit(out, "</li>");
	}
	if (count > most) {
		html_lit(out, "<li class=\"more\">and ");
		html_number(out, count - most);
		html_lit(out, " more</li>");
	}
	html_lit(out, "</ul>");
}

static void
list_row(struct text *out, const struct subscription *subscription)
{
	html_lit(out,
	    "<tr role=\"row\"><th scope=\"row\" role=\"rowheader\" "
	    "data-label=\"URL\"><a class=\"url\" href=\"/ui/subscriptions/");
	html_uuid(out, &subscription->id);
	html_lit(out, "\">");
	html_text(out, subscription->target_url);
	html_lit(out, "</a><code class=\"id\">");
	html_uuid(out, &subscription->id);
	html_lit(out, "</code></th><td role=\"cell\" data-label=\"Events\">");
	events_cell(out, subscription, EVENTS_SHOWN);
	html_lit(out, "</td><td role=\"cell\" data-label=\"State\">");
	admin_state(out, subscription);
	html_lit(out, "</td><td role=\"cell\" data-label=\"Secret\">");
	if (subscription->sealed_secret != NULL)
		html_lit(out, "set");
	else
		html_lit(out, "<span class=\"quiet\">none</span>");
	html_lit(out, "</td><td role=\"cell\" data-label=\"Created\">");
	html_time(out, subscription->created_at);
	html_lit(out, "</td></tr>\n");
}

static void
list_table(struct text *out, const struct subscription *list, int count)
{
	html_lit(out,
	    "<table role=\"table\">\n"
	    "<caption class=\"unseen\">Subscriptions</caption>\n"
	    "<thead role=\"rowgroup\"><tr role=\"row\">"
	    "<th scope=\"col\" role=\"columnheader\">URL and id</th>"
	    "<th scope=\"col\" role=\"columnheader\">Events</th>"
	    "<th scope=\"col\" role=\"columnheader\">State</th>"
	    "<th scope=\"col\" role=\"columnheader\">Secret</th>"
	    "<th scope=\"col\" role=\"columnheader\">Created</th>"
	    "</tr></thead>\n<tbody role=\"rowgroup\">\n");
	for (int i = 0; i < count; i++)
		list_row(out, &list[i]);
	html_lit(out, "</tbody>\n</table>\n");
}

static void
page_link(struct text *out, int64_t skip, int64_t limit, const char *rel,
    const char *label)
{
	text_addf(out,
	    "<a class=\"button\" rel=\"%s\" href=\"/ui/?skip=%" PRId64
	    "&amp;limit=%" PRId64 "\">",
	    rel, skip, limit);
	html_text(out, label);
	html_lit(out, "</a>\n");
}

static void
list_pager(
    struct text *out, int64_t skip, int64_t limit, int shown, bool has_more)
{
	if (skip == 0 && !has_more)
		return;
	html_lit(out, "<nav class=\"pager\" aria-label=\"Pages\">\n");
	if (skip > 0)
		page_link(out, skip > limit ? skip - limit : 0, limit, "prev",
		    "Previous");
	html_lit(out, "<p>");
	if (shown > 0) {
		html_number(out, skip + 1);
		html_lit(out, " to ");
		html_number(out, skip + shown);
		html_lit(out, ", oldest first");
	}
	html_lit(out, "</p>\n");
	if (has_more)
		page_link(out, skip + limit, limit, "next", "Next");
	html_lit(out, "</nav>\n");
}

static void
list_empty(const struct request *request, struct text *out, int64_t skip)
{
	if (skip > 0) {
		html_lit(out,
		    "<div class=\"panel\"><p>There are not so many "
		    "subscriptions. <a href=\"/ui/\">Show the first "
		    "ones</a>.</p></div>\n");
		return;
	}
	html_lit(out,
	    "<div class=\"panel\">\n"
	    "<p>There is no subscription yet. A subscription says where "
	    "webhooks go: <a href=\"/ui/subscriptions/new\">create one "
	    "here</a>, or from a shell:</p>\n"
	    "<pre tabindex=\"0\"><code>curl ");
	admin_site(request, out);
	html_lit(out,
	    "/subscriptions/ \\\n"
	    "  -H 'Content-Type: application/json' \\\n"
	    "  -d '{&quot;target_url&quot;: "
	    "&quot;https://example.com/hook&quot;}'</code></pre>\n</div>\n");
}

void
admin_subscriptions(const struct request *request, struct response *response,
    const char *argument, void *context)
{
	const struct admin *admin = context;
	struct text *out = &response->body;
	struct subscription *list = NULL;
	int64_t skip, limit;
	int count, shown;

	(void)argument;
	if (!admin_query_number(request, "skip", 0, SKIP_MAX, 0, &skip) ||
	    !admin_query_number(
		request, "limit", 1, PAGE_ROWS_MAX, PAGE_ROWS, &limit)) {
		admin_refuse(request, response, 422,
		    "In the address, skip must be a whole number from 0 on, "
		    "and limit one from 1 to 1,000.");
		return;
	}
	/* One more than is shown tells whether there is a next page. */
	count = subscription_list(admin->db, skip, limit + 1, &list);
	if (count == -1) {
		admin_failed(request, response, admin);
		return;
	}
	shown = count > limit ? (int)limit : count;
	page_begin(response, 200, "Subscriptions", PAGE_SUBSCRIPTIONS);
	admin_notice(request, out);
	html_lit(out,
	    "<p class=\"actions\"><a class=\"button primary\" "
	    "href=\"/ui/subscriptions/new\">New subscription</a></p>\n");
	if (shown == 0)
		list_empty(request, out, skip);
	else
		list_table(out, list, shown);
	list_pager(out, skip, limit, shown, count > limit);
	page_end(response, request);
	subscription_list_free(list, count);
}

static void
show_settings(struct text *out, const struct subscription *subscription)
{
	html_lit(out, "<dl class=\"facts\">\n<div><dt>Id</dt><dd><code>");
	html_uuid(out, &subscription->id);
	html_lit(
	    out, "</code></dd></div>\n<div><dt>URL</dt><dd class=\"url\">");
	html_text(out, subscription->target_url);
	html_lit(out, "</dd></div>\n<div><dt>State</dt><dd>");
	admin_state(out, subscription);
	if (subscription->state_reason != NULL) {
		html_lit(out, " <span class=\"quiet\">");
		html_text(out, subscription->state_reason);
		html_lit(out, "</span>");
	}
	html_lit(out, "</dd></div>\n<div><dt>Events</dt><dd>");
	events_cell(out, subscription, subscription->events_count);
	html_lit(out, "</dd></div>\n<div><dt>Secret</dt><dd>");
	if (subscription->sealed_secret != NULL)
		html_lit(out, "set: deliveries are signed");
	else
		html_lit(out, "none: deliveries are not signed");
	if (subscription->secret_overlap_until > clock_database_ms()) {
		html_lit(out, ", with the one before too until ");
		html_time(out, subscription->secret_overlap_until);
	}
	html_lit(out, "</dd></div>\n<div><dt>Producers</dt><dd>");
	if (subscription->verify_ingest != NULL) {
		html_lit(out, "must sign: ");
		html_text(out, subscription->verify_ingest);
	} else
		html_lit(out, "need not sign");
	html_lit(out, "</dd></div>\n<div><dt>Created</dt><dd>");
	html_time(out, subscription->created_at);
	html_lit(out, "</dd></div>\n<div><dt>Last change</dt><dd>");
	html_time(out, subscription->updated_at);
	html_lit(out, "</dd></div>\n</dl>\n");
}

static void
show_actions(struct text *out, const struct uuid *id)
{
	html_lit(out,
	    "<p class=\"actions\"><a class=\"button primary\" "
	    "href=\"/ui/subscriptions/");
	html_uuid(out, id);
	html_lit(out,
	    "/edit\">Edit</a>\n<a class=\"button\" "
	    "href=\"/ui/subscriptions/");
	html_uuid(out, id);
	html_lit(out,
	    "/rotate\">New secret…</a>\n<a class=\"button danger\" "
	    "href=\"/ui/subscriptions/");
	html_uuid(out, id);
	html_lit(out, "/delete\">Delete…</a></p>\n");
}

static void
show_curl(const struct request *request, struct text *out,
    const struct subscription *subscription)
{
	html_lit(out,
	    "<section aria-labelledby=\"send\">\n"
	    "<h2 id=\"send\">Send it a webhook</h2>\n");
	if (strcmp(subscription->state, "active") != 0)
		html_lit(out,
		    "<p>Until it is active again, webhooks are accepted and "
		    "wait.</p>\n");
	html_lit(out, "<pre tabindex=\"0\"><code>curl ");
	admin_site(request, out);
	html_lit(out, "/ingest/");
	html_uuid(out, &subscription->id);
	html_lit(out, " \\\n  -H 'Content-Type: application/json' \\\n");
	if (subscription->events_count > 0 &&
	    admin_shell_safe(subscription->events[0])) {
		html_lit(out, "  -H 'X-Event-Type: ");
		html_text(out, subscription->events[0]);
		html_lit(out, "' \\\n");
	}
	html_lit(out,
	    "  -d '{&quot;hello&quot;: &quot;world&quot;}'"
	    "</code></pre>\n"
	    "<p class=\"hint\">The answer is 202 with the webhook’s id, under "
	    "which it can be <a href=\"/ui/webhooks\">looked up</a>.</p>\n"
	    "</section>\n");
}

static void
show_limit_form(struct text *out, int64_t limit)
{
	html_lit(out,
	    "<form class=\"inline\" method=\"get\">\n"
	    "<label for=\"limit\">Show the newest</label>\n"
	    "<input id=\"limit\" name=\"limit\" type=\"number\" min=\"1\" "
	    "max=\"1000\" required value=\"");
	text_addf(out, "%" PRId64, limit);
	html_lit(out, "\">\n<button>Show</button>\n</form>\n");
}

static void
show_attempts(
    struct text *out, const struct attempt_list *attempts, int64_t limit)
{
	html_lit(out,
	    "<section aria-labelledby=\"attempts\">\n"
	    "<h2 id=\"attempts\">Newest attempts</h2>\n");
	if (attempts->count == 0)
		html_lit(out,
		    "<div class=\"panel\"><p>Nothing was sent to it "
		    "yet. Paste the line above into a shell, then load this "
		    "page again.</p></div>\n");
	else {
		show_limit_form(out, limit);
		admin_attempt_table(out, attempts, true);
	}
	html_lit(out, "</section>\n");
}

static void
show(const struct request *request, struct response *response,
    const struct subscription *subscription,
    const struct attempt_list *attempts, int64_t limit)
{
	struct text *out = &response->body;

	page_begin(response, 200, "Subscription", PAGE_SUBSCRIPTIONS);
	admin_notice(request, out);
	show_settings(out, subscription);
	show_actions(out, &subscription->id);
	show_curl(request, out, subscription);
	show_attempts(out, attempts, limit);
	page_end(response, request);
}

void
admin_subscription(const struct request *request, struct response *response,
    const char *argument, void *context)
{
	const struct admin *admin = context;
	struct subscription subscription = { 0 };
	struct attempt_list attempts = { 0 };
	struct uuid id;
	int64_t limit;
	int rc;

	if (!admin_path_id(request, response, argument, &id))
		return;
	if (!admin_query_number(
		request, "limit", 1, ATTEMPTS_MAX, NEWEST_ATTEMPTS, &limit)) {
		admin_refuse(request, response, 422,
		    "In the address, limit must be a whole number from 1 to "
		    "1,000.");
		return;
	}
	rc = subscription_get(admin->db, &id, &subscription);
	if (rc == 0) {
		admin_refuse(request, response, 404, NULL);
		goto out;
	}
	if (rc == 1)
		rc = attempt_list_of_subscription(
		    admin->db, &id, limit, &attempts);
	if (rc == -1)
		admin_failed(request, response, admin);
	else
		show(request, response, &subscription, &attempts, limit);
out:
	attempt_list_release(&attempts);
	subscription_release(&subscription);
}
