/* The attempts of a day, as a picture and as a table. */
#include <stdio.h>

#include "admin.h"
#include "ground/clock.h"

/* The picture's own units; its width on the page is another. */
#define BAR_WIDTH 10
#define BAR_INK 8
#define HEIGHT 400
#define LEAST 5 /* of what is there at all, however little */
#define HOUR 4	/* quarters */

/* In order of the stack, from the bottom. */
static const struct {
	const char *class, *one, *many, *label;
	const char *fill; /* where the style sheet cannot say it; or NULL */
} series[] = {
	{ "success", "success", "successes", "Successes", NULL },
	{ "retry", "failed attempt", "failed attempts", "Failed attempts",
	    "url(#chart-retry)" },
	{ "failure", "failure", "failures", "Failures", NULL },
};
#define SERIES ((int)(sizeof(series) / sizeof(series[0])))

static int64_t
amount(const struct stats *stats, int which)
{
	const int64_t amounts[SERIES] = { stats->successes,
		stats->failed_attempts, stats->failures };

	return amounts[which];
}

/* The least of 2, 4, 6, 10, 20, 40 … that holds all: its half is whole. */
static int64_t
scale_of(const struct stats_quarter *quarters, int count)
{
	static const int steps[] = { 2, 4, 6, 10 };
	int64_t most = 0, unit = 1;

	for (int i = 0; i < count; i++)
		if (stats_attempts(&quarters[i].stats) > most)
			most = stats_attempts(&quarters[i].stats);
	for (;; unit *= 10)
		for (int i = 0; i < 4; i++)
			if (steps[i] * unit >= most)
				return steps[i] * unit;
}

static int
height_of(int64_t amount, int64_t scale)
{
	int height = (int)((double)amount * HEIGHT / (double)scale);

	return amount > 0 && height < LEAST ? LEAST : height;
}

/* All bars of one colour are one path: a rectangle each is ten times the
 * bytes. */
static void
write_bars(struct text *out, const struct stats_quarter *quarters, int count,
    int64_t scale, int which)
{
	html_lit(out, "<path class=\"");
	html_attribute(out, series[which].class);
	if (series[which].fill != NULL) {
		html_lit(out, "\" fill=\"");
		html_attribute(out, series[which].fill);
	}
	html_lit(out, "\" d=\"");
	for (int i = 0; i < count; i++) {
		const struct stats *stats = &quarters[i].stats;
		int height = height_of(amount(stats, which), scale);
		int top = HEIGHT - height;

		for (int below = 0; below < which; below++)
			top -= height_of(amount(stats, below), scale);
		if (height > 0)
			text_addf(out, "M%d %dh%dv%dh-%dz",
			    i * BAR_WIDTH + (BAR_WIDTH - BAR_INK) / 2, top,
			    BAR_INK, height, BAR_INK);
	}
	html_lit(out, "\"/>\n");
}

static const char *
word_of(int which, int64_t count)
{
	return count == 1 ? series[which].one : series[which].many;
}

static void
write_words(struct text *out, const struct stats *stats)
{
	for (int which = 0; which < SERIES; which++) {
		int64_t count = amount(stats, which);

		if (which > 0)
			html_lit(out, ", ");
		html_number(out, count);
		html_lit(out, " ");
		html_text(out, word_of(which, count));
	}
}

static void
write_clock(struct text *out, int64_t ms)
{
	char when[CLOCK_TEXT_SIZE];

	text_add(out, clock_text(ms, when) + 11, 5);
}

static struct stats
hour_of(const struct stats_quarter *quarters, int count, int first)
{
	struct stats sum = { 0 };

	for (int i = first; i < first + HOUR && i < count; i++)
		stats_add(&sum, &quarters[i].stats);
	return sum;
}

/* What a pointer that rests on an hour is told. */
static void
write_hints(struct text *out, const struct stats_quarter *quarters, int count)
{
	for (int i = 0; i < count; i += HOUR) {
		struct stats hour = hour_of(quarters, count, i);

		if (stats_attempts(&hour) == 0)
			continue;
		text_addf(out,
		    "<rect class=\"hour\" x=\"%d\" width=\"%d\" "
		    "height=\"%d\"><title>",
		    i * BAR_WIDTH, HOUR * BAR_WIDTH, HEIGHT);
		write_clock(out, quarters[i].begins_at);
		html_lit(out, " to ");
		write_clock(
		    out, quarters[i].begins_at + HOUR * STATS_QUARTER_MS);
		html_lit(out, " UTC: ");
		write_words(out, &hour);
		html_lit(out, "</title></rect>\n");
	}
}

