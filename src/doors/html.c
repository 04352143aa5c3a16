#include "doors/html.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "ground/clock.h"

static const char replacement[] = "\xef\xbf\xbd"; /* U+FFFD */

static const char *
entity_of(unsigned char byte)
{
	switch (byte) {
	case '&': return "&amp;";
	case '<': return "&lt;";
	case '>': return "&gt;";
	case '"': return "&quot;";
	case '\'': return "&#39;";
	case '\t':
	case '\n':
	case '\r': return NULL;
	case 0x7f: return replacement;
	default: return byte < 0x20 ? replacement : NULL;
	}
}

/* Writes the next character, where it does not go out as it is, after what is
 * between *from and it. Its length. */
static size_t
step(struct text *out, const unsigned char **from, const unsigned char *at,
    size_t left, bool is_shown)
{
	const char *instead = NULL;
	uint32_t code = at[0];
	size_t length = 1;

	if (at[0] < 0x80) {
		instead = entity_of(at[0]);
	} else {
		length = text_character(at, left, &code);
		if (length == 0)
			instead = replacement;
	}
	if (instead == NULL &&
	    (at[0] < 0x80 || !is_shown || !text_is_hidden(code)))
		return length;
	text_add(out, *from, (size_t)(at - *from));
	if (instead != NULL)
		text_adds(out, instead);
	else
		text_add_escape(out, code);
	length += length == 0;
	*from = at + length;
	return length;
}

static void
write_bytes(struct text *out, const void *bytes, size_t length, bool is_shown)
{
	const unsigned char *at = bytes, *end = at + length, *from = at;

	while (at < end)
		at += step(out, &from, at, (size_t)(end - at), is_shown);
	text_add(out, from, (size_t)(end - from));
}

void
html_bytes(struct text *out, const void *bytes, size_t length)
{
	write_bytes(out, bytes, length, true);
}

void
html_text(struct text *out, const char *string)
{
	if (string != NULL)
		write_bytes(out, string, strlen(string), true);
}

void
html_attribute(struct text *out, const char *string)
{
	if (string != NULL)
		write_bytes(out, string, strlen(string), false);
}

