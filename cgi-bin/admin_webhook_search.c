#include "admin_webhook_search.h"

#include "ground/clock.h"

static const char *const names[SEARCH_FIELDS] = {
	[SEARCH_OUTCOME] = "outcome",
	[SEARCH_SUBSCRIPTION] = "subscription",
	[SEARCH_EVENT_TYPE] = "event_type",
	[SEARCH_REASON] = "reason",
	[SEARCH_FROM] = "from",
	[SEARCH_TO] = "to",
};

static const char *
string_or_null(const struct text *text)
{
	return text->length == 0 ? NULL : text->bytes;
}

static void
check_subscription(struct webhook_search *search)
{
	if (search->typed[SEARCH_SUBSCRIPTION].length == 0)
		return;
	if (admin_typed_id(&search->typed[SEARCH_SUBSCRIPTION],
		&search->subscription_id) == 0)
		search->filter.subscription = &search->subscription_id;
	else
		search->subscription_error =
		    "This is not a valid id. It has 32 hexadecimal digits.";
}

static int
time_read(const struct text *typed, int64_t *ms)
{
	if (typed->length == 0)
		return 0;
	return text_is_string(typed) ? clock_parse(typed->bytes, ms) : -1;
}

static void
check_times(struct webhook_search *search)
{
	static const char example[] =
	    "Enter a date and a time, such as 2026-01-31T23:59.";
	struct webhook_filter *filter = &search->filter;

	if (time_read(&search->typed[SEARCH_FROM], &filter->from_ms) == -1)
		search->from_error = example;
	if (time_read(&search->typed[SEARCH_TO], &filter->to_ms) == -1)
		search->to_error = example;
	else if (filter->to_ms != 0 && filter->from_ms >= filter->to_ms)
		search->to_error = "The end must be after the beginning.";
}

static void
check_texts(struct webhook_search *search)
{
	struct webhook_filter *filter = &search->filter;

	if (text_is_string(&search->typed[SEARCH_EVENT_TYPE]))
		filter->event_type =
		    string_or_null(&search->typed[SEARCH_EVENT_TYPE]);
	else
		search->event_type_error = "An event type is text.";
	if (!text_is_string(&search->typed[SEARCH_REASON]))
		search->is_wrong = true;
	else if (filter->state == WEBHOOK_FAILURE &&
	    filter->subscription != NULL)
		filter->reason = string_or_null(&search->typed[SEARCH_REASON]);
	else
		text_clear(&search->typed[SEARCH_REASON]);
}

static void
check_before(struct webhook_search *search)
{
	if (search->before.length == 0)
		return;
	search->has_before =
	    admin_typed_id(&search->before, &search->before_id) == 0;
	search->is_wrong |= !search->has_before;
}

void
webhook_search_read(struct webhook_search *search, const char *form)
{
	const struct text *outcome;

	for (int i = 0; i < SEARCH_FIELDS; i++) {
		form_value(form, names[i], &search->typed[i]);
		search->is_narrow |= search->typed[i].length != 0;
	}
	form_value(form, "before", &search->before);
	outcome = &search->typed[SEARCH_OUTCOME];
	search->is_wrong = !text_is_string(outcome) ||
	    (outcome->length != 0 &&
		!webhook_state_parse(outcome->bytes, &search->filter.state));
	check_subscription(search);
	check_times(search);
	check_texts(search);
	check_before(search);
	search->is_wrong |= search->subscription_error != NULL ||
	    search->event_type_error != NULL || search->from_error != NULL ||
	    search->to_error != NULL;
}

void
webhook_search_free(struct webhook_search *search)
{
	for (int i = 0; i < SEARCH_FIELDS; i++)
		text_free(&search->typed[i]);
	text_free(&search->before);
}

