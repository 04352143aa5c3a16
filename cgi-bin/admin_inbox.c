#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "admin_inbox.h"
#include "rules/json_check.h"
#include "rules/json_pretty.h"

#define PAGE_LETTERS 10
#define REFRESH_S 2
/* A page has less than 50 KiB. */
#define PAGE_MOST (38 * 1024)
#define BODY_MOST (4 * 1024)
#define HEADER_MOST (3 * 1024)
#define VALUE_MOST 300

struct inbox_view {
	const char *name;
	struct text url;
	int64_t skip;
	struct inbox_page page;
};

void
admin_inbox_url(
    const struct request *request, const char *name, struct text *out)
{
	admin_site(request, out);
	html_lit(out, "/inbox/");
	text_adds(out, name);
}

static void
write_header(struct text *out, const char *lines)
{
	size_t from = out->length;
	const char *colon, *end;

	html_lit(out, "<dl class=\"fields\">\n");
	for (; *lines != '\0'; lines = end + 1) {
		colon = strstr(lines, ": ");
		end = strchr(lines, '\n');
		if (colon == NULL || end == NULL || colon > end ||
		    out->length - from > HEADER_MOST)
			break;
		html_lit(out, "<div><dt>");
		admin_bytes(out, lines, (size_t)(colon - lines), VALUE_MOST);
		html_lit(out, "</dt><dd>");
		if (!admin_bytes(
			out, colon + 2, (size_t)(end - colon - 2), VALUE_MOST))
			html_lit(out, "…");
		html_lit(out, "</dd></div>\n");
	}
	html_lit(out, "</dl>\n");
}

static void
write_body(struct text *out, const struct inbox_letter *letter)
{
	const struct text *body = &letter->body;
	struct text pretty = { 0 };
	bool is_whole = body->length == letter->length;

	if (letter->length == 0) {
		html_lit(out, "<p class=\"quiet\">No body.</p>\n");
		return;
	}
	html_lit(out, "<pre tabindex=\"0\"><code>");
	if (is_whole && json_check(body->bytes, body->length)) {
		if (!json_pretty(&pretty, body->bytes, body->length, BODY_MOST))
			is_whole = false;
		body = &pretty;
	}
	if (!admin_bytes(out, text_string(body), body->length, BODY_MOST))
		is_whole = false;
	html_lit(out, "</code></pre>\n");
	if (!is_whole) {
		html_lit(out, "<p class=\"hint\">The beginning of ");
		html_number(out, (int64_t)letter->length);
		html_lit(out, " bytes.</p>\n");
	}
	text_free(&pretty);
}

static void
write_seal(struct text *out, enum inbox_seal seal)
{
	switch (seal) {
	case INBOX_UNSIGNED:
		html_lit(out, "<span class=\"mark none\">not signed</span>");
		break;
	case INBOX_SIGNED_WELL:
		html_lit(
		    out, "<span class=\"mark good\">signature fits</span>");
		break;
	case INBOX_SIGNED_WRONG:
		html_lit(out,
		    "<span class=\"mark bad\">signature does not fit</span>");
		break;
	case INBOX_UNKNOWN:
		html_lit(out, "<span class=\"mark none\">not from here</span>");
		break;
	}
}

/* The id of a webhook of ours, as its header has it. */
static bool
webhook_id(const struct inbox_letter *letter, struct uuid *id)
{
	static const char name[] = "webhook-id: ";
	const char *at = strstr(text_string(&letter->header), name);
	char text[UUID_TEXT_SIZE] = "";

	if (letter->seal == INBOX_UNKNOWN || at == NULL)
		return false;
	strncpy(text, at + sizeof(name) - 1, sizeof(text) - 1);
	return uuid_parse(text, id, NULL) == 0;
}

