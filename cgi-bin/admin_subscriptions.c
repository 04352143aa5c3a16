/* The list of subscriptions. */
#include <stdlib.h>

#include "admin_search.h"

#define PAGE_ROWS 25
#define EVENTS_SHOWN 2
#define EVENT_BYTES 40
#define URL_BYTES 100
#define REASON_BYTES 80

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
	int count;

	db_snapshot_begin(admin->db);
	count = subscription_search(
	    admin->db, &search->query, PAGE_ROWS, &lines, &more);
	if (count > 0)
		days = days_of(admin->db, lines, count);
	db_snapshot_end(admin->db);
	if (count == -1 || (count > 0 && days == NULL))
		admin_failed(request, response, admin);
	else {
		page_begin(response, 200, "Subscriptions", PAGE_SUBSCRIPTIONS);
		admin_notice(request, out);
		admin_search_form(out, search);
		if (count == 0)
			write_none(request, out, search);
		else
			write_table(out, lines, count, days);
		admin_search_pager(
		    out, search, more ? &lines[count - 1] : NULL);
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
	const char *fault = admin_search_read(request, &search);

	(void)argument;
	if (fault != NULL)
		admin_refuse(request, response, 422, fault);
	else
		show(request, response, context, &search);
	admin_search_free(&search);
}
