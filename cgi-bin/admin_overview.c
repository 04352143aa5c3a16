/* The first page: how deliveries went in a day, and what fails now. */
#include <stdlib.h>
#include <string.h>

#include "admin.h"
#include "stores/overview.h"

#define ROWS 8
#define URL_BYTES 90
#define REASON_BYTES 120
#define REFRESH_SECONDS 10
#define MINUTE_MS INT64_C(60000)
#define HOUR_MS (60 * MINUTE_MS)

struct view {
	struct overview now;
	struct stats_quarter quarters[STATS_DAY];
	struct overview_failing *failing;
	int failing_count;
	struct attempt_list failures;
};

static int
view_get(struct db *db, struct view *view)
{
	if (overview_get(db, &view->now) == -1 ||
	    stats_quarters(db, NULL, STATS_DAY, view->quarters) == -1 ||
	    attempt_list_failed(db, ROWS, &view->failures) == -1)
		return -1;
	view->failing_count = overview_failing(db, ROWS, &view->failing);
	return view->failing_count == -1 ? -1 : 0;
}

static void
view_release(struct view *view)
{
	overview_release(&view->now);
	overview_failing_free(view->failing, view->failing_count);
	attempt_list_release(&view->failures);
	free(view);
}

static void
show_pending(struct text *out, const struct backlog *now)
{
	html_lit(out,
	    "<div><dt>Pending</dt><dd>"
	    "<a href=\"/ui/webhooks?outcome=pending\">");
	if (now->pending_is_about)
		html_lit(out, "about ");
	html_number(out, now->pending);
	html_lit(out, "</a></dd></div>\n");
}

/* As people say it: what waits for hours is not told in milliseconds. */
static void
write_age(struct text *out, int64_t ms)
{
	if (ms < MINUTE_MS)
		admin_duration(out, ms);
	else if (ms < 2 * HOUR_MS) {
		html_number(out, ms / MINUTE_MS);
		html_lit(out, " min");
	} else {
		html_number(out, ms / HOUR_MS);
		html_lit(out, " h");
	}
}

static void
show_age(struct text *out, const struct backlog *now)
{
	html_lit(out, "<div><dt>Oldest due</dt><dd>");
	if (now->oldest.ms < 0)
		html_lit(out, "<span class=\"quiet\">nothing waits</span>");
	else if (now->oldest.ms >= BACKLOG_LATE_MS) {
		html_lit(out, "<span class=\"late\">");
		write_age(out, now->oldest.ms);
		html_lit(out, "</span>");
	} else
		write_age(out, now->oldest.ms);
	html_lit(out, "</dd></div>\n");
}

static void
show_figures(struct text *out, const struct view *view)
{
	struct stats day = { 0 };

	for (int i = 0; i < STATS_DAY; i++)
		stats_add(&day, &view->quarters[i].stats);
	html_lit(out, "<dl class=\"figures\">\n");
	admin_figures(out, &day);
	show_pending(out, &view->now.backlog);
	show_age(out, &view->now.backlog);
	html_lit(out, "<div><dt>Delivery processes</dt><dd>");
	html_number(out, view->now.backlog.deliveries);
	html_lit(out, "</dd></div>\n</dl>\n");
}

static void
write_behind(struct text *out, const struct overview *now)
{
	const struct waiting *behind = overview_behind(now);

	html_lit(out, "<a class=\"url\" href=\"/ui/subscriptions/");
	html_uuid(out, &behind->subscription_id);
	html_lit(out, "\">");
	admin_brief(out,
	    now->waiting_url != NULL ? now->waiting_url : "a subscription",
	    URL_BYTES);
	html_lit(out, "</a>");
}

static void
warn_of_unserved(struct text *out, const struct overview *now)
{
	html_lit(out,
	    "<p class=\"notice wrong\" role=\"status\"><strong>Deliveries are "
	    "behind:</strong> webhooks for ");
	write_behind(out, now);
	html_lit(out, " have been due for ");
	write_age(out, now->backlog.unserved.ms);
	html_lit(out,
	    ", and no delivery process is working on them. The worker may "
	    "be stuck, or have too few processes: see its log.</p>\n");
}

