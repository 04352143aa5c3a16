/* Looking for subscriptions: the form, and what an address asks for. */
#include "admin_search.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

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

void
admin_search_free(struct search *search)
{
	text_free(&search->words);
	text_free(&search->state);
	text_free(&search->order);
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

static const char *
search_read(const struct request *request, struct search *search)
{
	struct subscription_query *query = &search->query;
	struct uuid id;
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
	if (admin_typed_id(&search->words, &id) == 0)
		query->words = uuid_text(&id, search->id);
	if (search->state.length != 0)
		query->state = search->state.bytes;
	return NULL;
}

/* The place that a link to the next page holds. */
static const char *
place_read(const struct request *request, struct search *search)
{
	struct subscription_query *query = &search->query;
	int rc = admin_form_id(request->query, "after", &search->after_id);

	if (rc == 0)
		return NULL;
	if (rc == -1 ||
	    !admin_query_number(request, "since", 0, INT64_C(1) << 48, 0,
		&query->after_failing))
		return "The address of this page is damaged.";
	form_value(request->query, "url", &search->after_url);
	query->after = &search->after_id;
	query->after_url = text_string(&search->after_url);
	if (!text_is_string(&search->after_url))
		return "The address of this page is damaged.";
	return NULL;
}

const char *
admin_search_read(const struct request *request, struct search *search)
{
	const char *fault = search_read(request, search);

	return fault != NULL ? fault : place_read(request, search);
}

void
admin_search_form(struct text *out, const struct search *search)
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

void
admin_search_pager(struct text *out, const struct search *search,
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
