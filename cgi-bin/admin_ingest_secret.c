#include "admin_ingest_secret.h"

#include "ground/config.h"
#include "ground/log.h"
#include "rules/signed_request.h"
#include "stores/keyring.h"

static void
write_target(struct text *out, const struct subscription *subscription)
{
	html_lit(out, "<div class=\"panel ask\">\n<p class=\"url\"><strong>");
	html_text(out, subscription->target_url);
	html_lit(out, "</strong></p>\n");
}

static void
write_link(struct text *out, const struct subscription *subscription,
    const char *class, const char *label)
{
	html_lit(out, "<a class=\"");
	html_attribute(out, class);
	html_lit(out, "\" href=\"/ui/subscriptions/");
	html_uuid(out, &subscription->id);
	html_lit(out, "\">");
	html_text(out, label);
	html_lit(out, "</a>");
}

void
admin_ingest_secret_show(const struct request *request,
    struct response *response, int status,
    const struct subscription *subscription)
{
	struct text *out = &response->body;

	page_begin(response, status, "Ingest secret", PAGE_SUBSCRIPTIONS);
	write_target(out, subscription);
	html_lit(out, "<pre tabindex=\"0\"><code id=\"secret\">");
	html_text(out, subscription->made_ingest_secret);
	html_lit(out, "</code></pre>\n");
	html_copy(out, "secret", "the ingest secret");
	html_lit(out,
	    "<p>Copy it now: it is not shown again. Producers sign with it; "
	    "anyone who has it can send events in their name. Receivers do "
	    "not need it.</p>\n<p class=\"actions\">");
	write_link(out, subscription, "button primary", "Done");
	html_lit(out, "</p>\n</div>\n");
	page_end(response, request);
}

/* error: of what was typed, "" when nothing is wrong. */
static void
ask_page(const struct request *request, struct response *response,
    const struct subscription *current, const char *error)
{
	bool is_theirs =
	    signed_secret_is_theirs(signed_scheme_of(current->verify_ingest));
	const struct field field = { .name = "ingest_secret",
		.label = "Ingest secret",
		.is_optional = !is_theirs,
		.hint = is_theirs
		    ? "The new secret that the producer shows."
		    : "Leave empty to generate one, which is shown once.",
		.error = error,
		.value = "",
		.class = "code",
		.type = "password",
		.autocomplete = "new-password" };
	struct text *out = &response->body;

	page_begin(response, error[0] != '\0' ? 422 : 200,
	    "Rotate the ingest secret?", PAGE_SUBSCRIPTIONS);
	write_target(out, current);
	if (current->has_ingest_secret && config.secret_overlap_hours > 0) {
		html_lit(out, "<p>Producers may sign with the old one for ");
		html_number(out, config.secret_overlap_hours);
		html_lit(out, " hours more.</p>\n");
	}
	admin_form_begin(out, "plain", NULL);
	admin_field(out, &field);
	html_lit(out,
	    "<p class=\"actions\"><button class=\"primary\">Rotate "
	    "secret</button>\n");
	write_link(out, current, "button", "Cancel");
	html_lit(out, "</p></form>\n</div>\n");
	page_end(response, request);
}

void
admin_ingest_rotate_ask(const struct request *request,
    struct response *response, const char *argument, void *context)
{
	struct subscription current = { 0 };

	if (admin_find(request, response, argument, context, &current))
		ask_page(request, response, &current, "");
	subscription_release(&current);
}

static void
answer_rotated(const struct request *request, struct response *response,
    const struct admin *admin, int rc, const struct subscription *current,
    const struct subscription *rotated)
{
	struct text error = { 0 };

	switch (rc) {
	case 1:
		cache_remove(admin->cache, &rotated->id);
		if (rotated->made_ingest_secret != NULL)
			admin_ingest_secret_show(
			    request, response, 200, rotated);
		else
			admin_redirect_done(response, &rotated->id, "rotated");
		break;
	case 0: admin_refuse(request, response, 404, NULL); break;
	case SUBSCRIPTION_BAD_SECRET:
		text_addf(
		    &error, "%s.", secret_fault_text(rotated->ingest_fault));
		ask_page(request, response, current, text_string(&error));
		break;
	case SUBSCRIPTION_NO_KEY:
		log_error(
		    "cannot seal a secret reason=\"%s\"", keyring_reason());
		admin_refuse(request, response, 500, NULL);
		break;
	default: admin_failed(request, response, admin);
	}
	text_free(&error);
}

void
admin_ingest_rotate(const struct request *request, struct response *response,
    const char *argument, void *context)
{
	const struct admin *admin = context;
	struct subscription current = { 0 }, rotated = { 0 };
	struct text typed = { 0 };
	int rc;

	if (!admin_find(request, response, argument, admin, &current))
		return;
	form_value(text_string(&request->body), "ingest_secret", &typed);
	if (typed.length > SECRET_BYTES_MAX || !text_is_string(&typed))
		ask_page(request, response, &current,
		    "The secret must be text of 1024 bytes at most.");
	else {
		rc = subscription_rotate_ingest(admin->db, &current.id,
		    typed.length != 0 ? typed.bytes : NULL,
		    config.secret_overlap_hours, &rotated);
		answer_rotated(
		    request, response, admin, rc, &current, &rotated);
	}
	text_free(&typed);
	subscription_release(&rotated);
	subscription_release(&current);
}
