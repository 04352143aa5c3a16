#include <inttypes.h>

#include "admin_webhook_search.h"
#include "ground/config.h"
#include "stores/intervention.h"
#include "stores/webhook.h"

#define PAGE_ROWS 25

/* The form that takes an id to where it belongs. */
static void
id_form(struct text *out, const char *typed, const char *error)
{
	html_lit(out,
	    "<form class=\"inline\" method=\"get\" action=\"/ui/webhooks\">\n");
	admin_field_error(out, "id", error);
	html_lit(out,
	    "<label for=\"id\">Go to id</label>\n"
	    "<input class=\"code\" id=\"id\" name=\"id\" required "
	    "autocomplete=\"off\" spellcheck=\"false\"");
	admin_field_state(out, "id", error != NULL);
	html_lit(out, " value=\"");
	html_attribute(out, typed);
	html_lit(out,
	    "\">\n<button>Go</button>\n"
	    "<span class=\"hint\" id=\"id-hint\">of a webhook, or of a "
	    "subscription for its list</span>\n</form>\n");
}

static void
say_resent(struct text *out, int64_t resent, int64_t of)
{
	if (of == 0) {
		html_lit(out,
		    "<p class=\"notice wrong\" role=\"alert\">Nothing was "
		    "selected. Check the webhooks to send again, then "
		    "press the button.</p>\n");
		return;
	}
	html_lit(out, "<p class=\"notice\" role=\"status\">");
	html_number(out, resent);
	if (resent < of) {
		html_lit(out, " of ");
		html_number(out, of);
	}
	if (resent == 1)
		html_lit(out, " webhook is sent again.");
	else
		html_lit(out, " webhooks are sent again.");
	if (resent < of)
		html_lit(out,
		    " The others are being delivered already, are about to be "
		    "purged, or their subscription was deleted.");
	html_lit(out, "</p>\n");
}

static void
notice(const struct request *request, struct text *out)
{
	int64_t resent, of;

	if (admin_query_number(
		request, "resent", 0, RESEND_MOST, -1, &resent) &&
	    admin_query_number(request, "of", 0, INT32_MAX, -1, &of) &&
	    resent != -1 && of >= resent)
		say_resent(out, resent, of);
}

static void
list_empty(const struct request *request, struct text *out,
    const struct webhook_search *search)
{
	html_lit(out, "<div class=\"panel\">\n<p>");
	if (search->has_before) {
		html_lit(out, "There is nothing older.</p>\n</div>\n");
		return;
	}
	if (search->is_narrow) {
		html_lit(out, "No webhook of the last ");
		html_number(out, config.log_retention_hours);
		html_lit(out,
		    " hours fits. Leave a field empty, or "
		    "<a href=\"/ui/webhooks\">show all</a>.</p>\n</div>\n");
		return;
	}
	html_lit(out,
	    "There is no webhook yet. Send an event to a subscription, "
	    "from <a href=\"/ui/subscriptions\">its page</a> or from a "
	    "shell:</p>\n<pre tabindex=\"0\"><code>curl ");
	admin_site(request, out);
	html_lit(out,
	    "/ingest/SUBSCRIPTION \\\n"
	    "  -H 'Content-Type: application/json' \\\n"
	    "  -d '{&quot;order&quot;: 42}'</code></pre>\n</div>\n");
}

static void
pager(struct text *out, const struct webhook_search *search,
    const struct webhook_page *page)
{
	struct text address = { 0 };
	bool is_short = page->more && page->count < PAGE_ROWS;

	if (!search->has_before && !page->more)
		return;
	html_lit(out, "<nav class=\"pager\" aria-label=\"Pages\">\n");
	if (search->has_before) {
		webhook_search_address(&address, search, NULL);
		html_lit(out, "<a class=\"button\" href=\"");
		html_attribute(out, text_string(&address));
		html_lit(out, "\">Newest</a>\n");
	}
	html_lit(out, "<p>");
	if (is_short) {
		html_lit(out, "Searched back to ");
		html_time(out, uuid_ms(&page->next));
	}
	html_lit(out, "</p>\n");
	if (page->more) {
		text_clear(&address);
		webhook_search_address(&address, search, &page->next);
		html_lit(out, "<a class=\"button\" rel=\"next\" href=\"");
		html_attribute(out, text_string(&address));
		if (is_short)
			html_lit(out, "\">Search on</a>\n");
		else
			html_lit(out, "\">Older</a>\n");
	}
	html_lit(out, "</nav>\n");
	text_free(&address);
}

