#include "admin.h"

#define EVENT_BYTES 60

static void
select_cell(struct text *out, const struct webhook_line *line)
{
	bool has_ended = line->state == WEBHOOK_SUCCESS ||
	    line->state == WEBHOOK_FAILURE || line->state == WEBHOOK_CANCELLED;

	html_lit(out, "<td role=\"cell\" data-label=\"Select\">");
	/* What is under way, or was never wanted, is not sent again. */
	if (has_ended && !line->is_deleted) {
		html_lit(
		    out, "<input type=\"checkbox\" name=\"webhook\" value=\"");
		html_uuid(out, &line->id);
		html_lit(out, "\" aria-label=\"Select webhook ");
		html_uuid(out, &line->id);
		html_lit(out, "\">");
	}
	html_lit(out, "</td>");
}

static void
event_cell(struct text *out, const struct webhook_line *line)
{
	html_lit(out, "<td role=\"cell\" data-label=\"Event\">");
	if (line->event_type == NULL)
		html_lit(out, "<span class=\"quiet\">no type</span>");
	else
		admin_brief(out, line->event_type, EVENT_BYTES);
	html_lit(out, "</td>");
}

static void
answer_cell(struct text *out, const struct webhook_line *line)
{
	html_lit(out, "<td role=\"cell\" data-label=\"Answer\"><div>");
	if (line->state == WEBHOOK_FILTERED)
		html_lit(out, "<span class=\"quiet\">never sent</span>");
	else
		admin_answer(out, line->status_code, line->error);
	html_lit(out, "</div></td>");
}

static void
row(struct text *out, const struct webhook_line *line, unsigned columns)
{
	html_lit(out, "<tr role=\"row\">");
	if (columns & ADMIN_WEBHOOKS_SELECT)
		select_cell(out, line);
	html_lit(out,
	    "<th scope=\"row\" role=\"rowheader\" data-label=\"Time\">"
	    "<a href=\"/ui/webhooks/");
	html_uuid(out, &line->id);
	html_lit(out, "\">");
	html_time(out, line->accepted_at);
	html_lit(out, "</a></th>");
	event_cell(out, line);
	if (columns & ADMIN_WEBHOOKS_SUBSCRIPTION) {
		html_lit(out,
		    "<td role=\"cell\" class=\"target\" "
		    "data-label=\"To\"><div>");
		admin_target(out, &line->subscription_id,
		    line->is_deleted ? NULL : line->target_url);
		html_lit(out, "</div></td>");
	}
	html_lit(out, "<td role=\"cell\" data-label=\"Outcome\">");
	admin_webhook_state(out, line->state, line->in_flight);
	html_lit(out,
	    "</td><td role=\"cell\" class=\"number\" "
	    "data-label=\"Attempts\">");
	html_number(out, line->attempts);
	html_lit(out, "</td>");
	answer_cell(out, line);
	html_lit(
	    out, "<td role=\"cell\" class=\"number\" data-label=\"Took\">");
	admin_duration(out, line->duration_ms);
	html_lit(out, "</td></tr>\n");
}

void
admin_webhook_table(
    struct text *out, const struct webhook_page *page, unsigned columns)
{
	html_lit(out,
	    "<table role=\"table\" class=\"webhooks\">\n"
	    "<caption class=\"unseen\">Webhooks, newest first</caption>\n"
	    "<thead role=\"rowgroup\"><tr role=\"row\">");
	if (columns & ADMIN_WEBHOOKS_SELECT)
		html_lit(out,
		    "<th scope=\"col\" role=\"columnheader\">"
		    "<span class=\"unseen\">Select</span></th>");
	html_lit(out,
	    "<th scope=\"col\" role=\"columnheader\">Accepted</th>"
	    "<th scope=\"col\" role=\"columnheader\">Event type</th>");
	if (columns & ADMIN_WEBHOOKS_SUBSCRIPTION)
		html_lit(out,
		    "<th scope=\"col\" role=\"columnheader\">Subscription"
		    "</th>");
	html_lit(out,
	    "<th scope=\"col\" role=\"columnheader\">Outcome</th>"
	    "<th scope=\"col\" role=\"columnheader\" class=\"number\">"
	    "Attempts</th>"
	    "<th scope=\"col\" role=\"columnheader\">Last answer</th>"
	    "<th scope=\"col\" role=\"columnheader\" class=\"number\">"
	    "Took</th></tr></thead>\n<tbody role=\"rowgroup\">\n");
	for (int i = 0; i < page->count; i++)
		row(out, &page->lines[i], columns);
	html_lit(out, "</tbody>\n</table>\n");
}