static void
tell_of_late(struct text *out, const struct overview *now)
{
	html_lit(out,
	    "<p class=\"notice\" role=\"status\"><strong>One subscription is "
	    "behind:</strong> webhooks for ");
	write_behind(out, now);
	html_lit(out, " have been due for ");
	write_age(out, now->backlog.oldest.ms);
	html_lit(out,
	    ". Its receiver is failing or too slow. Other subscriptions are "
	    "not affected.</p>\n");
}

static void
show_warnings(struct text *out, const struct overview *now)
{
	const struct backlog *backlog = &now->backlog;

	if (backlog->deliveries == 0)
		html_lit(out,
		    "<p class=\"notice wrong\" role=\"status\"><strong>Nothing "
		    "is being delivered.</strong> No delivery process is "
		    "connected to PostgreSQL. What is accepted is kept, and "
		    "goes out once the worker runs again.</p>\n");
	else if (backlog->failing > 0)
		html_lit(out,
		    "<p class=\"notice wrong\" role=\"status\"><strong>"
		    "Deliveries are held up:</strong> delivery processes "
		    "cannot fetch webhooks from PostgreSQL. See the worker's "
		    "log for the reason.</p>\n");
	else if (backlog->unserved.ms >= 0)
		warn_of_unserved(out, now);
	else if (overview_behind(now) != NULL)
		tell_of_late(out, now);
}

static void
show_chart(struct text *out, const struct view *view)
{
	html_lit(out,
	    "<section aria-labelledby=\"day\">\n"
	    "<h2 id=\"day\">Attempts of the last 24 hours</h2>\n");
	admin_chart(out, view->quarters, STATS_DAY);
	html_lit(out, "</section>\n");
}

static void
failing_row(struct text *out, const struct overview_failing *failing)
{
	html_lit(out,
	    "<tr role=\"row\"><th scope=\"row\" role=\"rowheader\" "
	    "data-label=\"Subscription\"><a class=\"url\" "
	    "href=\"/ui/subscriptions/");
	html_uuid(out, &failing->id);
	html_lit(out, "\">");
	admin_brief(out, failing->target_url, URL_BYTES);
	html_lit(out, "</a></th><td role=\"cell\" data-label=\"Why\"><div>");
	if (strcmp(failing->state, "active") != 0) {
		html_lit(out, "<span class=\"mark none\">");
		html_text(out, failing->state);
		html_lit(out, "</span> ");
	}
	if (failing->reason != NULL)
		admin_brief(out, failing->reason, REASON_BYTES);
	else
		html_lit(out, "<span class=\"quiet\">not known</span>");
	html_lit(out, "</div></td><td role=\"cell\" data-label=\"Since\">");
	html_time(out, failing->failing_since);
	html_lit(out,
	    "</td><td role=\"cell\" class=\"number\" "
	    "data-label=\"Failed\">");
	html_number(out, failing->failures);
	html_lit(out, "</td></tr>\n");
}

static void
failing_more(struct text *out, const struct view *view)
{
	if (view->now.failing <= view->failing_count)
		return;
	html_lit(out, "<p><a href=\"/ui/subscriptions?state=failing\">All ");
	if (view->now.failing > OVERVIEW_COUNTED) {
		html_lit(out, "of more than ");
		html_number(out, OVERVIEW_COUNTED);
	} else
		html_number(out, view->now.failing);
	html_lit(out, " that fail</a></p>\n");
}

static void
show_failing(struct text *out, const struct view *view)
{
	html_lit(out,
	    "<section aria-labelledby=\"failing\">\n"
	    "<h2 id=\"failing\">Failing now</h2>\n");
	if (view->failing_count == 0) {
		html_lit(out,
		    "<div class=\"panel\"><p>No subscription fails: whatever "
		    "was sent last to each of them arrived.</p></div>\n"
		    "</section>\n");
		return;
	}
	html_lit(out,
	    "<table role=\"table\">\n"
	    "<caption class=\"unseen\">Subscriptions without a success, those "
	    "that began to fail last come first</caption>\n"
	    "<thead role=\"rowgroup\"><tr role=\"row\">"
	    "<th scope=\"col\" role=\"columnheader\">Subscription</th>"
	    "<th scope=\"col\" role=\"columnheader\">Why</th>"
	    "<th scope=\"col\" role=\"columnheader\">Since</th>"
	    "<th scope=\"col\" role=\"columnheader\" class=\"number\">"
	    "Failed</th></tr></thead>\n<tbody role=\"rowgroup\">\n");
	for (int i = 0; i < view->failing_count; i++)
		failing_row(out, &view->failing[i]);
	html_lit(out, "</tbody>\n</table>\n");
	failing_more(out, view);
	html_lit(out, "</section>\n");
}