static void
list(struct text *out, const struct webhook_search *search,
    const struct webhook_page *page)
{
	admin_form_begin(out, "rows", "/ui/webhooks/resend");
	webhook_search_hidden(out, search);
	html_lit(out,
	    "<p class=\"actions\"><button>Resend selected</button>\n"
	    "<span class=\"all\"><input type=\"checkbox\" id=\"all\" "
	    "data-all=\"webhook\" hidden> "
	    "<label for=\"all\">Select all of this page</label></span></p>\n");
	admin_webhook_table(
	    out, page, ADMIN_WEBHOOKS_SELECT | ADMIN_WEBHOOKS_SUBSCRIPTION);
	html_lit(out, "</form>\n");
}

static void
list_page(const struct request *request, struct response *response,
    const struct webhook_search *search, const struct webhook_page *page)
{
	struct text *out = &response->body;

	page_begin(
	    response, search->is_wrong ? 422 : 200, "Webhooks", PAGE_WEBHOOKS);
	notice(request, out);
	id_form(out, "", NULL);
	webhook_search_form(out, search);
	if (search->is_wrong)
		html_lit(out,
		    "<div class=\"panel\"><p>Correct what was asked for, or "
		    "<a href=\"/ui/webhooks\">show all</a>.</p></div>\n");
	else if (page->count > 0)
		list(out, search, page);
	else if (!page->more)
		list_empty(request, out, search);
	pager(out, search, page);
	page_end(response, request);
}

static void
search(const struct request *request, struct response *response,
    const struct admin *admin)
{
	struct webhook_search wanted = { 0 };
	struct webhook_page page = { 0 };
	int rc = 0;

	webhook_search_read(&wanted, request->query);
	db_snapshot_begin(admin->db);
	if (!wanted.is_wrong)
		rc = webhook_list(admin->db, &wanted.filter,
		    wanted.has_before ? &wanted.before_id : NULL, PAGE_ROWS,
		    &page);
	db_snapshot_end(admin->db);
	if (rc == -1)
		admin_failed(request, response, admin);
	else
		list_page(request, response, &wanted, &page);
	webhook_page_release(&page);
	webhook_search_free(&wanted);
}

static void
id_page(const struct request *request, struct response *response, int status,
    const char *typed, const char *error)
{
	page_begin(response, status, "Find an id", PAGE_WEBHOOKS);
	id_form(&response->body, typed, error);
	html_lit(&response->body,
	    "<p><a href=\"/ui/webhooks\">All webhooks</a></p>\n");
	page_end(response, request);
}

/* A deleted subscription has no page any more, but may have webhooks. 1, 0,
 * -1. */
static int
has_webhooks(const struct admin *admin, const struct uuid *subscription)
{
	struct webhook_filter filter = { .subscription = subscription };
	struct webhook_page page = { 0 };
	struct subscription found = { 0 };
	int rc = subscription_get(admin->db, subscription, &found);

	subscription_release(&found);
	if (rc != 0)
		return rc;
	if (webhook_list(admin->db, &filter, NULL, 1, &page) == -1)
		return -1;
	rc = page.count > 0;
	webhook_page_release(&page);
	return rc;
}

static void
go_to(struct response *response, const char *prefix, const struct uuid *id)
{
	struct text location = { 0 };

	text_adds(&location, prefix);
	html_uuid(&location, id);
	admin_redirect(response, text_string(&location));
	text_free(&location);
}

static void
find(const struct request *request, struct response *response,
    const struct admin *admin, const struct text *typed)
{
	struct webhook webhook = { 0 };
	struct uuid id;
	int is_webhook, is_subscription = 0;

	if (admin_typed_id(typed, &id) == -1) {
		id_page(request, response, 422, text_string(typed),
		    "This is not a valid id. It has 32 hexadecimal digits, as "
		    "in 019af3c2-5d1e-7c40-9f3a-2b6a0c1d9e55.");
		return;
	}
	db_snapshot_begin(admin->db);
	is_webhook = webhook_get(admin->db, &id, &webhook);
	webhook_release(&webhook);
	if (is_webhook == 0)
		is_subscription = has_webhooks(admin, &id);
	db_snapshot_end(admin->db);
	if (is_webhook == -1 || is_subscription == -1)
		admin_failed(request, response, admin);
	else if (is_webhook == 1)
		go_to(response, "/ui/webhooks/", &id);
	else if (is_subscription == 1)
		go_to(response, "/ui/webhooks?subscription=", &id);
	else
		id_page(request, response, 404, text_string(typed),
		    "There is no webhook and no subscription with this id. It "
		    "was never given out, or it is older than what is kept.");
}

void
admin_webhooks(const struct request *request, struct response *response,
    const char *argument, void *context)
{
	struct text typed = { 0 };

	(void)argument;
	if (form_value(request->query, "id", &typed) == 1)
		find(request, response, context, &typed);
	else
		search(request, response, context);
	text_free(&typed);
}
