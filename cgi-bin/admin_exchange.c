#include <string.h>

#include "admin_webhook.h"
#include "rules/json_pretty.h"
#include "rules/request_fields.h"

/* Of HTML: together they keep a page below 50 KiB. */
#define HEADERS_BYTES 4096
#define BODY_BYTES 5120
#define PAYLOAD_BYTES 7680
/* Of a payload that stands in the command itself. */
#define CURL_BYTES 2048

static struct request_fields
fields_of(const struct webhook *webhook, const struct attempt *attempt)
{
	return (struct request_fields){
		.webhook_id = webhook->id,
		.timestamp = attempt->timestamp / 1000,
		.signatures = attempt->signatures,
		.content_type = webhook->content_type,
		.event_type = webhook->event_type,
		.signature = webhook->signature,
		.hops = webhook->hops,
	};
}

/* host: where it starts in the URL; how long it is, and where the path is. */
static size_t
split_url(const char *url, const char **host, const char **path)
{
	const char *scheme = strstr(url, "://");
	size_t length;

	*host = scheme == NULL ? url : scheme + 3;
	length = strcspn(*host, "/?#");
	*path = *host + length;
	return length;
}

static void
field_line(void *out, const char *name, const char *value)
{
	html_text(out, name);
	html_lit(out, ": ");
	html_text(out, value);
	html_lit(out, "\n");
}

static void
request_lines(struct text *out, const struct webhook *webhook,
    const struct attempt *attempt)
{
	struct request_fields fields = fields_of(webhook, attempt);
	const char *host, *path;
	size_t length = split_url(attempt->target_url, &host, &path);

	html_lit(out, "<pre tabindex=\"0\" class=\"wrapped\"><code>POST ");
	if (*path != '/')
		html_lit(out, "/");
	html_bytes(out, path, strcspn(path, "#"));
	html_lit(out, " HTTP/1.1\nHost: ");
	html_bytes(out, host, length);
	html_lit(out, "\n");
	field_line(out, "User-Agent", REQUEST_USER_AGENT);
	field_line(out, "Accept", "*/*");
	request_fields_each(&fields, field_line, out);
	text_addf(
	    out, "Content-Length: %zu</code></pre>\n", webhook->payload_length);
}

static void
cut_block(struct text *out, const void *bytes, size_t length, size_t most)
{
	bool is_whole;

	html_lit(out, "<pre tabindex=\"0\" class=\"wrapped\"><code>");
	is_whole = admin_bytes(out, bytes, length, most);
	html_lit(out, "</code></pre>\n");
	if (!is_whole)
		html_lit(out, "<p class=\"hint\">The rest is not shown.</p>\n");
}

static void
answer(struct text *out, const struct attempt *attempt)
{
	html_lit(out, "<p>");
	admin_answer(out, attempt->status_code, attempt->error);
	if (attempt->status_code != 0) {
		html_lit(out, " <span class=\"quiet\">after ");
		admin_duration(out, attempt->duration_ms);
		html_lit(out, "</span>");
	}
	html_lit(out, "</p>\n");
	if (attempt->response_headers != NULL)
		cut_block(out, attempt->response_headers,
		    strlen(attempt->response_headers), HEADERS_BYTES);
	if (attempt->response_body_length != 0)
		cut_block(out, attempt->response_body,
		    attempt->response_body_length, BODY_BYTES);
	else if (attempt->status_code != 0)
		html_lit(out, "<p class=\"hint\">Its body was empty.</p>\n");
}

void
admin_exchange(struct text *out, const struct webhook *webhook,
    const struct attempt *attempt)
{
	html_lit(out,
	    "<section aria-labelledby=\"exchange\">\n"
	    "<h2 id=\"exchange\">Attempt ");
	html_number(out, attempt->attempt_number);
	html_lit(out,
	    ": request and answer</h2>\n<div class=\"pair\">\n<div>\n"
	    "<h3>Request</h3>\n");
	request_lines(out, webhook, attempt);
	html_lit(out, "</div>\n<div>\n<h3>Answer</h3>\n");
	answer(out, attempt);
	html_lit(out, "</div>\n</div>\n</section>\n");
}

static void
payload_link(struct text *out, const struct webhook *webhook, const char *words)
{
	html_lit(out, "<a href=\"/ui/webhooks/");
	html_uuid(out, &webhook->id);
	html_lit(out, "/payload\">");
	html_text(out, words);
	html_lit(out, "</a>");
}

