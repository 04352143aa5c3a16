/* The list of subscriptions: search, filter, sort, a page at a time. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "admin.h"
#include "stores/subscription_search.h"

#define PAGE_ROWS 25
#define EVENTS_SHOWN 2
#define EVENT_BYTES 40
#define URL_BYTES 100
#define REASON_BYTES 80

static const struct choice states[] = {
	{ "", "any" },
	{ "active", "active" },
	{ "failing", "failing" },
	{ "paused", "paused" },
	{ "disabled", "disabled" },
	{ NULL, NULL },
};

static const struct choice orders[] = {
	[SUBSCRIPTION_NEWEST] = { "", "newest" },
	[SUBSCRIPTION_OLDEST] = { "oldest", "oldest" },
	[SUBSCRIPTION_BY_URL] = { "url", "URL" },
	[SUBSCRIPTION_FAILING] = { "failing", "failing longest" },
	{ NULL, NULL },
};

/* The address, as it was typed, and what it asks for. */
struct search {
	struct text words, state, order, after, after_url;
	struct uuid after_id;
	struct subscription_query query; /* borrows from those */
};

static void
search_free(struct search *search)
{
	text_free(&search->words);
	text_free(&search->state);
	text_free(&search->order);
	text_free(&search->after);
	text_free(&search->after_url);
}

/* Which of them has this value, -1 for none. */
static int
choice_of(const struct choice *choices, const struct text *value)
{
	for (int i = 0; choices[i].label != NULL; i++)
		if (strcmp(choices[i].value, text_string(value)) == 0)
			return i;
	return -1;
}

/* A blank around what was pasted is no part of it. */
static void
trim(struct text *words)
{
	const char *from = text_string(words);
	size_t length = strlen(from);
	char *bare;

	while (length != 0 && from[0] == ' ')
		from++, length--;
	while (length != 0 && from[length - 1] == ' ')
		length--;
	bare = memory_copy(from, length);
	text_clear(words);
	text_add(words, bare, length);
	free(bare);
}

/* NULL, or what is wrong with the address. */
static const char *
search_read(const struct request *request, struct search *search)
{
	struct subscription_query *query = &search->query;
	int order;

	form_value(request->query, "q", &search->words);
	form_value(request->query, "state", &search->state);
	form_value(request->query, "sort", &search->order);
	trim(&search->words);
	if (!text_is_utf8(text_string(&search->words), search->words.length))
		return "What is searched for must be text.";
	if (choice_of(states, &search->state) == -1)
		return "In the address, state must be active, failing, paused "
		       "or disabled.";
	order = choice_of(orders, &search->order);
	if (order == -1)
		return "In the address, sort must be oldest, url or failing.";
	query->order = (enum subscription_order)order;
	if (search->words.length != 0)
		query->words = search->words.bytes;
	if (search->state.length != 0)
		query->state = search->state.bytes;
	return NULL;
}

/* The same of the place that a link to the next page holds. */
static const char *
place_read(const struct request *request, struct search *search)
{
	struct subscription_query *query = &search->query;

	if (form_value(request->query, "after", &search->after) != 1)
		return NULL;
	if (admin_typed_id(&search->after, &search->after_id) == -1 ||
	    !admin_query_number(request, "since", 0, INT64_C(1) << 48, 0,
		&query->after_failing))
		return "The address of this page is damaged.";
	form_value(request->query, "url", &search->after_url);
	query->after = &search->after_id;
	query->after_url = text_string(&search->after_url);
	if (!text_is_utf8(query->after_url, search->after_url.length) ||
	    strlen(query->after_url) != search->after_url.length)
		return "The address of this page is damaged.";
	return NULL;
}

