/* A test event: its type and its payload are chosen, and then its own page
 * shows what the receiver answered. */
#include <string.h>

#include "admin.h"
#include "rules/json_check.h"
#include "stores/test_event.h"

#define CHOICES_BYTES 8192 /* of HTML; there may be 1,000 events */

static const char sample[] =
    "{\n  \"message\": \"A test event from Postrider\"\n}";

struct test_form {
	struct text type, payload;		/* as typed */
	const char *type_error, *payload_error; /* NULL: nothing is wrong */
};

static void
form_free(struct test_form *form)
{
	text_free(&form->type);
	text_free(&form->payload);
}

/* Browsers turn LF into CR LF; in JSON that is a blank between values. */
static void
drop_returns(struct text *text)
{
	size_t kept = 0;

	for (size_t i = 0; i < text->length; i++)
		if (text->bytes[i] != '\r')
			text->bytes[kept++] = text->bytes[i];
	if (text->length != 0)
		text->bytes[kept] = '\0';
	text->length = kept;
}

static void
form_read(struct test_form *form, const char *body)
{
	form_value(body, "event_type", &form->type);
	form_value(body, "payload", &form->payload);
	drop_returns(&form->payload);
	if (form->type.length > WEBHOOK_EVENT_TYPE_BYTES)
		form->type_error = "An event type may have 255 bytes.";
	else if (!text_is_clean(text_string(&form->type), form->type.length))
		form->type_error = "An event type is text without control "
				   "characters.";
	if (form->payload.length == 0)
		form->payload_error = "Enter a JSON value: {} will do.";
	else if (!json_check(form->payload.bytes, form->payload.length))
		form->payload_error = "This is not JSON. Strings and names "
				      "stand in double quotes, and nothing "
				      "follows a last comma.";
}

static void
write_choices(struct text *out, const struct subscription *subscription)
{
	size_t from = out->length;

	html_lit(out, "<datalist id=\"types\">\n");
	for (int i = 0; i < subscription->events_count &&
	     out->length - from < CHOICES_BYTES;
	     i++) {
		html_lit(out, "<option value=\"");
		html_attribute(out, subscription->events[i]);
		html_lit(out, "\"></option>\n");
	}
	html_lit(out, "</datalist>\n");
}

static void
write_form(struct text *out, const struct test_form *form,
    const struct subscription *subscription)
{
	bool has_list = subscription->events_count > 0;
	const struct field type = { .name = "event_type",
		.label = "Event type",
		.is_optional = true,
		.hint = has_list
		    ? "One of those that it asked for. Another one is "
		      "accepted and never sent. Empty means the first."
		    : "It takes all of them. Empty means none.",
		.error = form->type_error,
		.value = text_string(&form->type),
		.class = "code",
		.list = has_list ? "types" : NULL };
	const struct field payload = { .name = "payload",
		.label = "Payload",
		.hint = "A JSON value, sent as it stands here.",
		.error = form->payload_error,
		.value = text_string(&form->payload),
		.class = "code",
		.rows = 10,
		.is_required = true };

	admin_form_begin(out, "panel", NULL);
	admin_field(out, &type);
	if (has_list)
		write_choices(out, subscription);
	admin_field(out, &payload);
	html_lit(out,
	    "<p class=\"actions\">"
	    "<button class=\"primary\">Send it</button>\n"
	    "<a class=\"button\" href=\"/ui/subscriptions/");
	html_uuid(out, &subscription->id);
	html_lit(out, "\">Cancel</a></p>\n</form>\n");
}

static void
form_page(const struct request *request, struct response *response,
    const struct test_form *form, const struct subscription *subscription)
{
	struct text *out = &response->body;
	bool is_wrong = form->type_error != NULL || form->payload_error != NULL;

	page_begin(response, is_wrong ? 422 : 200, "Send a test event",
	    PAGE_SUBSCRIPTIONS);
	html_lit(out, "<p>To <a class=\"url\" href=\"/ui/subscriptions/");
	html_uuid(out, &subscription->id);
	html_lit(out, "\">");
	html_text(out, subscription->target_url);
	html_lit(out, "</a>, signed and tried again like any other.</p>\n");
	if (strcmp(subscription->state, "active") != 0) {
		html_lit(out, "<p class=\"notice held\">It is ");
		html_text(out, subscription->state);
		html_lit(out,
		    ": the event will wait until somebody resumes it.</p>\n");
	}
	write_form(out, form, subscription);
	page_end(response, request);
}

void
admin_test_ask(const struct request *request, struct response *response,
    const char *argument, void *context)
{
	struct test_form form = { 0 };
	struct subscription found = { 0 };

	if (admin_find(request, response, argument, context, &found)) {
		if (found.events_count > 0)
			text_adds(&form.type, found.events[0]);
		text_adds(&form.payload, sample);
		form_page(request, response, &form, &found);
	}
	form_free(&form);
	subscription_release(&found);
}

static void
send_event(const struct request *request, struct response *response,
    const struct admin *admin, const struct uuid *id,
    const struct test_form *form)
{
	const char *type = form->type.length != 0 ? form->type.bytes : NULL;
	struct text location = { 0 };
	struct incoming sent;

	switch (test_event_store(admin->db, admin->queue, id, type,
	    form->payload.bytes, form->payload.length, &sent)) {
	case 1:
		html_lit(&location, "/ui/webhooks/");
		html_uuid(&location, &sent.id);
		admin_redirect(response, text_string(&location));
		text_free(&location);
		break;
	case 0: admin_refuse(request, response, 404, NULL); break;
	default: admin_failed(request, response, admin);
	}
}

void
admin_test(const struct request *request, struct response *response,
    const char *argument, void *context)
{
	struct test_form form = { 0 };
	struct subscription found = { 0 };

	if (!admin_find(request, response, argument, context, &found))
		return;
	form_read(&form, text_string(&request->body));
	if (form.type_error != NULL || form.payload_error != NULL)
		form_page(request, response, &form, &found);
	else
		send_event(request, response, context, &found.id, &form);
	form_free(&form);
	subscription_release(&found);
}
