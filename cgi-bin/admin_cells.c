#include <inttypes.h>
#include <string.h>

#include "admin.h"

#define URL_BYTES 64
#define CHUNK 64

void
admin_outcome(struct text *out, const char *outcome)
{
	if (strcmp(outcome, "Success") == 0)
		html_lit(out, "<span class=\"mark good\">");
	else if (strcmp(outcome, "Failed Attempt") == 0)
		html_lit(out, "<span class=\"mark wait\">");
	else
		html_lit(out, "<span class=\"mark bad\">");
	html_text(out, outcome);
	html_lit(out, "</span>");
}

void
admin_webhook_state(struct text *out, enum webhook_state state, bool in_flight)
{
	switch (state) {
	case WEBHOOK_ANY: return;
	case WEBHOOK_PENDING:
		if (in_flight)
			html_lit(
			    out, "<span class=\"mark wait\">in flight</span>");
		else
			html_lit(
			    out, "<span class=\"mark wait\">pending</span>");
		return;
	case WEBHOOK_SUCCESS:
		html_lit(out, "<span class=\"mark good\">");
		break;
	case WEBHOOK_FAILURE: html_lit(out, "<span class=\"mark bad\">"); break;
	case WEBHOOK_FILTERED:
	case WEBHOOK_CANCELLED:
		html_lit(out, "<span class=\"mark none\">");
		break;
	}
	html_text(out, webhook_state_name(state));
	html_lit(out, "</span>");
}

void
admin_answer(struct text *out, int status_code, const char *error)
{
	if (status_code != 0)
		text_addf(out, "HTTP %d", status_code);
	else if (error == NULL)
		html_lit(out, "<span class=\"quiet\">none</span>");
	/* `HTTP 503` as the error says nothing that the status does not. */
	if (error != NULL &&
	    (status_code == 0 || strncmp(error, "HTTP ", 5) != 0)) {
		html_lit(out, " <span class=\"reason\">");
		html_text(out, error);
		html_lit(out, "</span>");
	}
}

void
admin_duration(struct text *out, int64_t ms)
{
	if (ms < 0)
		html_lit(out, "<span class=\"quiet\">none</span>");
	else if (ms == 0)
		html_lit(out, "&lt; 1 ms");
	else if (ms < 1000)
		text_addf(out, "%" PRId64 " ms", ms);
	else
		text_addf(out, "%" PRId64 ".%" PRId64 " s", ms / 1000,
		    ms % 1000 / 100);
}

/* How many bytes at `at` to take at once: no character is cut in two. */
static size_t
chunk_length(const unsigned char *at, size_t left)
{
	size_t length = left < CHUNK ? left : CHUNK;

	while (
	    length < left && length > CHUNK - 4 && (at[length] & 0xc0) == 0x80)
		length--;
	return length;
}

bool
admin_bytes(struct text *out, const void *bytes, size_t length, size_t most)
{
	const unsigned char *at = bytes;
	size_t from = out->length, step;

	for (; length != 0; at += step, length -= step) {
		if (out->length - from >= most)
			return false;
		step = chunk_length(at, length);
		html_bytes(out, at, step);
	}
	return true;
}

void
admin_brief(struct text *out, const char *string, size_t most)
{
	size_t length = strlen(string), cut = most;

	if (length <= most) {
		html_text(out, string);
		return;
	}
	while (cut > most - 4 && ((unsigned char)string[cut] & 0xc0) == 0x80)
		cut--;
	html_bytes(out, string, cut);
	html_lit(out, "…");
}

void
admin_target(
    struct text *out, const struct uuid *subscription, const char *target_url)
{
	if (target_url == NULL) {
		html_lit(out, "<code class=\"id\">");
		html_uuid(out, subscription);
		html_lit(out, "</code> <span class=\"quiet\">deleted</span>");
		return;
	}
	html_lit(out, "<a class=\"url\" href=\"/ui/subscriptions/");
	html_uuid(out, subscription);
	html_lit(out, "\">");
	admin_brief(out, target_url, URL_BYTES);
	html_lit(out, "</a>");
}
