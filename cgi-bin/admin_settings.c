#include "admin_settings.h"

#include <string.h>

#include "ground/config.h"
#include "stores/figures.h"

#define MIB INT64_C(1048576)

void
admin_settings_tabs(struct text *out, enum settings_tab current)
{
	html_lit(out, "<nav class=\"tabs\" aria-label=\"Settings\"><ul>\n");
	html_nav_link(
	    out, "/ui/settings", "Running settings", current == TAB_SETTINGS);
	html_nav_link(out, "/ui/tokens", "API tokens", current == TAB_TOKENS);
	html_lit(out, "</ul></nav>\n");
}

static void
fact_begin(struct text *out, const char *name)
{
	html_lit(out, "<div><dt>");
	html_text(out, name);
	html_lit(out, "</dt><dd>");
}

static void
fact_number(
    struct text *out, const char *name, int64_t number, const char *what)
{
	fact_begin(out, name);
	html_number(out, number);
	html_text(out, what);
	html_lit(out, "</dd></div>\n");
}

static void
fact_size(struct text *out, const char *name, int64_t bytes)
{
	fact_begin(out, name);
	html_number(out, bytes / MIB);
	text_addf(out, ".%d MiB</dd></div>\n", (int)(bytes % MIB * 10 / MIB));
}

static void
write_database(struct text *out, const struct figures_database *figures)
{
	html_lit(out,
	    "<section aria-labelledby=\"partitions\">\n"
	    "<h2 id=\"partitions\">Partitions</h2>\n<dl class=\"facts\">\n");
	fact_begin(out, "Kept");
	html_number(out, figures->hours);
	html_lit(out, " of ");
	html_number(out, config.log_retention_hours);
	html_lit(out, " h</dd></div>\n");
	fact_number(out, "Webhooks", figures->webhooks, ", about");
	fact_number(out, "Attempts", figures->attempts, ", about");
	fact_size(out, "On disk", figures->bytes);
	html_lit(out,
	    "</dl>\n<p class=\"hint\">Rows are counted when an hour is over "
	    "and vacuumed.</p>\n</section>\n");
}

static void
write_queue(struct text *out, const struct figures_redis *figures)
{
	html_lit(out,
	    "<section aria-labelledby=\"queue\">\n"
	    "<h2 id=\"queue\">Queue</h2>\n");
	if (figures == NULL) {
		html_lit(out,
		    "<p class=\"notice wrong\">Redis does not answer. "
		    "Webhooks are delivered from PostgreSQL meanwhile, more "
		    "slowly.</p>\n</section>\n");
		return;
	}
	html_lit(out, "<dl class=\"facts\">\n");
	fact_number(out, "Due now", figures->ready, " subscriptions");
	fact_number(out, "Due, but slow", figures->slow, " subscriptions");
	fact_number(out, "Due later", figures->later, " subscriptions");
	fact_number(out, "Keys", figures->keys, "");
	fact_size(out, "Memory", figures->memory_bytes);
	html_lit(out, "</dl>\n</section>\n");
}

static void
write_versions(struct text *out, const struct figures_database *database,
    const struct figures_redis *redis)
{
	html_lit(out,
	    "<section aria-labelledby=\"versions\">\n"
	    "<h2 id=\"versions\">Versions</h2>\n<dl class=\"facts\">\n");
	fact_begin(out, "Postrider");
	html_lit(out, POSTRIDER_VERSION "</dd></div>\n");
	fact_begin(out, "PostgreSQL");
	html_text(out, text_string(&database->version));
	html_lit(out, "</dd></div>\n");
	fact_begin(out, "Redis");
	if (redis == NULL)
		html_lit(out, "<span class=\"quiet\">unknown</span>");
	else
		html_text(out, text_string(&redis->version));
	html_lit(out, "</dd></div>\n</dl>\n</section>\n");
}

/* FILE:LINE by its last part: the rest of the path is in the hint. */
static void
write_origin(struct text *out, const char *origin)
{
	const char *slash = strrchr(origin, '/');
	const char *name = slash == NULL ? origin : slash + 1;

	if (strcmp(origin, "default") == 0)
		html_lit(out, "<span class=\"quiet\">default</span>");
	else {
		html_lit(out, "<span title=\"");
		html_attribute(out, origin);
		html_lit(out, "\">");
		html_text(out, name);
		html_lit(out, "</span>");
	}
}

static void
write_setting(struct text *out, const struct config_shown *shown)
{
	html_lit(out,
	    "<tr role=\"row\"><th scope=\"row\" role=\"rowheader\"><code>");
	html_text(out, shown->name);
	html_lit(
	    out, "</code></th><td role=\"cell\" data-label=\"Value\"><span>");
	if (shown->value.length == 0)
		html_lit(out, "<span class=\"quiet\">empty</span>");
	else {
		html_lit(out, "<code>");
		html_text(out, text_string(&shown->value));
		html_lit(out, "</code>");
		if (shown->unit[0] != '\0' && shown->value.bytes[0] >= '0' &&
		    shown->value.bytes[0] <= '9') {
			html_lit(out, " ");
			html_text(out, shown->unit);
		}
	}
	html_lit(
	    out, "</span></td><td role=\"cell\" data-label=\"From\"><span>");
	write_origin(out, shown->origin);
	html_lit(out,
	    "</span></td><td role=\"cell\" data-label=\"Meaning\" "
	    "class=\"reason\">");
	admin_marked(out, shown->meaning);
	html_lit(out, "</td></tr>\n");
}

static void
write_settings(struct text *out)
{
	struct config_shown shown;

	html_lit(out,
	    "<section aria-labelledby=\"running\">\n"
	    "<h2 id=\"running\">Running settings</h2>\n"
	    "<p class=\"hint\">The environment comes before the file that "
	    "POSTRIDER_CONF names, and the file before the default. Passwords "
	    "are not shown. After a change: <code>systemctl reload "
	    "postrider</code>.</p>\n"
	    "<table role=\"table\" class=\"settings\">\n"
	    "<caption class=\"unseen\">Running settings</caption>\n"
	    "<thead role=\"rowgroup\"><tr role=\"row\">"
	    "<th scope=\"col\" role=\"columnheader\">Setting</th>"
	    "<th scope=\"col\" role=\"columnheader\">Value</th>"
	    "<th scope=\"col\" role=\"columnheader\">From</th>"
	    "<th scope=\"col\" role=\"columnheader\">Meaning</th>"
	    "</tr></thead>\n<tbody role=\"rowgroup\">\n");
	for (size_t i = 0; config_show(i, &shown); i++) {
		write_setting(out, &shown);
		text_free(&shown.value);
	}
	html_lit(out, "</tbody>\n</table>\n</section>\n");
}

void
admin_settings(const struct request *request, struct response *response,
    const char *argument, void *context)
{
	const struct admin *admin = context;
	struct text *out = &response->body;
	struct figures_database database;
	struct figures_redis redis, *answered = &redis;

	(void)argument;
	if (figures_of_database(admin->db, &database) == -1) {
		admin_failed(request, response, admin);
		return;
	}
	if (figures_of_redis(config.redis_url, &redis) == -1)
		answered = NULL;
	page_begin(response, 200, "Settings", PAGE_SETTINGS);
	admin_settings_tabs(out, TAB_SETTINGS);
	html_lit(out, "<div class=\"columns\">\n");
	write_versions(out, &database, answered);
	write_queue(out, answered);
	write_database(out, &database);
	html_lit(out, "</div>\n");
	write_settings(out);
	page_end(response, request);
	text_free(&database.version);
	text_free(&redis.version);
}
