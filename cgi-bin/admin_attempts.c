#include <string.h>

#include "admin.h"

#define NEWEST 20
#define NEWEST_MAX 1000

static void
attempt_row(struct text *out, const struct attempt *attempt)
{
	html_lit(out,
	    "<tr role=\"row\"><td role=\"cell\" "
	    "data-label=\"Time\">");
	html_time(out, attempt->timestamp);
	html_lit(out, "</td><td role=\"cell\" data-label=\"Outcome\">");
	admin_outcome(out, attempt->outcome);
	html_lit(out,
	    "</td><td role=\"cell\" class=\"number\" "
	    "data-label=\"Attempt\">");
	html_number(out, attempt->attempt_number);
	html_lit(out, "</td><td role=\"cell\" data-label=\"Answer\">");
	html_lit(out, "<div>");
	admin_answer(out, attempt->status_code, attempt->error);
	html_lit(out,
	    "</div></td><td role=\"cell\" class=\"number\" "
	    "data-label=\"Took\">");
	admin_duration(out, attempt->duration_ms);
	html_lit(out, "</td><td role=\"cell\" data-label=\"Webhook\">");
	admin_link(out, "webhooks", &attempt->webhook_id);
	html_lit(out, "</td></tr>\n");
}

void
admin_attempt_table(struct text *out, const struct attempt_list *list)
{
	html_lit(out,
	    "<table role=\"table\">\n"
	    "<caption class=\"unseen\">Attempts, newest first</caption>\n"
	    "<thead role=\"rowgroup\"><tr role=\"row\">"
	    "<th scope=\"col\" role=\"columnheader\">Time</th>"
	    "<th scope=\"col\" role=\"columnheader\">Outcome</th>"
	    "<th scope=\"col\" role=\"columnheader\" class=\"number\">"
	    "Attempt</th>"
	    "<th scope=\"col\" role=\"columnheader\">Answer</th>"
	    "<th scope=\"col\" role=\"columnheader\" class=\"number\">"
	    "Took</th>"
	    "<th scope=\"col\" role=\"columnheader\">Webhook</th>"
	    "</tr></thead>\n<tbody role=\"rowgroup\">\n");
	for (int i = 0; i < list->count; i++)
		attempt_row(out, &list->attempts[i]);
	html_lit(out, "</tbody>\n</table>\n");
}

/* What was asked for, as it was typed, and what is wrong with it. */
struct lookup {
	struct text subscription, limit;
	struct uuid id;
	int64_t count;
	const char *id_error, *limit_error;
	bool is_asked;
};

static void
lookup_read(const struct request *request, struct lookup *lookup)
{
	lookup->is_asked = form_value(request->query, "subscription",
			       &lookup->subscription) == 1;
	if (form_value(request->query, "limit", &lookup->limit) != 1)
		text_addf(&lookup->limit, "%d", NEWEST);
	if (!admin_query_number(
		request, "limit", 1, NEWEST_MAX, NEWEST, &lookup->count))
		lookup->limit_error = "Enter a whole number from 1 to 1,000.";
	if (lookup->is_asked &&
	    admin_typed_id(&lookup->subscription, &lookup->id) == -1)
		lookup->id_error =
		    "This is not a valid id. It has 32 "
		    "hexadecimal digits, as in the list of subscriptions.";
}

static void
lookup_free(struct lookup *lookup)
{
	text_free(&lookup->subscription);
	text_free(&lookup->limit);
}

static void
lookup_form(struct text *out, const struct lookup *lookup)
{
	const struct field subscription = { .name = "subscription",
		.label = "Subscription id",
		.hint = "Those of a deleted subscription are kept, too.",
		.error = lookup->id_error,
		.value = text_string(&lookup->subscription),
		.class = "code",
		.is_required = true };
	const struct field limit = { .name = "limit",
		.label = "How many",
		.hint = "The newest come first; 1,000 at most.",
		.error = lookup->limit_error,
		.value = text_string(&lookup->limit),
		.class = "short",
		.type = "number",
		.least = 1,
		.most = NEWEST_MAX };

	html_lit(out,
	    "<form class=\"panel\" method=\"get\" "
	    "action=\"/ui/attempts\">\n");
	admin_field(out, &subscription);
	admin_field(out, &limit);
	html_lit(out,
	    "<p class=\"actions\">"
	    "<button class=\"primary\">Show attempts</button></p>\n"
	    "</form>\n");
}

static void
lookup_found(
    struct text *out, const struct uuid *id, const struct attempt_list *list)
{
	html_lit(out,
	    "<section aria-labelledby=\"found\">\n"
	    "<h2 id=\"found\">Newest attempts</h2>\n"
	    "<p>Of subscription ");
	admin_link(out, "subscriptions", id);
	html_lit(out, "</p>\n");
	if (list->count == 0)
		html_lit(out,
		    "<div class=\"panel\"><p>There are no attempts "
		    "for this id. Either nothing was sent to it within the "
		    "time that attempts are kept, or there is no such "
		    "subscription. Its page has a curl line that sends "
		    "something.</p></div>\n");
	else
		admin_attempt_table(out, list);
	html_lit(out, "</section>\n");
}

void
admin_attempts(const struct request *request, struct response *response,
    const char *argument, void *context)
{
	const struct admin *admin = context;
	struct lookup lookup = { 0 };
	struct attempt_list list = { 0 };
	bool is_wrong;

	(void)argument;
	lookup_read(request, &lookup);
	is_wrong = lookup.id_error != NULL || lookup.limit_error != NULL;
	if (lookup.is_asked && !is_wrong &&
	    attempt_list_of_subscription(
		admin->db, &lookup.id, lookup.count, &list) == -1) {
		admin_failed(request, response, admin);
		goto out;
	}
	page_begin(response, is_wrong ? 422 : 200, "Attempts of a subscription",
	    PAGE_SUBSCRIPTIONS);
	lookup_form(&response->body, &lookup);
	if (lookup.is_asked && !is_wrong)
		lookup_found(&response->body, &lookup.id, &list);
	page_end(response, request);
out:
	attempt_list_release(&list);
	lookup_free(&lookup);
}
