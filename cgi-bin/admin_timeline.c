#include <inttypes.h>
#include <string.h>

#include "admin_webhook.h"
#include "ground/clock.h"

#define BAR_WIDTH 240
#define BAR_HEIGHT 20 /* of one lane for each phase that there was */

enum phase { DNS, CONNECT, TLS, WAIT, READ, PHASES };

struct phases {
	int64_t from[PHASES], to[PHASES]; /* us since it began; equal: none */
	bool is_known, is_kept, is_https;
	int vain; /* the one that the attempt ended in; PHASES: none */
};

/* Each phase ends where its mark is, and the one without a mark that was under
 * way with the attempt. */
static struct phases
phases_of(const struct attempt *attempt)
{
	const int64_t marks[] = { attempt->dns_us, attempt->connect_us,
		attempt->tls_us, attempt->first_byte_us };
	struct phases phases = { 0 };
	int64_t at = 0, end = attempt->duration_ms * 1000;
	int last = -1;

	for (int i = DNS; i <= WAIT; i++) {
		if (marks[i] < 0)
			continue;
		phases.from[i] = at;
		at = phases.to[i] = marks[i] > at ? marks[i] : at;
		last = i;
	}
	phases.is_https = strncmp(attempt->target_url, "https:", 6) == 0;
	phases.is_known = last != -1;
	phases.is_kept = last == WAIT && attempt->connect_us < 0;
	if (last == CONNECT && !phases.is_https)
		last = TLS;
	if (phases.is_known && end > at) {
		phases.from[last + 1] = at;
		phases.to[last + 1] = end;
	}
	phases.vain = last < WAIT ? last + 1 : PHASES;
	return phases;
}

static void
micros(struct text *out, int64_t us)
{
	if (us < 1000)
		text_addf(out, "%" PRId64 " µs", us);
	else if (us < 10000)
		text_addf(out, "%" PRId64 ".%" PRId64 " ms", us / 1000,
		    us % 1000 / 100);
	else
		admin_duration(out, us / 1000);
}

static void
lane(struct text *out, const char *phase, double from, double width, double top,
    double height)
{
	text_addf(out,
	    "<rect class=\"%s\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" "
	    "height=\"%.1f\"/>",
	    phase, from, top, width < 1 ? 1 : width, height);
}

static void
bar(struct text *out, const struct phases *phases, int64_t longest_us)
{
	static const char *const classes[PHASES] = { "dns", "connect", "tls",
		"wait", "read" };
	double scale = (double)BAR_WIDTH / (double)longest_us;
	double height, top = 0;
	int count = 0;

	for (int i = 0; i < PHASES; i++)
		count += phases->from[i] != phases->to[i];
	height = (double)BAR_HEIGHT / (count != 0 ? count : 1);
	text_addf(out,
	    "<svg class=\"phases\" viewBox=\"0 0 %d %d\" "
	    "preserveAspectRatio=\"none\" aria-hidden=\"true\">",
	    BAR_WIDTH, BAR_HEIGHT);
	for (int i = 0; i < PHASES; i++) {
		int64_t took = phases->to[i] - phases->from[i];

		if (took == 0)
			continue;
		lane(out, classes[i], (double)phases->from[i] * scale,
		    (double)took * scale, top, height);
		top += height;
	}
	html_lit(out, "</svg>");
}

/* What an attempt that ended in this phase did not get. Over https libcurl
 * marks a connection only once TLS has followed. */
static const char *
vain_words(const struct phases *phases)
{
	if (phases->vain == WAIT)
		return "no first byte in";
	return phases->is_https ? "no TLS connection in" : "no connection in";
}

static void
phase_text(struct text *out, const struct phases *phases)
{
	static const char *const names[PHASES] = { "DNS", "connect", "TLS",
		"first byte", "rest" };
	const char *separator = "";

	if (phases->is_kept) {
		html_lit(out, "kept connection");
		separator = " · ";
	}
	for (int i = 0; i < PHASES; i++) {
		if (phases->from[i] == phases->to[i])
			continue;
		text_addf(out, "%s%s ", separator,
		    i == phases->vain ? vain_words(phases) : names[i]);
		micros(out, phases->to[i] - phases->from[i]);
		separator = " · ";
	}
}

