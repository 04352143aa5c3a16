#include <string.h>

#include "admin_start.h"
#include "ground/config.h"

#define REFRESH_S 1

/* <pre> with a line to copy; what stands between comes from `write`. */
static void
line_begin(struct text *out, const char *id)
{
	html_lit(out,
	    "<details><summary>Or from a shell</summary>\n"
	    "<pre tabindex=\"0\"><code id=\"");
	html_attribute(out, id);
	html_lit(out, "\">curl ");
}

static void
line_end(struct text *out, const char *id)
{
	if (config.auth == AUTH_TOKEN)
		html_lit(out, " \\\n  -H 'Authorization: Bearer TOKEN'");
	html_lit(out, "</code></pre>\n");
	if (config.auth == AUTH_TOKEN)
		html_lit(out,
		    "<p class=\"hint\"><a href=\"/ui/tokens/new\">Make a "
		    "token</a> first.</p>\n");
	html_copy(out, id, "the line");
	html_lit(out, "</details>\n");
}

static void
step_begin(struct text *out, bool is_done, const char *title)
{
	if (is_done)
		html_lit(out, "<li class=\"panel done\">\n<h2>");
	else
		html_lit(out, "<li class=\"panel\">\n<h2>");
	html_text(out, title);
	if (is_done)
		html_lit(out, " <span class=\"mark good\">done</span>");
	html_lit(out, "</h2>\n");
}

static void
write_url_field(struct text *out, const struct start *start)
{
	html_lit(out,
	    "<div class=\"field\">\n"
	    "<label for=\"target_url\">URL of your receiver</label>\n"
	    "<p class=\"hint\" id=\"target_url-hint\">Webhooks are sent there "
	    "with POST. (The built-in receiver is off here, or may not be "
	    "delivered to: INBOX, ALLOW_TARGETS.)</p>\n");
	admin_field_error(out, "target_url", start->fault);
	html_lit(out,
	    "<input class=\"code\" id=\"target_url\" "
	    "name=\"target_url\" type=\"url\" required autocomplete=\"off\" "
	    "placeholder=\"https://example.com/hook\"");
	admin_field_state(out, "target_url", start->fault != NULL);
	html_lit(out, " value=\"");
	html_attribute(out, text_string(&start->typed));
	html_lit(out, "\">\n</div>\n");
}

static void
write_first(
    struct text *out, const struct request *request, const struct start *start)
{
	step_begin(out, start->has_subscription, "Make a subscription");
	if (start->has_subscription) {
		html_lit(out, "<p>Webhooks for ");
		admin_link(out, "subscriptions", &start->subscription.id);
		html_lit(out, " go to <span class=\"url\">");
		html_text(out, start->subscription.target_url);
		html_lit(out, "</span>.</p>\n</li>\n");
		return;
	}
	html_lit(out,
	    "<p>A subscription says where webhooks go, and holds the secret "
	    "that they are signed with.");
	if (start->has_inbox) {
		html_lit(out,
		    " This one goes to the built-in receiver at "
		    "<span class=\"url\">");
		html_text(out, text_string(&start->inbox_url));
		html_lit(out, "</span>.");
	}
	html_lit(out, "</p>\n");
	admin_form_begin(out, "plain", "/ui/start");
	if (!start->has_inbox)
		write_url_field(out, start);
	html_lit(out,
	    "<p class=\"actions\"><button class=\"primary\" name=\"step\" "
	    "value=\"1\">Make a subscription</button></p></form>\n");
	line_begin(out, "line-1");
	admin_site(request, out);
	html_lit(out,
	    "/subscriptions/ \\\n  -H 'Content-Type: application/json' \\\n"
	    "  -d '{&quot;target_url&quot;: &quot;");
	if (start->has_inbox)
		html_text(out, text_string(&start->inbox_url));
	else
		html_lit(out, "https://example.com/hook");
	html_lit(out, "&quot;}'");
	line_end(out, "line-1");
	html_lit(out, "</li>\n");
}

