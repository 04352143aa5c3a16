/* Figures, as every page shows them. */
#include "admin.h"

static void
write_percent(struct text *out, int permille)
{
	if (permille < 0)
		html_lit(out, "<span class=\"quiet\">none</span>");
	else if (permille == 1000)
		html_lit(out, "100%");
	else
		text_addf(out, "%d.%d%%", permille / 10, permille % 10);
}

void
admin_rate(struct text *out, const struct stats *stats)
{
	int permille = stats_success_permille(stats);

	if (permille < 0) {
		html_lit(out, "<span class=\"quiet\">nothing sent</span>");
		return;
	}
	text_addf(out,
	    "<span class=\"rate\"><svg viewBox=\"0 0 1000 10\" "
	    "preserveAspectRatio=\"none\" aria-hidden=\"true\">"
	    "<rect class=\"rest\" width=\"1000\" height=\"10\"/>"
	    "<rect class=\"%s\" width=\"%d\" height=\"10\"/></svg>",
	    permille >= 950	  ? "high"
		: permille >= 500 ? "middle"
				  : "low",
	    permille);
	write_percent(out, permille);
	html_lit(out, "</span>");
}

static void
figure_begin(struct text *out, const char *label)
{
	html_lit(out, "<div><dt>");
	html_text(out, label);
	html_lit(out, "</dt><dd>");
}

static void
figure_end(struct text *out)
{
	html_lit(out, "</dd></div>\n");
}

void
admin_figures(struct text *out, const struct stats *day)
{
	figure_begin(out, "Success rate");
	write_percent(out, stats_success_permille(day));
	figure_end(out);
	figure_begin(out, "Attempts");
	html_number(out, stats_attempts(day));
	figure_end(out);
	figure_begin(out, "Latency p50");
	admin_duration(out, stats_percentile_ms(day, 50));
	figure_end(out);
	figure_begin(out, "Latency p95");
	admin_duration(out, stats_percentile_ms(day, 95));
	figure_end(out);
}