static void
spent_cell(struct text *out, const struct attempt *attempt, int64_t longest_us)
{
	struct phases phases = phases_of(attempt);

	html_lit(
	    out, "<td role=\"cell\" data-label=\"Took\"><div class=\"spent\">");
	admin_duration(out, attempt->duration_ms);
	if (phases.is_known) {
		bar(out, &phases, longest_us);
		html_lit(out, "<span class=\"hint\">");
		phase_text(out, &phases);
		html_lit(out, "</span>");
	}
	html_lit(out, "</div></td>");
}

/* 12 ms, 30.2 s, 5 min 1 s, 2 h 10 min */
static void
delay(struct text *out, int64_t ms)
{
	int64_t seconds = ms / 1000;

	if (seconds < 60)
		admin_duration(out, ms < 0 ? 0 : ms);
	else if (seconds < 3600)
		text_addf(out, "%" PRId64 " min %" PRId64 " s", seconds / 60,
		    seconds % 60);
	else
		text_addf(out, "%" PRId64 " h %" PRId64 " min", seconds / 3600,
		    seconds % 3600 / 60);
}

static void
number_cell(struct text *out, const struct attempt *attempt, bool is_shown)
{
	html_lit(out,
	    "<th scope=\"row\" role=\"rowheader\" data-label=\"Attempt\">"
	    "<a href=\"/ui/webhooks/");
	html_uuid(out, &attempt->webhook_id);
	html_lit(out, "?attempt=");
	html_uuid(out, &attempt->id);
	html_lit(out, "#exchange\"");
	if (is_shown)
		html_lit(out, " aria-current=\"true\"");
	html_lit(out, ">Attempt ");
	html_number(out, attempt->attempt_number);
	html_lit(out, "</a></th>");
}

static void
time_cell(struct text *out, const struct attempt *attempt, int64_t before,
    const char *what)
{
	html_lit(out, "<td role=\"cell\" data-label=\"Began\"><div>");
	html_time_exact(out, attempt->timestamp);
	if (what != NULL) {
		html_lit(out, " <span class=\"hint\">");
		delay(out, attempt->timestamp - before);
		html_text(out, what);
		html_lit(out, "</span>");
	}
	html_lit(out, "</div></td>");
}

static void
result_cells(
    struct text *out, const struct attempt *attempt, int64_t longest_us)
{
	html_lit(out, "<td role=\"cell\" data-label=\"Outcome\">");
	admin_outcome(out, attempt->outcome);
	html_lit(out, "</td><td role=\"cell\" data-label=\"Answer\"><div>");
	admin_answer(out, attempt->status_code, attempt->error);
	html_lit(out, "</div></td>");
	spent_cell(out, attempt, longest_us);
}

static int64_t
longest_of(const struct attempt_list *attempts)
{
	int64_t longest = 1;

	for (int i = 0; i < attempts->count; i++)
		if (attempts->attempts[i].duration_ms * 1000 > longest)
			longest = attempts->attempts[i].duration_ms * 1000;
	return longest;
}

void
admin_timeline(struct text *out, const struct webhook *webhook,
    const struct attempt_list *attempts, const struct attempt *shown)
{
	int64_t longest_us = longest_of(attempts);
	int64_t before = webhook->accepted_at;
	bool is_whole = attempts->total == attempts->count;
	const char *what = is_whole ? " after acceptance" : NULL;

	html_lit(out,
	    "<table role=\"table\" class=\"timeline\">\n"
	    "<caption class=\"unseen\">Attempts, oldest first</caption>\n"
	    "<thead role=\"rowgroup\"><tr role=\"row\">"
	    "<th scope=\"col\" role=\"columnheader\">Attempt</th>"
	    "<th scope=\"col\" role=\"columnheader\">Began</th>"
	    "<th scope=\"col\" role=\"columnheader\">Outcome</th>"
	    "<th scope=\"col\" role=\"columnheader\">Answer</th>"
	    "<th scope=\"col\" role=\"columnheader\">Took</th>"
	    "</tr></thead>\n<tbody role=\"rowgroup\">\n");
	for (int i = attempts->count - 1; i >= 0; i--) {
		const struct attempt *attempt = &attempts->attempts[i];

		html_lit(out, "<tr role=\"row\">");
		number_cell(out, attempt, attempt == shown);
		time_cell(out, attempt, before, what);
		result_cells(out, attempt, longest_us);
		html_lit(out, "</tr>\n");
		before = attempt->timestamp;
		what = " later";
	}
	html_lit(out, "</tbody>\n</table>\n");
}