static void
write_second(
    struct text *out, const struct request *request, const struct start *start)
{
	step_begin(out, start->has_webhook, "Send an event");
	html_lit(out,
	    "<p>A producer posts an event once and gets 202; from then on it "
	    "is Postrider’s duty to deliver it.</p>\n");
	if (!start->has_subscription) {
		html_lit(out, "</li>\n");
		return;
	}
	admin_form_begin(out, "plain", "/ui/start");
	html_lit(out, "<input type=\"hidden\" name=\"subscription\" value=\"");
	html_uuid(out, &start->subscription.id);
	html_lit(out, "\">\n<p class=\"actions\"><button class=\"");
	if (!start->has_webhook)
		html_lit(out,
		    "primary\" name=\"step\" value=\"2\">Send an "
		    "event");
	else
		html_lit(out, "again\" name=\"step\" value=\"2\">Send another");
	html_lit(out, "</button></p></form>\n");
	line_begin(out, "line-2");
	admin_site(request, out);
	html_lit(out, "/ingest/");
	html_uuid(out, &start->subscription.id);
	html_lit(out,
	    " \\\n  -H 'Content-Type: application/json' \\\n"
	    "  -H 'X-Event-Type: " START_EVENT "' \\\n"
	    "  -d '{&quot;hello&quot;: &quot;world&quot;}'");
	line_end(out, "line-2");
	html_lit(out, "</li>\n");
}

static bool
arrived(const struct start *start)
{
	return start->attempts.count != 0 &&
	    strcmp(start->attempts.attempts[0].outcome, "Success") == 0;
}

static void
write_news(struct text *out, const struct start *start)
{
	const struct attempt *newest = start->attempts.attempts;

	html_lit(out, "<p>Webhook ");
	admin_link(out, "webhooks", &start->webhook);
	html_lit(out, " ");
	if (start->attempts.count == 0)
		html_lit(out, "<span class=\"mark wait\">on its way</span>");
	else {
		admin_outcome(out, newest->outcome);
		html_lit(out, " ");
		admin_answer(out, newest->status_code, newest->error);
	}
	html_lit(out, "</p>\n");
}

static void
write_third(struct text *out, const struct start *start)
{
	step_begin(out, arrived(start), "See it arrive");
	if (start->has_webhook)
		write_news(out, start);
	html_lit(out,
	    "<p>Every attempt is on record: when, how long, what was "
	    "answered.");
	if (start->has_inbox)
		html_lit(out,
		    " The built-in receiver shows what arrived, and can be "
		    "told to refuse it, so that you see it tried again.");
	html_lit(out, "</p>\n<p class=\"actions\">");
	if (start->has_inbox) {
		if (start->has_webhook)
			html_lit(out, "<a class=\"button primary\" ");
		else
			html_lit(out, "<a class=\"button\" ");
		html_lit(out,
		    "href=\"/ui/inbox/" START_INBOX "\">Open the "
		    "inbox</a>\n");
	}
	if (start->has_subscription) {
		html_lit(out, "<a class=\"button\" href=\"/ui/subscriptions/");
		html_uuid(out, &start->subscription.id);
		html_lit(out, "\">See the subscription</a>\n");
	}
	html_lit(out, "</p>\n</li>\n");
}

void
admin_start_write(const struct request *request, struct response *response,
    const struct start *start)
{
	struct text *out = &response->body;

	page_begin(response, start->fault != NULL ? 422 : 200, "Get started",
	    PAGE_OVERVIEW);
	if (start->has_webhook && !arrived(start))
		page_refresh(response, REFRESH_S);
	html_lit(out,
	    "<p>See a webhook go round, in three steps.</p>\n"
	    "<ol class=\"steps\">\n");
	write_first(out, request, start);
	write_second(out, request, start);
	write_third(out, start);
	html_lit(out, "</ol>\n");
	page_end(response, request);
}
