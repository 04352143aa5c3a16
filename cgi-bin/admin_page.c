#include <string.h>

#include "admin.h"

static const struct {
	int status;
	const char *title;
	const char *advice;
} refusals[] = {
	{ 400, "The form arrived incomplete",
	    "The connection broke off while the form was being sent, and "
	    "nothing was saved. Go back and send it again." },
	{ 403, "This form came from another site",
	    "To protect you, Postrider takes forms only from its own pages. "
	    "Nothing was changed. Open the page here and send the form from "
	    "there." },
	{ 404, "There is nothing here",
	    "The address may be mistyped, or what it named was deleted. The "
	    "list of subscriptions is a good place to start again." },
	{ 405, "That cannot be done here",
	    "This address exists, but not for this kind of request. Open it "
	    "from a link or a form of these pages." },
	{ 409, "It has changed meanwhile",
	    "Somebody or something else was first, and nothing was done. Look "
	    "at it again." },
	{ 413, "The form is too large",
	    "A form may hold 1 MiB. Nothing was saved. Go back and shorten "
	    "what you entered." },
	{ 415, "The form has an unknown encoding",
	    "Forms are sent as application/x-www-form-urlencoded. For JSON "
	    "there is the API; see the API page." },
	{ 422, "Something in the address is not right",
	    "Correct the address, or start again from the list of "
	    "subscriptions." },
	{ 500, "Something went wrong on our side",
	    "The log has the reason under the request id at the foot of this "
	    "page. Whatever was accepted with 202 is safe. Please tell the "
	    "operator." },
	{ 503, "The database does not answer",
	    "Nothing that was accepted is lost, and deliveries go on as soon "
	    "as it is back. Wait a few seconds, then load this page again." },
};

static const char resend[] =
    "The change was probably not saved. Nothing that you entered is lost: "
    "wait a few seconds, see in the list whether it arrived after all, and if "
    "not, load this page again and let the browser send the form once more.";

void
admin_refuse(const struct request *request, struct response *response,
    int status, const char *detail)
{
	struct text *out = &response->body;
	const char *title = "The request was refused", *advice = "";

	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++)
		if (refusals[i].status == status) {
			title = refusals[i].title;
			advice = refusals[i].advice;
		}
	/* The router's own words are the API's, too short for a reader. */
	if ((status == 409 || status == 422) && detail != NULL)
		advice = detail;
	if (status == 403 && detail != NULL) {
		title = "This was refused";
		advice = detail;
	}
	if (status == 503 && detail != NULL) {
		title = "This cannot be had now";
		advice = detail;
	} else if (status == 503 && strcmp(request->method, "POST") == 0)
		advice = resend;
	if (status == 503)
		response_header(response, "Retry-After", "2");
	page_begin(response, status, title, PAGE_NONE);
	html_lit(out, "<div class=\"panel\">\n<p>");
	html_text(out, advice);
	html_lit(out,
	    "</p>\n<p class=\"actions\"><a class=\"button\" "
	    "href=\"/ui/subscriptions\">Go to the subscriptions</a></p>\n"
	    "<p class=\"hint\">Status ");
	html_number(out, status);
	html_lit(out, "</p>\n</div>\n");
	page_end(response, request);
}

void
admin_failed(const struct request *request, struct response *response,
    const struct admin *admin)
{
	enum db_error error = db_error(admin->db);

	admin_refuse(request, response,
	    error == DB_GONE || error == DB_AGAIN ? 503 : 500, NULL);
}

void
admin_redirect(struct response *response, const char *location)
{
	response->status = 303;
	response->content_type = NULL;
	response_header(response, "Location", location);
}

void
admin_redirect_done(
    struct response *response, const struct uuid *id, const char *done)
{
	struct text location = { 0 };

	html_lit(&location, "/ui/subscriptions/");
	html_uuid(&location, id);
	html_lit(&location, "?done=");
	html_url_arg(&location, done);
	admin_redirect(response, text_string(&location));
	text_free(&location);
}

void
admin_notice(const struct request *request, struct text *out)
{
	static const struct {
		const char *done;
		const char *words;
	} notices[] = {
		{ "created",
		    "The subscription was created. Webhooks sent to "
		    "it are delivered from now on." },
		{ "saved", "The changes were saved." },
		{ "rotated",
		    "There is a new secret: give it to the receiver." },
		{ "paused",
		    "The subscription is paused: webhooks are accepted and "
		    "wait." },
		{ "resumed",
		    "The subscription is active: what waited is sent now, in "
		    "the order of acceptance." },
		{ "deleted", "The subscription was deleted." },
		{ "revoked", "The token was revoked." },
		{ "cancelled", "The webhook is cancelled and not sent again." },
		{ "resent", "The webhook is sent again, with all retries." },
		{ "due", "The next attempt is made now." },
	};
	struct text done = { 0 };

	if (form_value(request->query, "done", &done) != 1)
		goto out;
	for (size_t i = 0; i < sizeof(notices) / sizeof(notices[0]); i++) {
		if (strcmp(text_string(&done), notices[i].done) != 0)
			continue;
		html_lit(out, "<p class=\"notice\" role=\"status\">");
		html_text(out, notices[i].words);
		html_lit(out, "</p>\n");
	}
out:
	text_free(&done);
}

void
admin_state(struct text *out, const char *state, bool is_failing)
{
	if (strcmp(state, "active") != 0)
		is_failing = false;
	if (is_failing || strcmp(state, "disabled") == 0)
		html_lit(out, "<span class=\"mark bad\">");
	else if (strcmp(state, "active") == 0)
		html_lit(out, "<span class=\"mark good\">");
	else
		html_lit(out, "<span class=\"mark wait\">");
	html_text(out, is_failing ? "failing" : state);
	html_lit(out, "</span>");
}

void
admin_link(struct text *out, const char *kind, const struct uuid *id)
{
	html_lit(out, "<a class=\"id\" href=\"/ui/");
	html_attribute(out, kind);
	html_lit(out, "/");
	html_uuid(out, id);
	html_lit(out, "\">");
	html_uuid(out, id);
	html_lit(out, "</a>");
}