void
webhook_search_address(struct text *address,
    const struct webhook_search *search, const struct uuid *before)
{
	const char *separator = "?";

	text_adds(address, "/ui/webhooks");
	for (int i = 0; i < SEARCH_FIELDS; i++) {
		if (search->typed[i].length == 0)
			continue;
		text_addf(address, "%s%s=", separator, names[i]);
		html_url_arg(address, search->typed[i].bytes);
		separator = "&";
	}
	if (before != NULL) {
		text_addf(address, "%sbefore=", separator);
		html_uuid(address, before);
	}
}

static void
hidden(struct text *out, const char *name, const struct text *value)
{
	if (value->length == 0)
		return;
	html_lit(out, "<input type=\"hidden\" name=\"");
	html_attribute(out, name);
	html_lit(out, "\" value=\"");
	html_attribute(out, value->bytes);
	html_lit(out, "\">\n");
}

void
webhook_search_hidden(struct text *out, const struct webhook_search *search)
{
	for (int i = 0; i < SEARCH_FIELDS; i++)
		hidden(out, names[i], &search->typed[i]);
	hidden(out, "before", &search->before);
}

static void
outcome_field(struct text *out, enum webhook_state current)
{
	const char *name;

	html_lit(out,
	    "<div class=\"field\"><label for=\"outcome\">Outcome</label>\n"
	    "<select id=\"outcome\" name=\"outcome\">\n"
	    "<option value=\"\">any</option>\n");
	for (enum webhook_state state = WEBHOOK_PENDING;
	     state <= WEBHOOK_CANCELLED; state++) {
		name = webhook_state_name(state);
		html_lit(out, "<option");
		if (state == current)
			html_lit(out, " selected");
		html_lit(out, ">");
		html_text(out, name);
		html_lit(out, "</option>\n");
	}
	html_lit(out, "</select></div>\n");
}

/* class: NULL for none. */
static void
field(struct text *out, const struct webhook_search *search,
    enum webhook_search_field which, const char *label, const char *type,
    const char *class, const char *error)
{
	const char *name = names[which];

	html_lit(out, "<div class=\"field\"><label for=\"");
	html_attribute(out, name);
	html_lit(out, "\">");
	html_text(out, label);
	html_lit(out, "</label>\n");
	admin_field_error(out, name, error);
	html_lit(out, "<input id=\"");
	html_attribute(out, name);
	html_lit(out, "\" name=\"");
	html_attribute(out, name);
	html_lit(out, "\" type=\"");
	html_attribute(out, type);
	if (class != NULL) {
		html_lit(out, "\" class=\"");
		html_attribute(out, class);
	}
	html_lit(out, "\" autocomplete=\"off\" spellcheck=\"false\" value=\"");
	html_attribute(out, text_string(&search->typed[which]));
	if (error != NULL) {
		html_lit(out, "\" aria-invalid=\"true\" aria-describedby=\"");
		html_attribute(out, name);
		html_lit(out, "-error");
	}
	html_lit(out, "\"></div>\n");
}

void
webhook_search_form(struct text *out, const struct webhook_search *search)
{
	html_lit(out,
	    "<form class=\"panel search\" method=\"get\" "
	    "action=\"/ui/webhooks\">\n");
	outcome_field(out, search->filter.state);
	if (search->typed[SEARCH_REASON].length != 0)
		field(out, search, SEARCH_REASON, "Reason", "text", NULL, NULL);
	field(out, search, SEARCH_EVENT_TYPE, "Event type", "text", NULL,
	    search->event_type_error);
	field(out, search, SEARCH_SUBSCRIPTION, "Subscription id", "text",
	    "code", search->subscription_error);
	field(out, search, SEARCH_FROM, "From (UTC)", "datetime-local", NULL,
	    search->from_error);
	field(out, search, SEARCH_TO, "Before (UTC)", "datetime-local", NULL,
	    search->to_error);
	html_lit(out,
	    "<p class=\"actions\"><button class=\"primary\">Filter</button>\n");
	if (search->is_narrow)
		html_lit(out,
		    "<a class=\"button\" href=\"/ui/webhooks\">Show all</a>\n");
	html_lit(out, "</p>\n</form>\n");
}