static void
write_picture(struct text *out, const struct stats_quarter *quarters, int count,
    const struct stats *sum, int64_t scale)
{
	text_addf(out,
	    "<svg viewBox=\"0 %d %d %d\" preserveAspectRatio=\"none\" "
	    "role=\"img\" aria-label=\"",
	    -2 * LEAST, count * BAR_WIDTH, HEIGHT + 2 * LEAST);
	write_words(out, sum);
	text_addf(out,
	    " in 24 hours, by quarter of an hour\">\n"
	    "<defs><pattern id=\"chart-retry\" width=\"4\" height=\"10\" "
	    "patternUnits=\"userSpaceOnUse\">"
	    "<rect class=\"pale\" width=\"4\" height=\"10\"/>"
	    "<rect class=\"stripe\" width=\"4\" height=\"6\"/>"
	    "</pattern></defs>\n"
	    "<path class=\"rules\" d=\"M0 0h%d M0 %dh%d M0 %dh%d\"/>\n",
	    count * BAR_WIDTH, HEIGHT / 2, count * BAR_WIDTH, HEIGHT,
	    count * BAR_WIDTH);
	for (int which = 0; which < SERIES; which++)
		write_bars(out, quarters, count, scale, which);
	write_hints(out, quarters, count);
	html_lit(out, "</svg>\n");
}

static void
write_legend(struct text *out, const struct stats *sum)
{
	html_lit(out, "<ul class=\"legend\">\n");
	for (int which = 0; which < SERIES; which++) {
		int64_t count = amount(sum, which);

		html_lit(out, "<li><span class=\"key ");
		html_attribute(out, series[which].class);
		html_lit(out, "\"></span><strong>");
		html_number(out, count);
		html_lit(out, "</strong> ");
		html_text(out, word_of(which, count));
		html_lit(out, "</li>\n");
	}
	html_lit(out, "</ul>\n");
}

static void
write_row(struct text *out, int64_t begins_at, const struct stats *hour)
{
	html_lit(out,
	    "<tr role=\"row\"><th scope=\"row\" role=\"rowheader\" "
	    "data-label=\"From\">");
	html_time_exact(out, begins_at);
	html_lit(out, "</th>");
	for (int which = 0; which < SERIES; which++) {
		html_lit(
		    out, "<td role=\"cell\" class=\"number\" data-label=\"");
		html_attribute(out, series[which].label);
		html_lit(out, "\">");
		html_number(out, amount(hour, which));
		html_lit(out, "</td>");
	}
	html_lit(out, "</tr>\n");
}

static void
write_table(struct text *out, const struct stats_quarter *quarters, int count)
{
	html_lit(out,
	    "<details><summary>The same as a table</summary>\n"
	    "<table role=\"table\">\n<caption>Attempts by hour; an hour "
	    "without any is left out</caption>\n"
	    "<thead role=\"rowgroup\"><tr role=\"row\">"
	    "<th scope=\"col\" role=\"columnheader\">An hour from</th>"
	    "<th scope=\"col\" role=\"columnheader\" class=\"number\">"
	    "Successes</th>"
	    "<th scope=\"col\" role=\"columnheader\" class=\"number\">"
	    "Failed attempts</th>"
	    "<th scope=\"col\" role=\"columnheader\" class=\"number\">"
	    "Failures</th></tr></thead>\n<tbody role=\"rowgroup\">\n");
	for (int i = 0; i < count; i += HOUR) {
		struct stats hour = hour_of(quarters, count, i);

		if (stats_attempts(&hour) != 0)
			write_row(out, quarters[i].begins_at, &hour);
	}
	html_lit(out, "</tbody>\n</table>\n</details>\n");
}

void
admin_chart(struct text *out, const struct stats_quarter *quarters, int count)
{
	struct stats sum = { 0 };
	int64_t scale = scale_of(quarters, count);

	for (int i = 0; i < count; i++)
		stats_add(&sum, &quarters[i].stats);
	html_lit(out, "<figure class=\"chart\">\n");
	write_legend(out, &sum);
	html_lit(out,
	    "<div class=\"plot\">\n<p class=\"scale\" "
	    "aria-hidden=\"true\"><span>");
	html_number(out, scale);
	html_lit(out, "</span><span>");
	html_number(out, scale / 2);
	html_lit(out, "</span><span>0</span></p>\n");
	write_picture(out, quarters, count, &sum, scale);
	html_lit(out,
	    "<p class=\"hours\" aria-hidden=\"true\">"
	    "<span>24 h ago</span><span>18 h</span><span>12 h</span>"
	    "<span>6 h</span><span>now</span></p>\n</div>\n");
	if (stats_attempts(&sum) != 0)
		write_table(out, quarters, count);
	html_lit(out, "</figure>\n");
}
