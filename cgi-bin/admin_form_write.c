#include "admin_form.h"

static void
write_error(struct text *out, const char *id, const struct text *error)
{
	admin_field_error(
	    out, id, error->length != 0 ? text_string(error) : NULL);
}

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
write_url(struct text *out, const struct subscription_form *form)
{
	bool is_wrong = form->url_error.length != 0;

	html_lit(out,
	    "<div class=\"field\">\n"
	    "<label for=\"target_url\">URL</label>\n"
	    "<p class=\"hint\" id=\"target_url-hint\">Webhooks are sent there "
	    "with POST, as they came.</p>\n");
	write_error(out, "target_url", &form->url_error);
	html_lit(out,
	    "<input class=\"code\" id=\"target_url\" "
	    "name=\"target_url\" type=\"url\" required autocomplete=\"off\" "
	    "placeholder=\"https://example.com/hook\"");
	admin_field_state(out, "target_url", is_wrong);
	html_lit(out, " value=\"");
	html_attribute(out, text_string(&form->url));
	html_lit(out, "\">\n</div>\n");
}

static void
write_events(struct text *out, const struct subscription_form *form)
{
	bool is_wrong = form->events_error.length != 0;

	html_lit(out,
	    "<div class=\"field\">\n"
	    "<label for=\"events\">Events <span class=\"quiet\">(optional)"
	    "</span></label>\n"
	    "<p class=\"hint\" id=\"events-hint\">Event types to deliver, "
	    "separated by commas, such as <code>order.created, "
	    "order.paid</code>. Empty means all.</p>\n");
	write_error(out, "events", &form->events_error);
	html_lit(out,
	    "<textarea class=\"code\" id=\"events\" name=\"events\" "
	    "rows=\"2\" spellcheck=\"false\"");
	admin_field_state(out, "events", is_wrong);
	/* The parser drops the first LF behind the tag. */
	html_lit(out, ">\n");
	html_text(out, text_string(&form->events));
	html_lit(out, "</textarea>\n</div>\n");
}

static void
write_remove_secret(struct text *out, bool is_checked)
{
	html_lit(out,
	    "<p class=\"check\"><input id=\"remove_secret\" "
	    "name=\"remove_secret\" type=\"checkbox\" value=\"1\"");
	if (is_checked)
		html_lit(out, " checked");
	html_lit(out,
	    "> <label for=\"remove_secret\">Remove the secret: "
	    "deliveries are no longer signed</label></p>\n");
}

static void
write_secret(
    struct text *out, const struct subscription_form *form, bool has_secret)
{
	bool is_wrong = form->secret_error.length != 0;

	html_lit(out,
	    "<div class=\"field\">\n"
	    "<label for=\"secret\">Secret <span class=\"quiet\">(optional)"
	    "</span></label>\n<p class=\"hint\" id=\"secret-hint\">");
	if (has_secret)
		html_lit(out, "There is one; leave this empty to keep it. ");
	else
		html_lit(out, "With a secret, deliveries are signed. ");
	html_lit(out,
	    "<code>whsec_</code> and base64 stand for a key of any "
	    "bytes; anything else is the key itself.</p>\n");
	write_error(out, "secret", &form->secret_error);
	html_lit(out,
	    "<input class=\"code\" id=\"secret\" name=\"secret\" "
	    "type=\"password\" autocomplete=\"new-password\"");
	admin_field_state(out, "secret", is_wrong);
	html_lit(out, " value=\"");
	html_attribute(out, text_string(&form->secret));
	html_lit(out, "\">\n");
	if (has_secret)
		write_remove_secret(out, form->remove_secret);
	html_lit(out, "</div>\n");
}

static void
write_actions(struct text *out, const struct subscription *current)
{
	html_lit(out, "<p class=\"actions\"><button class=\"primary\">");
	if (current == NULL)
		html_lit(out, "Create subscription");
	else
		html_lit(out, "Save changes");
	html_lit(out, "</button>\n<a class=\"button\" href=\"/ui/");
	if (current != NULL) {
		html_lit(out, "subscriptions/");
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
	write_url(out, form);
	write_events(out, form);
	write_secret(
	    out, form, current != NULL && current->sealed_secret != NULL);
	write_actions(out, current);
	html_lit(out, "</form>\n");
}
