/* The end of a subscription, after a question that says what it costs. */
#include "admin.h"
#include "ground/config.h"
#include "stores/subscription_search.h"

static void
write_counted(
    struct text *out, int64_t count, const char *one, const char *many)
{
	if (count > SUBSCRIPTION_COUNTED) {
		html_lit(out, "More than ");
		count = SUBSCRIPTION_COUNTED;
	}
	html_number(out, count);
	html_lit(out, " ");
	html_text(out, count == 1 ? one : many);
}

static void
write_losses(struct text *out, const struct subscription_plight *plight)
{
	html_lit(out,
	    "<li>Whoever sends webhooks to this id gets 404 from then on.</li>\n"
	    "<li>");
	if (plight->pending == 0)
		html_lit(out, "No webhook waits for delivery now.");
	else {
		html_lit(out, "<strong>");
		write_counted(out, plight->pending, "webhook", "webhooks");
		html_lit(out,
		    "</strong> that still wait for delivery end in Failure, "
		    "<em>subscription deleted</em>.");
	}
	html_lit(out, "</li>\n");
	if (plight->dead != 0) {
		html_lit(out, "<li><strong>");
		write_counted(out, plight->dead, "dead letter", "dead letters");
		html_lit(out, "</strong> can no longer be sent again.</li>\n");
	}
	html_lit(out,
	    "<li>Its secret is erased.</li>\n"
	    "<li>What was accepted and the attempts that were made stay on "
	    "record until they are ");
	html_number(out, config.log_retention_hours);
	html_lit(out, " hours old.</li>\n");
}

static void
ask(const struct request *request, struct response *response,
    const struct subscription *current,
    const struct subscription_plight *plight)
{
	struct text *out = &response->body;

	page_begin(
	    response, 200, "Delete this subscription?", PAGE_SUBSCRIPTIONS);
	html_lit(out, "<div class=\"panel ask\">\n<p class=\"url\"><strong>");
	html_text(out, current->target_url);
	html_lit(out, "</strong></p>\n<p><code class=\"id\">");
	html_uuid(out, &current->id);
	html_lit(out, "</code></p>\n<p>This cannot be undone:</p>\n<ul>\n");
	write_losses(out, plight);
	html_lit(out, "</ul>\n");
	admin_form_begin(out, "plain", NULL);
	html_lit(out,
	    "<p class=\"actions\">"
	    "<button class=\"danger\">Delete subscription</button>\n"
	    "<a class=\"button\" href=\"/ui/subscriptions/");
	html_uuid(out, &current->id);
	html_lit(out, "\">Keep it</a></p></form>\n</div>\n");
	page_end(response, request);
}

void
admin_delete_ask(const struct request *request, struct response *response,
    const char *argument, void *context)
{
	const struct admin *admin = context;
	struct subscription current = { 0 };
	struct subscription_plight plight = { 0 };

	if (!admin_find(request, response, argument, admin, &current))
		return;
	switch (subscription_plight(admin->db, &current.id, &plight)) {
	case 1: ask(request, response, &current, &plight); break;
	case 0: admin_refuse(request, response, 404, NULL); break;
	default: admin_failed(request, response, admin);
	}
	subscription_plight_release(&plight);
	subscription_release(&current);
}

void
admin_delete(const struct request *request, struct response *response,
    const char *argument, void *context)
{
	const struct admin *admin = context;
	struct uuid id;
	int rc;

	if (!admin_path_id(request, response, argument, &id))
		return;
	rc = subscription_delete(admin->db, &id);
	if (rc == -1) {
		admin_failed(request, response, admin);
		return;
	}
	if (rc == 0) {
		admin_refuse(request, response, 404, NULL);
		return;
	}
	cache_remove(admin->cache, &id);
	admin_redirect(response, "/ui/subscriptions?done=deleted");
}