static void
failure_row(struct text *out, const struct attempt *attempt)
{
	html_lit(out,
	    "<tr role=\"row\"><th scope=\"row\" role=\"rowheader\" "
	    "data-label=\"Time\"><a href=\"/ui/webhooks/");
	html_uuid(out, &attempt->webhook_id);
	html_lit(out, "\">");
	html_time(out, attempt->timestamp);
	html_lit(out, "</a></th><td role=\"cell\" data-label=\"Outcome\">");
	admin_outcome(out, attempt->outcome);
	html_lit(out, "</td><td role=\"cell\" data-label=\"Answer\"><div>");
	admin_answer(out, attempt->status_code, attempt->error);
	html_lit(out, "</div></td><td role=\"cell\" data-label=\"To\"><div>");
	admin_target(out, &attempt->subscription_id, attempt->target_url);
	html_lit(out,
	    "</div></td><td role=\"cell\" class=\"number\" "
	    "data-label=\"Attempt\">");
	html_number(out, attempt->attempt_number);
	html_lit(out, "</td></tr>\n");
}

static void
show_failures(struct text *out, const struct attempt_list *failures)
{
	html_lit(out,
	    "<section aria-labelledby=\"failures\">\n"
	    "<h2 id=\"failures\">Newest failures</h2>\n");
	if (failures->count == 0) {
		html_lit(out,
		    "<div class=\"panel\"><p>No attempt on record has "
		    "failed.</p></div>\n</section>\n");
		return;
	}
	html_lit(out,
	    "<table role=\"table\">\n"
	    "<caption class=\"unseen\">Attempts that failed, newest first"
	    "</caption>\n"
	    "<thead role=\"rowgroup\"><tr role=\"row\">"
	    "<th scope=\"col\" role=\"columnheader\">Time</th>"
	    "<th scope=\"col\" role=\"columnheader\">Outcome</th>"
	    "<th scope=\"col\" role=\"columnheader\">Answer</th>"
	    "<th scope=\"col\" role=\"columnheader\">Sent to</th>"
	    "<th scope=\"col\" role=\"columnheader\" class=\"number\">"
	    "Attempt</th></tr></thead>\n<tbody role=\"rowgroup\">\n");
	for (int i = 0; i < failures->count; i++)
		failure_row(out, &failures->attempts[i]);
	html_lit(out,
	    "</tbody>\n</table>\n"
	    "<p><a href=\"/ui/dead-letters\">What failed for good</a> can be "
	    "sent again.</p>\n</section>\n");
}

static void
show(const struct request *request, struct response *response,
    const struct view *view)
{
	struct text *out = &response->body;

	page_begin(response, 200, "Overview", PAGE_OVERVIEW);
	page_refresh(response, REFRESH_SECONDS);
	admin_notice(request, out);
	show_warnings(out, &view->now);
	show_figures(out, view);
	show_chart(out, view);
	html_lit(out, "<div class=\"twin\">\n");
	show_failing(out, view);
	show_failures(out, &view->failures);
	html_lit(out, "</div>\n");
	page_end(response, request);
}

void
admin_overview(const struct request *request, struct response *response,
    const char *argument, void *context)
{
	const struct admin *admin = context;
	struct view *view = memory_get(sizeof(*view));
	int rc;

	(void)argument;
	db_snapshot_begin(admin->db);
	rc = view_get(admin->db, view);
	db_snapshot_end(admin->db);
	if (rc == -1)
		admin_failed(request, response, admin);
	else if (!view->now.any_subscription)
		admin_redirect(response, "/ui/start");
	else
		show(request, response, view);
	view_release(view);
}
