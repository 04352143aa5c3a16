/* A group of dead letters is sent again a page at a time: a form, its answer
 * with how far that came, and the form again until there is no more. How far
 * it came is in the addresses, not with us: whoever stops, stops it. */
#include <inttypes.h>
#include <string.h>

#include "admin.h"
#include "ground/clock.h"
#include "stores/dead_letter.h"
#include "stores/intervention.h"

struct run {
	struct uuid subscription, before;
	struct text reason;
	bool has_before;
	int64_t of, found, resent;
};

static bool
run_read(struct run *run, const char *form)
{
	static const int64_t most = INT64_C(1) << 46;

	run->has_before = admin_form_id(form, "before", &run->before) == 1;
	form_value(form, "reason", &run->reason);
	return admin_form_id(form, "subscription", &run->subscription) == 1 &&
	    text_is_string(&run->reason) &&
	    admin_form_number(form, "of", 0, most, 0, &run->of) &&
	    admin_form_number(form, "found", 0, most, 0, &run->found) &&
	    admin_form_number(form, "resent", 0, most, 0, &run->resent);
}

static void
run_address(struct text *address, const struct run *run)
{
	text_adds(address, "/ui/dead-letters/progress?subscription=");
	html_uuid(address, &run->subscription);
	text_adds(address, "&reason=");
	html_url_arg(address, text_string(&run->reason));
	text_addf(address, "&of=%" PRId64 "&found=%" PRId64 "&resent=%" PRId64,
	    run->of, run->found, run->resent);
	if (run->has_before) {
		text_adds(address, "&before=");
		html_uuid(address, &run->before);
	}
}

static void
hidden_number(struct text *out, const char *name, int64_t number)
{
	html_lit(out, "<input type=\"hidden\" name=\"");
	html_attribute(out, name);
	text_addf(out, "\" value=\"%" PRId64 "\">\n", number);
}

static void
run_hidden(struct text *out, const struct run *run)
{
	html_lit(out, "<input type=\"hidden\" name=\"subscription\" value=\"");
	html_uuid(out, &run->subscription);
	html_lit(out, "\">\n<input type=\"hidden\" name=\"reason\" value=\"");
	html_attribute(out, text_string(&run->reason));
	html_lit(out, "\">\n");
	hidden_number(out, "of", run->of);
	if (!run->has_before)
		return;
	hidden_number(out, "found", run->found);
	hidden_number(out, "resent", run->resent);
	html_lit(out, "<input type=\"hidden\" name=\"before\" value=\"");
	html_uuid(out, &run->before);
	html_lit(out, "\">\n");
}

static void
about(struct text *out, int64_t count)
{
	if (count > DEAD_LETTERS_COUNTED) {
		html_lit(out, "more than ");
		html_number(out, DEAD_LETTERS_COUNTED);
	} else
		html_number(out, count);
}

/* target_url: NULL where it is not at hand. */
static void
say_group(struct text *out, const struct run *run, const char *target_url)
{
	html_lit(out, "<dl class=\"facts\">\n<div><dt>Subscription</dt><dd>");
	admin_link(out, "subscriptions", &run->subscription);
	if (target_url != NULL) {
		html_lit(out,
		    "</dd></div>\n<div><dt>URL</dt>"
		    "<dd class=\"url\">");
		html_text(out, target_url);
	}
	html_lit(out, "</dd></div>\n<div><dt>Reason</dt><dd>");
	html_text(out, text_string(&run->reason));
	html_lit(out, "</dd></div>\n</dl>\n");
}

static void
ask(struct text *out, const struct run *run,
    const struct dead_letter_group *group)
{
	say_group(out, run, group->target_url);
	html_lit(out, "<div class=\"panel\">\n<p>");
	about(out, group->count);
	html_lit(out,
	    " webhooks get a new round of all retries, the newest first, under "
	    "the ids they had. What fails from now on is not among them.</p>\n");
	if (group->subscription_state != NULL &&
	    strcmp(group->subscription_state, "active") != 0) {
		html_lit(out, "<p>The subscription is ");
		html_text(out, group->subscription_state);
		html_lit(out, ": they wait until it is resumed.</p>\n");
	}
	admin_form_begin(out, "plain", "/ui/dead-letters/resend");
	run_hidden(out, run);
	html_lit(out,
	    "<p class=\"actions\">"
	    "<button class=\"primary\">Resend all</button>\n"
	    "<a class=\"button\" href=\"/ui/dead-letters\">Leave them</a></p>"
	    "</form>\n</div>\n");
}

static void
nothing_left(const struct request *request, struct response *response)
{
	page_begin(
	    response, 404, "There is nothing to resend", PAGE_DEAD_LETTERS);
	html_lit(&response->body,
	    "<div class=\"panel\"><p>No webhook of this subscription has "
	    "failed for this reason any more. They may have been sent again "
	    "already.</p>\n<p class=\"actions\"><a class=\"button\" "
	    "href=\"/ui/dead-letters\">Go to the dead letters</a></p></div>\n");
	page_end(response, request);
}

