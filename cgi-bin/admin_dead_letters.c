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

	text_adds(&address, path);
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
		group_address(
		    out, "/ui/dead-letters/resend?subscription=", group);
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
	group_address(out, "/ui/webhooks?outcome=Failure&subscription=", group);
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

/* Which groups: of one subscription or of all, behind a group or from the
 * first. */
struct groups_wanted {
	struct uuid subscription, after;
	bool of_one, has_after;
	struct text reason; /* of the group that they are behind */
};

/* False when the address says nothing that there could be. */
static bool
wanted_read(const struct request *request, struct groups_wanted *wanted)
{
	int subscription = admin_form_id(
	    request->query, "subscription", &wanted->subscription);
	int after = admin_form_id(request->query, "after", &wanted->after);

	wanted->of_one = subscription == 1;
	wanted->has_after = after == 1;
	form_value(request->query, "reason", &wanted->reason);
	return subscription != -1 && after != -1 &&
	    text_is_string(&wanted->reason);
}

static void
say_which(struct text *out, const struct groups_wanted *wanted)
{
	html_lit(out, "<p>Of subscription ");
	admin_link(out, "subscriptions", &wanted->subscription);
	html_lit(out, ". <a href=\"/ui/dead-letters\">Show all</a></p>\n");
}

static void
empty(struct text *out, const struct groups_wanted *wanted)
{
	if (wanted->has_after || wanted->reason.length != 0)
		html_lit(out,
		    "<div class=\"panel\"><p>There are no more. "
		    "<a href=\"/ui/dead-letters\">Show the first ones</a>."
		    "</p></div>\n");
	else
		html_lit(out,
		    "<div class=\"panel\"><p>Nothing has failed for good. A "
		    "webhook comes here when its last retry has failed, and "
		    "goes when it is sent again. What still has retries is "
		    "<a href=\"/ui/webhooks?outcome=pending\">pending</a>."
		    "</p></div>\n");
}

static void
pager(struct text *out, const struct groups_wanted *wanted,
    const struct dead_letter_group *last)
{
	html_lit(out,
	    "<nav class=\"pager\" aria-label=\"Pages\">\n<p></p>\n"
	    "<a class=\"button\" rel=\"next\" href=\"");
	group_address(out,
	    wanted->of_one ? "/ui/dead-letters?subscription="
			   : "/ui/dead-letters?after=",
	    last);
	html_lit(out, "\">More groups</a>\n</nav>\n");
}

void
admin_dead_letters(const struct request *request, struct response *response,
    const char *argument, void *context)
{
	const struct admin *admin = context;
	struct text *out = &response->body;
	struct dead_letter_group *groups = NULL;
	struct groups_wanted wanted = { 0 };
	int count = 0, shown;

	(void)argument;
	if (!wanted_read(request, &wanted)) {
		admin_refuse(request, response, 422, NULL);
		goto out;
	}
	count = dead_letter_groups(admin->db,
	    wanted.of_one ? &wanted.subscription : NULL,
	    wanted.has_after ? &wanted.after : NULL,
	    text_string(&wanted.reason), PAGE_GROUPS + 1, &groups);
	if (count == -1) {
		admin_failed(request, response, admin);
		goto out;
	}
	shown = count > PAGE_GROUPS ? PAGE_GROUPS : count;
	page_begin(response, 200, "Dead letters", PAGE_DEAD_LETTERS);
	if (wanted.of_one)
		say_which(out, &wanted);
	if (shown > 0)
		table(out, groups, shown);
	else
		empty(out, &wanted);
	if (count > shown)
		pager(out, &wanted, &groups[shown - 1]);
	page_end(response, request);
out:
	dead_letter_groups_free(groups, count);
	text_free(&wanted.reason);
}