static void
payload_block(struct text *out, const struct webhook *webhook,
    const char *title, const struct text *shown, bool is_all)
{
	bool is_whole;

	html_lit(out, "<div>\n<h3>");
	html_text(out, title);
	html_lit(out, "</h3>\n<pre tabindex=\"0\" class=\"wrapped\"><code>");
	is_whole =
	    admin_bytes(out, text_string(shown), shown->length, PAYLOAD_BYTES);
	html_lit(out, "</code></pre>\n");
	if (!is_whole || !is_all) {
		html_lit(out, "<p class=\"hint\">This is its beginning. ");
		payload_link(out, webhook, "Download the whole payload");
		html_lit(out, ".</p>\n");
	}
	html_lit(out, "</div>\n");
}

void
admin_payload(struct text *out, const struct webhook *webhook,
    const void *payload, size_t length)
{
	struct text pretty = { 0 }, raw = { 0 };
	bool is_all;

	text_add(&raw, payload, length);
	is_all = json_pretty(&pretty, payload, length, PAYLOAD_BYTES);
	html_lit(out,
	    "<section aria-labelledby=\"payload\">\n"
	    "<h2 id=\"payload\">Payload</h2>\n<p>");
	html_number(out, (int64_t)length);
	html_lit(out, " bytes of ");
	html_text(out, webhook->content_type);
	html_lit(out, ". ");
	payload_link(out, webhook, "Download");
	html_lit(out, "</p>\n<div class=\"pair\">\n");
	payload_block(out, webhook, "Pretty-printed", &pretty, is_all);
	payload_block(out, webhook, "As it was sent", &raw, true);
	html_lit(out, "</div>\n</section>\n");
	text_free(&pretty);
	text_free(&raw);
}

/* Does a page show each byte as it is, so that it can be copied from there?
 * CR would become LF. */
static bool
is_copied_whole(const char *bytes, size_t length)
{
	uint32_t code;
	size_t step;

	for (; length != 0; bytes += step, length -= step) {
		step = text_character(bytes, length, &code);
		if (step == 0 || code == '\r' || text_is_hidden(code))
			return false;
	}
	return true;
}

/* As one word of a shell. */
static void
quoted(struct text *command, const char *bytes, size_t length)
{
	text_adds(command, "'");
	for (size_t i = 0; i < length; i++)
		if (bytes[i] == '\'')
			text_adds(command, "'\\''");
		else
			text_add(command, bytes + i, 1);
	text_adds(command, "'");
}

static void
field_option(void *context, const char *name, const char *value)
{
	struct text *command = context, line = { 0 };

	/* A semicolon is how curl is told to send an empty value. */
	text_addf(&line, value[0] != '\0' ? "%s: %s" : "%s;%s", name, value);
	text_adds(command, " \\\n  -H ");
	quoted(command, line.bytes, line.length);
	text_free(&line);
}

static void
command_make(struct text *command, const struct webhook *webhook,
    const struct attempt *attempt, const char *payload, size_t length)
{
	struct request_fields fields = fields_of(webhook, attempt);
	char id[UUID_TEXT_SIZE];

	text_adds(command, "curl -g ");
	quoted(command, attempt->target_url, strlen(attempt->target_url));
	text_adds(command, " \\\n  -A '" REQUEST_USER_AGENT "'");
	request_fields_each(&fields, field_option, command);
	text_adds(command, " \\\n  --data-binary ");
	if (payload != NULL)
		quoted(command, payload, length);
	else
		text_addf(
		    command, "@webhook-%s.json", uuid_text(&webhook->id, id));
}

void
admin_curl(struct text *out, const struct webhook *webhook,
    const struct attempt *attempt, const char *payload, size_t length)
{
	struct text command = { 0 };
	bool stands = length <= CURL_BYTES && is_copied_whole(payload, length);

	command_make(
	    &command, webhook, attempt, stands ? payload : NULL, length);
	html_lit(out,
	    "<section aria-labelledby=\"curl\">\n"
	    "<h2 id=\"curl\">The same request by curl</h2>\n<p>");
	if (!stands) {
		payload_link(out, webhook, "Download the payload");
		html_lit(out, " first, to where you run this. ");
	}
	html_lit(out,
	    "It repeats this attempt to the letter: a receiver that checks "
	    "webhook-timestamp refuses it after some minutes. ");
	html_copy(out, "curl-command", "command");
	html_lit(out,
	    "</p>\n<pre tabindex=\"0\" class=\"wrapped\">"
	    "<code id=\"curl-command\">");
	html_bytes(out, text_string(&command), command.length);
	html_lit(out, "</code></pre>\n</section>\n");
	text_free(&command);
}