static void
write_letter(struct text *out, const struct inbox_letter *letter)
{
	struct uuid id;

	html_lit(out, "<li class=\"panel letter\">\n<p class=\"letter-top\">");
	html_time(out, letter->at);
	text_addf(out, " <span class=\"mark %s\">answered %d</span> ",
	    letter->status == 200 ? "good" : "bad", letter->status);
	write_seal(out, letter->seal);
	if (webhook_id(letter, &id)) {
		html_lit(out, " <a href=\"/ui/webhooks/");
		html_uuid(out, &id);
		html_lit(out, "\">Webhook ");
		html_uuid(out, &id);
		html_lit(out, "</a>");
	}
	html_lit(out, "</p>\n<div class=\"beside\">\n<div>\n");
	write_header(out, text_string(&letter->header));
	html_lit(out, "</div>\n<div>\n");
	write_body(out, letter);
	html_lit(out, "</div>\n</div>\n</li>\n");
}

static void
page_link(struct text *out, const struct inbox_view *view, int64_t skip,
    const char *rel, const char *label)
{
	text_addf(out,
	    "<a class=\"button\" rel=\"%s\" href=\"/ui/inbox/%s?skip=%" PRId64
	    "\">",
	    rel, view->name, skip);
	html_text(out, label);
	html_lit(out, "</a>\n");
}

static void
write_letters(struct text *out, const struct inbox_view *view)
{
	const struct inbox_page *page = &view->page;
	int shown = 0;

	html_lit(out, "<ol class=\"letters\">\n");
	while (shown < page->count && out->length < PAGE_MOST)
		write_letter(out, &page->letters[shown++]);
	html_lit(out, "</ol>\n");
	if (view->skip == 0 && shown >= page->kept)
		return;
	html_lit(out, "<nav class=\"pager\" aria-label=\"Pages\">\n");
	if (view->skip > 0)
		page_link(out, view, 0, "prev", "Newest");
	html_lit(out, "<p>");
	html_number(out, view->skip + 1);
	html_lit(out, " to ");
	html_number(out, view->skip + shown);
	html_lit(out, " of ");
	html_number(out, page->kept);
	html_lit(out, ", newest first</p>\n");
	if (view->skip + shown < page->kept)
		page_link(out, view, view->skip + shown, "next", "Older");
	html_lit(out, "</nav>\n");
}

static void
write_empty(struct text *out, const struct inbox_view *view)
{
	html_lit(out,
	    "<div class=\"panel\"><p>Nothing has arrived. Send an event to a "
	    "subscription with this address, or this line from a shell:</p>\n"
	    "<pre tabindex=\"0\"><code id=\"curl\">curl ");
	html_text(out, text_string(&view->url));
	html_lit(out,
	    " \\\n  -H 'Content-Type: application/json' \\\n"
	    "  -d '{&quot;hello&quot;: &quot;inbox&quot;}'</code></pre>\n"
	    "<p class=\"actions\">");
	html_copy(out, "curl", "the line");
	html_lit(out,
	    "<a class=\"button\" href=\"/ui/start\">Get started</a></p>"
	    "</div>\n");
}

static void
write_answers(struct text *out, int answer)
{
	static const struct {
		int status;
		const char *label;
	} answers[] = {
		{ 200, "200 OK" },
		{ 410, "410 Gone" },
		{ 500, "500 Error" },
		{ 503, "503 Unavailable" },
	};

	admin_form_begin(out, "plain", NULL);
	html_lit(out,
	    "<p class=\"choice\" role=\"group\" "
	    "aria-label=\"Answer with\">");
	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		text_addf(out,
		    "<button name=\"answer\" value=\"%d\" "
		    "aria-pressed=\"%s\">",
		    answers[i].status,
		    answers[i].status == answer ? "true" : "false");
		html_text(out, answers[i].label);
		html_lit(out, "</button>\n");
	}
	html_lit(out, "</p></form>\n");
	if (answer == 410)
		html_lit(out,
		    "<p class=\"hint\">The next webhook ends in Failure, and "
		    "its subscription is disabled.</p>\n");
	else if (answer != 200)
		html_lit(out,
		    "<p class=\"hint\">Webhooks fail and are tried again, "
		    "until you choose 200.</p>\n");
}

