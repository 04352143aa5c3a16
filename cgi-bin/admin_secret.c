/* The secret of a subscription: shown, and made anew. */
#include <sodium.h>

#include "admin.h"
#include "ground/config.h"
#include "ground/log.h"
#include "rules/signature.h"
#include "stores/keyring.h"

static void
show(const struct request *request, struct response *response,
    const struct subscription *subscription, const char *secret)
{
	struct text *out = &response->body;

	page_begin(response, 200, "Secret", PAGE_SUBSCRIPTIONS);
	html_lit(out, "<div class=\"panel ask\">\n<p class=\"url\"><strong>");
	html_text(out, subscription->target_url);
	html_lit(out,
	    "</strong></p>\n<pre tabindex=\"0\"><code "
	    "id=\"secret\">");
	html_text(out, secret);
	html_lit(out, "</code></pre>\n");
	html_copy(out, "secret", "the secret");
	html_lit(out,
	    "<p>A receiver checks <code>webhook-signature"
	    "</code> with it, as Standard Webhooks say. Anyone who has it can impersonate this service.</p>\n"
	    "<p class=\"actions\"><a class=\"button primary\" "
	    "href=\"/ui/subscriptions/");
	html_uuid(out, &subscription->id);
	html_lit(out,
	    "\">Done</a>\n<a class=\"button\" "
	    "href=\"/ui/subscriptions/");
	html_uuid(out, &subscription->id);
	html_lit(out, "/rotate\">New secret…</a></p>\n</div>\n");
	page_end(response, request);
}

/* http.c lets nobody store any answer. */
void
admin_secret(const struct request *request, struct response *response,
    const char *argument, void *context)
{
	struct subscription found = { 0 };
	char *secret = NULL;

	if (!admin_find(request, response, argument, context, &found))
		return;
	if (found.sealed_secret != NULL)
		secret = keyring_open(&found.id, found.sealed_secret);
	if (secret != NULL)
		show(request, response, &found, secret);
	else if (found.sealed_secret == NULL)
		admin_refuse(request, response, 404, NULL);
	else {
		log_error(
		    "cannot open a secret reason=\"%s\"", keyring_reason());
		admin_refuse(request, response, 500, NULL);
	}
	seal_forget(secret);
	subscription_release(&found);
}

static void
say_overlap(struct text *out)
{
	if (config.secret_overlap_hours == 0) {
		html_lit(out,
		    "<li>The old secret ends at once: give the receiver the "
		    "new one first thing.</li>\n");
		return;
	}
	html_lit(out, "<li>Deliveries are signed with both secrets for ");
	html_number(out, config.secret_overlap_hours);
	html_lit(out,
	    " hours, then with the new one alone. Until then give it to the "
	    "receiver.</li>\n"
	    "<li>If someone else knows the old one, do not rotate: enter "
	    "another secret under Edit, which ends the old one at once.</li>\n");
}

void
admin_rotate_ask(const struct request *request, struct response *response,
    const char *argument, void *context)
{
	struct text *out = &response->body;
	struct subscription current = { 0 };

	if (!admin_find(request, response, argument, context, &current))
		return;
	page_begin(response, 200, "Make a new secret?", PAGE_SUBSCRIPTIONS);
	html_lit(out, "<div class=\"panel ask\">\n<p class=\"url\"><strong>");
	html_text(out, current.target_url);
	html_lit(out, "</strong></p>\n<ul>\n");
	if (current.sealed_secret != NULL)
		say_overlap(out);
	else
		html_lit(out,
		    "<li>It has none yet: deliveries are signed from then "
		    "on.</li>\n");
	html_lit(out, "</ul>\n");
	admin_form_begin(out, "plain", NULL);
	html_lit(out,
	    "<p class=\"actions\">"
	    "<button class=\"primary\">Make a new secret</button>\n"
	    "<a class=\"button\" href=\"/ui/subscriptions/");
	html_uuid(out, &current.id);
	html_lit(out, "\">Leave it</a></p></form>\n</div>\n");
	page_end(response, request);
	subscription_release(&current);
}

void
admin_rotate(const struct request *request, struct response *response,
    const char *argument, void *context)
{
	const struct admin *admin = context;
	struct subscription rotated = { 0 };
	char secret[SIGNATURE_SECRET_SIZE];
	struct uuid id;
	int rc;

	if (!admin_path_id(request, response, argument, &id))
		return;
	signature_secret(secret);
	rc = subscription_rotate(
	    admin->db, &id, secret, config.secret_overlap_hours, &rotated);
	sodium_memzero(secret, sizeof(secret));
	if (rc == 1) {
		cache_remove(admin->cache, &rotated.id);
		admin_redirect_done(response, &id, "rotated");
	} else if (rc == 0)
		admin_refuse(request, response, 404, NULL);
	else if (rc == SUBSCRIPTION_NO_KEY) {
		log_error(
		    "cannot seal a secret reason=\"%s\"", keyring_reason());
		admin_refuse(request, response, 500, NULL);
	} else
		admin_failed(request, response, admin);
	subscription_release(&rotated);
}