void
html_url_arg(struct text *out, const char *string)
{
	static const char unreserved[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	    "0123456789-._~";

	if (string == NULL)
		return;
	for (; *string != '\0'; string++)
		if (strchr(unreserved, *string) != NULL)
			text_add(out, string, 1);
		else
			text_addf(out, "%%%02X", (unsigned char)*string);
}

void
html_uuid(struct text *out, const struct uuid *uuid)
{
	char buffer[UUID_TEXT_SIZE];

	text_adds(out, uuid_text(uuid, buffer));
}

void
html_number(struct text *out, int64_t number)
{
	char digits[32];
	int length, lead;

	length = snprintf(digits, sizeof(digits), "%" PRId64, number);
	lead = digits[0] == '-' ? 1 : 0;
	for (int i = 0; i < length; i++) {
		if (i > lead && (length - i) % 3 == 0)
			html_lit(out, ",");
		text_add(out, digits + i, 1);
	}
}

static void
time_write(struct text *out, int64_t ms, bool is_exact)
{
	char when[CLOCK_TEXT_SIZE];

	clock_text(ms, when);
	html_lit(out, "<time datetime=\"");
	html_attribute(out, when);
	html_lit(out, "\"");
	if (is_exact)
		html_lit(out, " data-exact");
	html_lit(out, ">");
	html_bytes(out, when, 10);
	html_lit(out, " ");
	html_bytes(out, when + 11, 8);
	html_lit(out, " <abbr>UTC</abbr></time>");
}

void
html_time(struct text *out, int64_t ms)
{
	time_write(out, ms, false);
}

void
html_time_exact(struct text *out, int64_t ms)
{
	time_write(out, ms, true);
}

void
html_copy(struct text *out, const char *id, const char *what)
{
	html_lit(
	    out, "<button type=\"button\" class=\"copy\" hidden data-copy=\"#");
	html_attribute(out, id);
	html_lit(out, "\">Copy ");
	html_text(out, what);
	html_lit(out, "</button>\n");
}

void
html_nav_link(
    struct text *out, const char *path, const char *label, bool is_current)
{
	html_lit(out, "<li><a href=\"");
	html_attribute(out, path);
	html_lit(out, "\"");
	if (is_current)
		html_lit(out, " aria-current=\"page\"");
	html_lit(out, ">");
	html_text(out, label);
	html_lit(out, "</a></li>\n");
}

static void (*write_tools)(struct text *out);

void
page_tools(void (*write)(struct text *out))
{
	write_tools = write;
}

static void
page_header(struct text *out, enum page_section section)
{
	html_lit(out,
	    "<a class=\"skip\" href=\"#main\">Skip to the content</a>\n"
	    "<header class=\"top\">\n"
	    "<div class=\"wide\">\n"
	    "<a class=\"brand\" href=\"/ui/\">"
	    "<img src=\"/static/favicon.svg\" alt=\"\" width=\"28\""
	    " height=\"28\"> Postrider</a>\n"
	    "<nav aria-label=\"Main\"><ul>\n");
	html_nav_link(out, "/ui/", "Overview", section == PAGE_OVERVIEW);
	html_nav_link(out, "/ui/subscriptions", "Subscriptions",
	    section == PAGE_SUBSCRIPTIONS);
	html_nav_link(
	    out, "/ui/webhooks", "Webhooks", section == PAGE_WEBHOOKS);
	html_nav_link(out, "/ui/dead-letters", "Dead letters",
	    section == PAGE_DEAD_LETTERS);
	html_nav_link(
	    out, "/ui/settings", "Settings", section == PAGE_SETTINGS);
	html_nav_link(out, "/docs", "API", false);
	html_lit(out, "</ul></nav>\n");
	if (write_tools != NULL)
		write_tools(out);
	html_lit(out, "</div>\n</header>\n");
}

void
page_begin(struct response *response, int status, const char *title,
    enum page_section section)
{
	struct text *out = &response->body;

	response->status = status;
	response->content_type = "text/html; charset=utf-8";
	html_lit(out,
	    "<!DOCTYPE html>\n"
	    "<html lang=\"en\">\n"
	    "<head>\n"
	    "<meta charset=\"utf-8\">\n"
	    "<meta name=\"viewport\""
	    " content=\"width=device-width, initial-scale=1\">\n"
	    "<meta name=\"color-scheme\" content=\"light dark\">\n"
	    "<title>");
	if (status >= 400)
		html_lit(out, "Error: ");
	html_text(out, title);
	html_lit(out,
	    " · Postrider</title>\n"
	    "<link rel=\"icon\" href=\"/static/favicon.svg\""
	    " type=\"image/svg+xml\">\n"
	    "<link rel=\"stylesheet\" href=\"/static/style.css\">\n"
	    "<script src=\"/static/postrider.js\" defer></script>\n"
	    "</head>\n");
	text_addf(
	    out, "<body data-now=\"%" PRId64 "\">\n", clock_database_ms());
	page_header(out, section);
	html_lit(out, "<main id=\"main\" class=\"wide\">\n<h1>");
	html_text(out, title);
	html_lit(out, "</h1>\n");
}

void
page_refresh(struct response *response, int seconds)
{
	text_addf(&response->body,
	    "<p class=\"live\" data-refresh=\"%d\"></p>\n", seconds);
}

void
page_end(struct response *response, const struct request *request)
{
	struct text *out = &response->body;

	html_lit(out,
	    "</main>\n"
	    "<footer class=\"bottom\"><div class=\"wide\">\n"
	    "<p>Postrider delivers webhooks: at least once, and every attempt"
	    " is on record.</p>\n"
	    "<p>Request <code>");
	html_text(out, request->id);
	html_lit(out,
	    "</code></p>\n"
	    "</div></footer>\n"
	    "</body>\n"
	    "</html>\n");
}