static void
write_form(struct text *out, const struct search *search)
{
	const struct field words = { .name = "q",
		.label = "URL or id",
		.value = text_string(&search->words),
		.type = "search" };
	const struct field state = { .name = "state",
		.label = "State",
		.value = text_string(&search->state),
		.choices = states };
	const struct field order = { .name = "sort",
		.label = "Sort by",
		.value = text_string(&search->order),
		.choices = orders };

	html_lit(out,
	    "<form class=\"filter\" method=\"get\" role=\"search\" "
	    "action=\"/ui/subscriptions\">\n");
	admin_field(out, &words);
	admin_field(out, &state);
	admin_field(out, &order);
	html_lit(out,
	    "<p class=\"actions\"><button>Search</button>\n"
	    "<a class=\"button primary\" href=\"/ui/subscriptions/new\">"
	    "New subscription</a></p>\n</form>\n");
}

static void
events_cell(struct text *out, const struct subscription_line *line)
{
	int count = line->events_count;

	if (count <= 0) {
		html_lit(out, "<span class=\"quiet\">all events</span>");
		return;
	}
	html_lit(out, "<ul class=\"chips\">");
	for (int i = 0; i < count && i < EVENTS_SHOWN; i++) {
		html_lit(out, "<li>");
		admin_brief(out, line->events[i], EVENT_BYTES);
		html_lit(out, "</li>");
	}
	if (count > EVENTS_SHOWN) {
		html_lit(out, "<li class=\"more\">and ");
		html_number(out, count - EVENTS_SHOWN);
		html_lit(out, " more</li>");
	}
	html_lit(out, "</ul>");
}

static void
state_cell(struct text *out, const struct subscription_line *line)
{
	bool is_failing = line->failing_since != 0;

	html_lit(out, "<td role=\"cell\" data-label=\"State\"><div>");
	admin_state(out, line->state, is_failing);
	if (is_failing) {
		html_lit(out, " <span class=\"reason\">since ");
		html_time(out, line->failing_since);
		if (line->failing_reason != NULL) {
			html_lit(out, ": ");
			admin_brief(out, line->failing_reason, REASON_BYTES);
		}
		html_lit(out, "</span>");
	}
	html_lit(out, "</div></td>");
}

static void
write_row(struct text *out, const struct subscription_line *line,
    const struct stats *day)
{
	html_lit(out,
	    "<tr role=\"row\"><th scope=\"row\" role=\"rowheader\" "
	    "data-label=\"URL\"><a class=\"url\" href=\"/ui/subscriptions/");
	html_uuid(out, &line->id);
	html_lit(out, "\">");
	admin_brief(out, line->target_url, URL_BYTES);
	html_lit(out, "</a><code class=\"id\">");
	html_uuid(out, &line->id);
	html_lit(out, "</code></th>");
	state_cell(out, line);
	html_lit(out, "<td role=\"cell\" data-label=\"24 hours\">");
	admin_rate(out, day);
	html_lit(out, "</td><td role=\"cell\" data-label=\"Events\">");
	events_cell(out, line);
	html_lit(out, "</td><td role=\"cell\" data-label=\"Created\">");
	html_time(out, line->created_at);
	html_lit(out, "</td></tr>\n");
}

static void
write_table(struct text *out, const struct subscription_line *lines, int count,
    const struct stats *days)
{
	html_lit(out,
	    "<table role=\"table\" class=\"subscriptions\">\n"
	    "<caption class=\"unseen\">Subscriptions</caption>\n"
	    "<thead role=\"rowgroup\"><tr role=\"row\">"
	    "<th scope=\"col\" role=\"columnheader\">URL and id</th>"
	    "<th scope=\"col\" role=\"columnheader\">State</th>"
	    "<th scope=\"col\" role=\"columnheader\">Success in 24 h</th>"
	    "<th scope=\"col\" role=\"columnheader\">Events</th>"
	    "<th scope=\"col\" role=\"columnheader\">Created</th>"
	    "</tr></thead>\n<tbody role=\"rowgroup\">\n");
	for (int i = 0; i < count; i++)
		write_row(out, &lines[i], &days[i]);
	html_lit(out, "</tbody>\n</table>\n");
}

