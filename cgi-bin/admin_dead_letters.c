#include <string.h>

#include "admin.h"
#include "stores/dead_letter.h"

#define PAGE_GROUPS 25

static void
count_cell(struct text *out, int64_t count)
{
	if (count > DEAD_LETTERS_COUNTED) {
		html_number(out, DEAD_LETTERS_COUNTED);
		html_lit(out, "+");
	} else
		html_number(out, count);
}

/* PATH?…subscription=…&reason=… of a group, ready for an attribute. */
static void
group_address(
    struct text *out, const char *path, const struct dead_letter_group *group)
{
	struct text address = { 0 };

	text_addf(&address, "%ssubscription=", path);
	html_uuid(&address, &group->subscription_id);
	text_adds(&address, "&reason=");
	html_url_arg(&address, group->reason);
	html_attribute(out, address.bytes);
	text_free(&address);
}

static bool
is_there(const struct dead_letter_group *group)
{
	return group->subscription_state != NULL &&
	    strcmp(group->subscription_state, "deleted") != 0;
}

static void
move_cell(struct text *out, const struct dead_letter_group *group)
{
	html_lit(out, "<td role=\"cell\" data-label=\"\">");
	if (is_there(group)) {
		html_lit(out, "<a class=\"button\" href=\"");
		group_address(out, "/ui/dead-letters/resend?", group);
		html_lit(out, "\">Resend all</a>");
	}
	html_lit(out, "</td>");
}

static void
subscription_cell(struct text *out, const struct dead_letter_group *group)
{
	html_lit(out,
	    "<th scope=\"row\" role=\"rowheader\" "
	    "data-label=\"Subscription\">");
	admin_target(out, &group->subscription_id,
	    is_there(group) ? group->target_url : NULL);
	if (is_there(group) &&
	    strcmp(group->subscription_state, "active") != 0) {
		html_lit(out, " <span class=\"quiet\">");
		html_text(out, group->subscription_state);
		html_lit(out, "</span>");
	}
	html_lit(out, "</th>");
}

static void
row(struct text *out, const struct dead_letter_group *group)
{
	html_lit(out, "<tr role=\"row\">");
	subscription_cell(out, group);
	html_lit(out, "<td role=\"cell\" data-label=\"Reason\"><a href=\"");
	group_address(out, "/ui/webhooks?outcome=Failure&", group);
	html_lit(out, "\">");
	html_text(out, group->reason);
	html_lit(out,
	    "</a></td><td role=\"cell\" class=\"number\" "
	    "data-label=\"Webhooks\">");
	count_cell(out, group->count);
	html_lit(out, "</td><td role=\"cell\" data-label=\"Newest\">");
	html_time(out, group->newest_at);
	html_lit(out, "</td><td role=\"cell\" data-label=\"Oldest\">");
	html_time(out, group->oldest_at);
	html_lit(out, "</td>");
	move_cell(out, group);
	html_lit(out, "</tr>\n");
}

static void
table(struct text *out, const struct dead_letter_group *groups, int count)
{
	html_lit(out,
	    "<table role=\"table\" class=\"dead-letters\">\n"
	    "<caption class=\"unseen\">Failures by subscription and reason"
	    "</caption>\n<thead role=\"rowgroup\"><tr role=\"row\">"
	    "<th scope=\"col\" role=\"columnheader\">Subscription</th>"
	    "<th scope=\"col\" role=\"columnheader\">Reason</th>"
	    "<th scope=\"col\" role=\"columnheader\" class=\"number\">"
	    "Webhooks</th>"
	    "<th scope=\"col\" role=\"columnheader\">Newest accepted</th>"
	    "<th scope=\"col\" role=\"columnheader\">Oldest accepted</th>"
	    "<th scope=\"col\" role=\"columnheader\">"
	    "<span class=\"unseen\">Act</span></th>"
	    "</tr></thead>\n<tbody role=\"rowgroup\">\n");
	for (int i = 0; i < count; i++)
		row(out, &groups[i]);
	html_lit(out, "</tbody>\n</table>\n");
}

static void
empty(struct text *out, bool is_first_page)
{
	if (is_first_page)
		html_lit(out,
		    "<div class=\"panel\"><p>Nothing has failed for good. A "
		    "webhook comes here when its last retry has failed, and "
		    "goes when it is sent again. What still has retries is "
		    "<a href=\"/ui/webhooks?outcome=pending\">pending</a>."
		    "</p></div>\n");
	else
		html_lit(out,
		    "<div class=\"panel\"><p>There are no more. "
		    "<a href=\"/ui/dead-letters\">Show the first ones</a>."
		    "</p></div>\n");
}

static void
pager(struct text *out, const struct dead_letter_group *last)
{
	html_lit(out,
	    "<nav class=\"pager\" aria-label=\"Pages\">\n<p></p>\n"
	    "<a class=\"button\" rel=\"next\" href=\"");
	group_address(out, "/ui/dead-letters?", last);
	html_lit(out, "\">More groups</a>\n</nav>\n");
}

/* Behind which group the page begins; false when the address says nothing
 * that there could be. */
static bool
after_read(const struct request *request, struct uuid *subscription,
    struct text *reason, bool *is_given)
{
	struct text typed = { 0 };
	bool ok = true;

	*is_given = form_value(request->query, "subscription", &typed) == 1;
	if (*is_given)
		ok = admin_typed_id(&typed, subscription) == 0;
	form_value(request->query, "reason", reason);
	text_free(&typed);
	return ok && strlen(text_string(reason)) == reason->length &&
	    text_is_utf8(text_string(reason), reason->length);
}

void
admin_dead_letters(const struct request *request, struct response *response,
    const char *argument, void *context)
{
	const struct admin *admin = context;
	struct text *out = &response->body, reason = { 0 };
	struct dead_letter_group *groups = NULL;
	struct uuid after;
	bool is_given;
	int count = 0, shown;

	(void)argument;
	if (!after_read(request, &after, &reason, &is_given)) {
		admin_refuse(request, response, 422, NULL);
		goto out;
	}
	count = dead_letter_groups(admin->db, NULL, is_given ? &after : NULL,
	    text_string(&reason), PAGE_GROUPS + 1, &groups);
	if (count == -1) {
		admin_failed(request, response, admin);
		goto out;
	}
	shown = count > PAGE_GROUPS ? PAGE_GROUPS : count;
	page_begin(response, 200, "Dead letters", PAGE_DEAD_LETTERS);
	if (shown > 0)
		table(out, groups, shown);
	else
		empty(out, !is_given);
	if (count > shown)
		pager(out, &groups[shown - 1]);
	page_end(response, request);
out:
	dead_letter_groups_free(groups, count);
	text_free(&reason);
}