static void
write_facts(struct text *out, const struct inbox_view *view)
{
	html_lit(out,
	    "<dl class=\"facts\">\n<div><dt>Address</dt><dd>"
	    "<code id=\"address\">");
	html_text(out, text_string(&view->url));
	html_lit(out, "</code> ");
	html_copy(out, "address", "address");
	html_lit(out, "</dd></div>\n<div><dt>Answer with</dt><dd>");
	write_answers(out, view->page.answer);
	html_lit(
	    out, "</dd></div>\n<div><dt>Keeps</dt><dd>the newest 50, for ");
	html_lit(out,
	    "24 hours</dd></div>\n</dl>\n"
	    "<div class=\"actions\"><a class=\"button\" "
	    "href=\"/ui/subscriptions?q=");
	html_url_arg(out, text_string(&view->url));
	html_lit(out, "\">Subscriptions that send here</a>\n");
	if (view->page.kept > 0) {
		admin_form_begin(out, "plain", NULL);
		html_lit(out,
		    "<button name=\"clear\" value=\"1\">Clear</button>"
		    "</form>\n");
	}
	html_lit(out, "</div>\n");
}

static void
show(const struct request *request, struct response *response,
    struct inbox_view *view)
{
	struct text *out = &response->body, title = { 0 };

	html_lit(&title, "Inbox ");
	text_adds(&title, view->name);
	page_begin(response, 200, text_string(&title), PAGE_NONE);
	if (view->skip == 0)
		page_refresh(response, REFRESH_S);
	write_facts(out, view);
	if (view->page.count == 0)
		write_empty(out, view);
	else
		write_letters(out, view);
	page_end(response, request);
	text_free(&title);
}

/* False when it was answered. */
static bool
find(const struct request *request, struct response *response, const char *name)
{
	if (admin_inbox_is_on() && inbox_name_is(name))
		return true;
	admin_refuse(request, response, 404, NULL);
	return false;
}

static void
no_redis(const struct request *request, struct response *response)
{
	admin_refuse(request, response, 503,
	    "The inbox is kept in Redis, which does not answer. What is sent "
	    "here meanwhile is refused with 503, and Postrider tries it "
	    "again. Wait a few seconds, then load this page again.");
}

void
admin_inbox(const struct request *request, struct response *response,
    const char *argument, void *context)
{
	const struct admin *admin = context;
	struct inbox_view view = { .name = argument };

	if (!find(request, response, argument))
		return;
	if (!admin_query_number(
		request, "skip", 0, INBOX_LETTERS, 0, &view.skip)) {
		admin_refuse(request, response, 422,
		    "In the address, skip must be a whole number from 0 to "
		    "50.");
		return;
	}
	admin_inbox_url(request, argument, &view.url);
	if (inbox_read(admin->inbox, argument, view.skip, PAGE_LETTERS,
		&view.page) == -1)
		no_redis(request, response);
	else
		show(request, response, &view);
	inbox_page_release(&view.page);
	text_free(&view.url);
}

void
admin_inbox_change(const struct request *request, struct response *response,
    const char *argument, void *context)
{
	const struct admin *admin = context;
	const char *body = text_string(&request->body);
	struct text value = { 0 }, location = { 0 };
	int rc;

	if (!find(request, response, argument))
		return;
	if (form_value(body, "clear", &value) == 1)
		rc = inbox_clear(admin->inbox, argument);
	else if (form_value(body, "answer", &value) == 1 &&
	    inbox_answer_is(atoi(text_string(&value))))
		rc = inbox_set_answer(
		    admin->inbox, argument, atoi(text_string(&value)));
	else
		rc = 0;
	if (rc == -1)
		no_redis(request, response);
	else {
		html_lit(&location, "/ui/inbox/");
		html_url_arg(&location, argument);
		admin_redirect(response, text_string(&location));
	}
	text_free(&location);
	text_free(&value);
}