static void
link_part(struct text *out, const char *name, const char *value)
{
	html_lit(out, "&amp;");
	html_url_arg(out, name);
	html_lit(out, "=");
	html_url_arg(out, value);
}

/* A link to the first page, or to that behind `last`. */
static void
page_link(struct text *out, const struct search *search,
    const struct subscription_line *last)
{
	html_lit(out, "<a class=\"button\" href=\"/ui/subscriptions?q=");
	html_url_arg(out, text_string(&search->words));
	link_part(out, "state", text_string(&search->state));
	link_part(out, "sort", text_string(&search->order));
	if (last != NULL) {
		html_lit(out, "&amp;after=");
		html_uuid(out, &last->id);
		if (search->query.order == SUBSCRIPTION_BY_URL)
			link_part(out, "url", last->target_url);
		if (search->query.order == SUBSCRIPTION_FAILING)
			text_addf(
			    out, "&amp;since=%" PRId64, last->failing_since);
		html_lit(out, "\" rel=\"next\">Next page</a>\n");
	} else
		html_lit(out, "\">First page</a>\n");
}

static void
write_pager(struct text *out, const struct search *search,
    const struct subscription_line *last)
{
	if (search->query.after == NULL && last == NULL)
		return;
	html_lit(out, "<nav class=\"pager\" aria-label=\"Pages\">\n");
	if (search->query.after != NULL)
		page_link(out, search, NULL);
	if (last != NULL)
		page_link(out, search, last);
	html_lit(out, "</nav>\n");
}

static void
write_none(const struct request *request, struct text *out,
    const struct search *search)
{
	if (search->query.words != NULL || search->query.state != NULL ||
	    search->query.after != NULL) {
		html_lit(out,
		    "<div class=\"panel\"><p>No subscription is like that. "
		    "Take another part of the URL or the id, or "
		    "<a href=\"/ui/subscriptions\">show all of them</a>."
		    "</p></div>\n");
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

/* The last 24 hours of each of these; yours to free(), NULL on error. */
static struct stats *
days_of(struct db *db, const struct subscription_line *lines, int count)
{
	struct uuid *ids = memory_get((size_t)count * sizeof(*ids));
	struct stats *days = memory_get((size_t)count * sizeof(*days));

	for (int i = 0; i < count; i++)
		ids[i] = lines[i].id;
	if (stats_of_day(db, ids, (size_t)count, days) == -1) {
		free(days);
		days = NULL;
	}
	free(ids);
	return days;
}

static void
show(const struct request *request, struct response *response,
    const struct admin *admin, const struct search *search)
{
	struct text *out = &response->body;
	struct subscription_line *lines;
	struct stats *days = NULL;
	bool more;
	int count = subscription_search(
	    admin->db, &search->query, PAGE_ROWS, &lines, &more);

	if (count > 0)
		days = days_of(admin->db, lines, count);
	if (count == -1 || (count > 0 && days == NULL))
		admin_failed(request, response, admin);
	else {
		page_begin(response, 200, "Subscriptions", PAGE_SUBSCRIPTIONS);
		admin_notice(request, out);
		write_form(out, search);
		if (count == 0)
			write_none(request, out, search);
		else
			write_table(out, lines, count, days);
		write_pager(out, search, more ? &lines[count - 1] : NULL);
		page_end(response, request);
	}
	free(days);
	subscription_lines_free(lines, count);
}

void
admin_subscriptions(const struct request *request, struct response *response,
    const char *argument, void *context)
{
	struct search search = { 0 };
	const char *fault = search_read(request, &search);

	(void)argument;
	if (fault == NULL)
		fault = place_read(request, &search);
	if (fault != NULL)
		admin_refuse(request, response, 422, fault);
	else
		show(request, response, context, &search);
	search_free(&search);
}