void
admin_resend_ask(const struct request *request, struct response *response,
    const char *argument, void *context)
{
	const struct admin *admin = context;
	struct dead_letter_group *group = NULL;
	struct run run = { 0 };
	int count = 0;

	(void)argument;
	if (!run_read(&run, request->query)) {
		admin_refuse(request, response, 422, NULL);
		goto out;
	}
	count = dead_letter_group(
	    admin->db, &run.subscription, text_string(&run.reason), &group);
	if (count == -1)
		admin_failed(request, response, admin);
	else if (count == 0)
		nothing_left(request, response);
	else {
		run.of = group->count;
		run.has_before = false;
		page_begin(
		    response, 200, "Resend all of them?", PAGE_DEAD_LETTERS);
		ask(&response->body, &run, group);
		page_end(response, request);
	}
out:
	dead_letter_groups_free(group, count);
	text_free(&run.reason);
}

/* The next page of it: downwards from now, so that it meets nothing that came
 * since. 0, -1. */
static int
run_on(struct run *run, const struct admin *admin)
{
	struct uuid ids[RESEND_MOST], before = uuid_at(clock_database_ms());
	int found, resent;

	if (run->has_before)
		before = run->before;
	found = dead_letter_ids(admin->db, &run->subscription,
	    text_string(&run->reason), &before, RESEND_MOST, ids);
	if (found == -1)
		return -1;
	resent = intervention_resend_ids(
	    admin->db, admin->queue, ids, (size_t)found);
	if (resent == -1)
		return -1;
	run->found += found;
	run->resent += resent;
	run->has_before = found == RESEND_MOST;
	if (run->has_before)
		run->before = ids[found - 1];
	return 0;
}

void
admin_resend(const struct request *request, struct response *response,
    const char *argument, void *context)
{
	struct text location = { 0 };
	struct run run = { 0 };

	(void)argument;
	if (!run_read(&run, text_string(&request->body)))
		admin_refuse(request, response, 422, NULL);
	else if (run_on(&run, context) == -1)
		admin_failed(request, response, context);
	else {
		run_address(&location, &run);
		admin_redirect(response, text_string(&location));
	}
	text_free(&location);
	text_free(&run.reason);
}

static void
goes_on(struct text *out, const struct run *run)
{
	html_lit(out, "<div class=\"panel\">\n<p><label for=\"progress\">");
	html_number(out, run->resent);
	html_lit(out, " of ");
	if (run->of <= DEAD_LETTERS_COUNTED)
		html_lit(out, "about ");
	about(out, run->of);
	html_lit(out, " are sent again.</label></p>\n");
	if (run->of <= DEAD_LETTERS_COUNTED)
		text_addf(out,
		    "<progress id=\"progress\" max=\"%" PRId64
		    "\" value=\"%" PRId64 "\"></progress>\n",
		    run->of, run->found);
	else
		html_lit(out, "<progress id=\"progress\"></progress>\n");
	html_lit(out,
	    "<form method=\"post\" action=\"/ui/dead-letters/resend\" "
	    "data-continue>\n");
	admin_form_token(out);
	run_hidden(out, run);
	html_lit(out,
	    "<p class=\"actions\">"
	    "<button class=\"primary\">Continue</button>\n"
	    "<a class=\"button\" href=\"/ui/dead-letters\">Stop here</a></p>"
	    "</form>\n</div>\n");
}

static void
has_ended(struct text *out, const struct run *run)
{
	html_lit(out, "<p class=\"notice\" role=\"status\">");
	html_number(out, run->resent);
	if (run->resent < run->found) {
		html_lit(out, " of ");
		html_number(out, run->found);
	}
	if (run->resent == 1)
		html_lit(out, " webhook is sent again.");
	else
		html_lit(out, " webhooks are sent again.");
	if (run->resent < run->found)
		html_lit(out,
		    " The others are about to be purged, or were sent again "
		    "by someone else.");
	html_lit(out,
	    "</p>\n<p class=\"actions\">"
	    "<a class=\"button primary\" href=\"/ui/webhooks?outcome=pending"
	    "&amp;subscription=");
	html_uuid(out, &run->subscription);
	html_lit(out,
	    "\">See those that are pending</a>\n"
	    "<a class=\"button\" href=\"/ui/dead-letters\">Dead letters</a>"
	    "</p>\n");
}

void
admin_resend_progress(const struct request *request, struct response *response,
    const char *argument, void *context)
{
	struct text *out = &response->body;
	struct run run = { 0 };

	(void)argument;
	(void)context;
	if (!run_read(&run, request->query)) {
		admin_refuse(request, response, 422, NULL);
		goto out;
	}
	page_begin(response, 200,
	    run.has_before ? "Sending them again" : "Sent again",
	    PAGE_DEAD_LETTERS);
	say_group(out, &run, NULL);
	if (run.has_before)
		goes_on(out, &run);
	else
		has_ended(out, &run);
	page_end(response, request);
out:
	text_free(&run.reason);
}
