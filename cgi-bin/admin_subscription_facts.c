/* What a subscription is: its settings, and how to send to it. */
#include "admin_subscription.h"
#include "ground/clock.h"

#define EVENTS_BYTES 12288 /* of HTML; there may be 1,000 events */

void
admin_subscription_link(struct text *out, const struct uuid *id,
    const char *class, const char *act, const char *label)
{
	html_lit(out, "<a class=\"");
	html_attribute(out, class);
	html_lit(out, "\" href=\"/ui/subscriptions/");
	html_uuid(out, id);
	html_lit(out, "/");
	html_attribute(out, act);
	html_lit(out, "\">");
	html_text(out, label);
	html_lit(out, "</a>\n");
}

static void
write_events(struct text *out, const struct subscription *subscription)
{
	int count = subscription->events_count, i = 0;
	size_t from = out->length;

	if (count <= 0) {
		html_lit(out, "<span class=\"quiet\">all events</span>");
		return;
	}
	html_lit(out, "<ul class=\"chips\">");
	for (; i < count && out->length - from < EVENTS_BYTES; i++) {
		html_lit(out, "<li>");
		html_text(out, subscription->events[i]);
		html_lit(out, "</li>");
	}
	if (i < count) {
		html_lit(out, "<li class=\"more\">and ");
		html_number(out, count - i);
		html_lit(out, " more</li>");
	}
	html_lit(out, "</ul>");
}

static void
write_secret(struct text *out, const struct subscription *subscription)
{
	const struct uuid *id = &subscription->id;

	if (subscription->sealed_secret == NULL) {
		html_lit(out, "none: deliveries are not signed ");
		admin_subscription_link(out, id, "act", "rotate", "Make one…");
		return;
	}
	html_lit(out,
	    "<span aria-hidden=\"true\">••••••••</span>"
	    "<span class=\"unseen\">There is one</span> ");
	admin_subscription_link(out, id, "act", "secret", "Show");
	html_lit(out, " ");
	admin_subscription_link(out, id, "act", "rotate", "New secret…");
	if (subscription->secret_overlap_until > clock_database_ms()) {
		html_lit(out,
		    "<br><span class=\"quiet\">with the one before "
		    "too until ");
		html_time(out, subscription->secret_overlap_until);
		html_lit(out, "</span>");
	}
}

static void
write_ingest_secret(struct text *out, const struct subscription *subscription)
{
	if (!subscription->has_ingest_secret) {
		html_lit(out, "none");
		return;
	}
	html_lit(out, "set ");
	admin_subscription_link(
	    out, &subscription->id, "act", "ingest-secret/rotate", "Rotate…");
	if (subscription->ingest_overlap_until > clock_database_ms()) {
		html_lit(out,
		    "<br><span class=\"quiet\">previous secret also valid "
		    "until ");
		html_time(out, subscription->ingest_overlap_until);
		html_lit(out, "</span>");
	}
}

void
admin_subscription_facts(struct text *out,
    const struct subscription *subscription,
    const struct subscription_plight *plight)
{
	html_lit(out,
	    "<section aria-labelledby=\"settings\">\n"
	    "<h2 id=\"settings\">Settings</h2>\n"
	    "<dl class=\"facts\">\n<div><dt>State</dt><dd>");
	admin_state(out, subscription->state, plight->failing_since != 0);
	html_lit(out, "</dd></div>\n<div><dt>URL</dt><dd class=\"url\">");
	html_text(out, subscription->target_url);
	html_lit(out, "</dd></div>\n<div><dt>Id</dt><dd><code id=\"id\">");
	html_uuid(out, &subscription->id);
	html_lit(out, "</code> ");
	html_copy(out, "id", "the id");
	html_lit(out, "</dd></div>\n<div><dt>Events</dt><dd>");
	write_events(out, subscription);
	html_lit(out, "</dd></div>\n<div><dt>Secret</dt><dd>");
	write_secret(out, subscription);
	html_lit(out, "</dd></div>\n<div><dt>Producers</dt><dd>");
	if (subscription->verify_ingest != NULL) {
		html_lit(out, "must sign: ");
		html_text(out, subscription->verify_ingest);
	} else
		html_lit(out, "need not sign");
	html_lit(out, "</dd></div>\n<div><dt>Ingest secret</dt><dd>");
	write_ingest_secret(out, subscription);
	html_lit(out, "</dd></div>\n<div><dt>Created</dt><dd>");
	html_time(out, subscription->created_at);
	html_lit(out, "</dd></div>\n<div><dt>Last change</dt><dd>");
	html_time(out, subscription->updated_at);
	html_lit(out, "</dd></div>\n</dl>\n</section>\n");
}

void
admin_subscription_curl(const struct request *request, struct text *out,
    const struct subscription *subscription)
{
	html_lit(out,
	    "<section aria-labelledby=\"send\">\n"
	    "<h2 id=\"send\">Send it a webhook from a shell</h2>\n"
	    "<pre tabindex=\"0\"><code id=\"curl\">curl ");
	admin_site(request, out);
	html_lit(out, "/ingest/");
	html_uuid(out, &subscription->id);
	html_lit(out, " \\\n  -H 'Content-Type: application/json' \\\n");
	if (subscription->events_count > 0 &&
	    admin_shell_safe(subscription->events[0])) {
		html_lit(out, "  -H 'X-Event-Type: ");
		html_text(out, subscription->events[0]);
		html_lit(out, "' \\\n");
	}
	html_lit(out,
	    "  -d '{&quot;hello&quot;: &quot;world&quot;}'"
	    "</code></pre>\n");
	html_copy(out, "curl", "the command");
	html_lit(out, "</section>\n");
}
