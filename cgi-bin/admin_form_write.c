#include "admin_form.h"

static void
write_faults(struct text *out, const struct subscription_form *form)
{
	if (form->faults == 0)
		return;
	html_lit(out,
	    "<p class=\"notice wrong\" role=\"alert\">Nothing was "
	    "saved yet. ");
	if (form->faults == 1)
		html_lit(out, "One field needs another look.");
	else {
		html_number(out, form->faults);
		html_lit(out, " fields need another look.");
	}
	html_lit(out, "</p>\n");
}

static void
write_secret(struct text *out, const struct subscription_form *form,
    const struct subscription *current)
{
	bool has_one = current != NULL && current->sealed_secret != NULL;
	const struct field secret = { .name = "secret",
		.label = "Secret",
		.is_optional = true,
		.hint = has_one
		    ? "Set. Leave empty to keep it; a new one replaces it "
		      "at once."
		    : "With a secret, deliveries are signed. Use `whsec_` "
		      "plus base64 for a binary key; any other text is used "
		      "as is.",
		.error = text_string(&form->secret_error),
		.value = text_string(&form->secret),
		.class = "code",
		.type = "password",
		.autocomplete = "new-password" };

	admin_field(out, &secret);
	if (has_one)
		admin_check(out, "remove_secret",
		    "Remove the secret: deliveries are no longer signed",
		    form->remove_secret);
	else
		admin_check(out, "make_secret",
		    "Make one of 32 random bytes when the field is empty",
		    form->make_secret);
}

static void
write_producers(struct text *out, const struct subscription_form *form,
    const struct subscription *current)
{
	static const struct choice schemes[] = {
		{ "", "no: X-Signature is passed on as it comes" },
		{ "standard-webhooks", "yes, as Standard Webhooks do" },
		{ "hmac-sha256-hex",
		    "yes, with X-Signature: HMAC-SHA256 of the body in hex" },
		{ "github", "yes, as GitHub does" },
		{ "stripe", "yes, as Stripe does" },
		{ "shopify", "yes, as Shopify does" },
		{ NULL, NULL },
	};
	bool has_one = current != NULL && current->has_ingest_secret;
	const struct field verify = { .name = "verify_ingest",
		.label = "Require signed events?",
		.hint = "Events that are not signed with the ingest secret are "
			"rejected with 401.",
		.error = text_string(&form->verify_error),
		.value = text_string(&form->verify),
		.choices = schemes };
	const struct field ingest = { .name = "ingest_secret",
		.label = "Ingest secret",
		.is_optional = true,
		.hint = has_one
		    ? "Set. Leave empty to keep it; a new one replaces it "
		      "at once."
		    : "What producers sign with. Leave empty to generate "
		      "one, which is shown once; Stripe and Shopify "
		      "generate their own.",
		.error = text_string(&form->ingest_error),
		.value = text_string(&form->ingest),
		.class = "code",
		.type = "password",
		.autocomplete = "new-password" };

	admin_field(out, &verify);
	admin_field(out, &ingest);
}

static void
write_fields(struct text *out, const struct subscription_form *form,
    const struct subscription *current)
{
	const struct field url = { .name = "target_url",
		.label = "URL",
		.hint = "Webhooks are sent there with POST, as they came.",
		.error = text_string(&form->url_error),
		.value = text_string(&form->url),
		.class = "code",
		.type = "url",
		.placeholder = "https://example.com/hook",
		.is_required = true };
	const struct field events = { .name = "events",
		.label = "Events",
		.is_optional = true,
		.hint = "Event types to deliver, separated by commas, such as "
			"`order.created, order.paid`. Empty means all.",
		.error = text_string(&form->events_error),
		.value = text_string(&form->events),
		.class = "code",
		.rows = 2 };

	admin_field(out, &url);
	admin_field(out, &events);
	write_secret(out, form, current);
	write_producers(out, form, current);
}

static void
write_actions(struct text *out, const struct subscription *current)
{
	html_lit(out, "<p class=\"actions\"><button class=\"primary\">");
	if (current == NULL)
		html_lit(out, "Create subscription");
	else
		html_lit(out, "Save changes");
	html_lit(out,
	    "</button>\n<a class=\"button\" "
	    "href=\"/ui/subscriptions");
	if (current != NULL) {
		html_lit(out, "/");
		html_uuid(out, &current->id);
	}
	html_lit(out, "\">Cancel</a></p>\n");
}

void
admin_form_write(struct text *out, const struct subscription_form *form,
    const struct subscription *current)
{
	write_faults(out, form);
	admin_form_begin(out, "panel", NULL);
	write_fields(out, form, current);
	write_actions(out, current);
	html_lit(out, "</form>\n");
}
