#include "admin_form.h"

#include <stdlib.h>
#include <string.h>

#include "ground/clock.h"
#include "ground/config.h"
#include "ground/interfaces.h"
#include "rules/egress.h"
#include "rules/secret.h"
#include "rules/signed_request.h"
#include "rules/target_url.h"
#include "stores/webhook.h"

static void
events_spell(struct text *out, const struct subscription *subscription)
{
	for (int i = 0; i < subscription->events_count; i++) {
		if (i > 0)
			text_adds(out, ", ");
		text_adds(out, subscription->events[i]);
	}
}

void
admin_form_new(struct subscription_form *form)
{
	form->make_secret = true;
}

void
admin_form_fill(
    struct subscription_form *form, const struct subscription *subscription)
{
	text_adds(&form->url, subscription->target_url);
	events_spell(&form->events, subscription);
	text_adds(&form->verify, subscription->verify_ingest);
}

static void
check_url(struct subscription_form *form)
{
	const char *reason = NULL;

	if (form->url.length == 0) {
		text_adds(&form->url_error, "Enter the URL to deliver to.");
		return;
	}
	if (!text_is_string(&form->url)) {
		text_adds(&form->url_error, "This is not a valid URL.");
		return;
	}
	interfaces_look(clock_monotonic_ms(), egress_set_own);
	switch (target_url_admit(form->url.bytes, config.require_https,
	    &form->normal_url, &reason)) {
	case TARGET_URL_OK: break;
	case TARGET_URL_SCHEME:
		text_adds(&form->url_error,
		    config.require_https
			? "The URL must start with https://."
			: "The URL must start with http:// or https://.");
		break;
	case TARGET_URL_ADDRESS:
		text_adds(&form->url_error,
		    "This URL leads to a private, reserved or local address, "
		    "which is not allowed here (ALLOW_TARGETS).");
		break;
	case TARGET_URL_PORT:
		text_adds(&form->url_error,
		    "Webhooks may not go to the port of this URL "
		    "(ALLOW_PORTS).");
		break;
	case TARGET_URL_MALFORMED:
		text_addf(&form->url_error,
		    "This is not a valid URL: %s. It "
		    "looks like https://example.com/hook.",
		    reason);
		break;
	}
}

static void
check_secret(struct subscription_form *form)
{
	enum secret_fault fault;

	if (form->secret.length > SECRET_BYTES_MAX)
		text_addf(&form->secret_error,
		    "The secret has %zu bytes; it may have %d.",
		    form->secret.length, SECRET_BYTES_MAX);
	else if (!text_is_string(&form->secret))
		text_adds(&form->secret_error,
		    "The secret must be text, without a NUL.");
	else if (form->remove_secret && form->secret.length != 0)
		text_adds(&form->secret_error,
		    "Either enter a new secret or remove it, not both.");
	else if ((fault = secret_fault(text_string(&form->secret))) !=
	    SECRET_FINE)
		text_addf(&form->secret_error, "%s.", secret_fault_text(fault));
}

void
admin_form_ingest_fault(struct subscription_form *form, enum secret_fault fault)
{
	text_clear(&form->ingest_error);
	if (fault != SECRET_FINE)
		text_addf(&form->ingest_error, "%s.", secret_fault_text(fault));
}

/* What stays as it is the store knows. */
static void
check_ingest(struct subscription_form *form, enum signed_scheme scheme)
{
	const char *secret = text_string(&form->ingest);

	if (form->ingest.length > SECRET_BYTES_MAX)
		text_addf(&form->ingest_error,
		    "The secret has %zu bytes; it may have %d.",
		    form->ingest.length, SECRET_BYTES_MAX);
	else if (!text_is_string(&form->ingest))
		text_adds(&form->ingest_error,
		    "The secret must be text, without a NUL.");
	else if (form->ingest.length == 0)
		return;
	else if (form->secret.length == form->ingest.length &&
	    memcmp(form->secret.bytes, secret, form->ingest.length) == 0)
		admin_form_ingest_fault(form, SECRET_SAME);
	else
		admin_form_ingest_fault(form,
		    secret_ingest_fault(secret,
			scheme == SIGNED_NOT || signed_by_bytes(scheme)));
}

static void
check_verify(struct subscription_form *form, const struct subscription *current)
{
	const char *name = text_string(&form->verify);
	enum signed_scheme scheme =
	    text_is_string(&form->verify) ? signed_scheme_of(name) : SIGNED_NOT;
	bool has_one = form->ingest.length != 0 ||
	    (current != NULL && current->has_ingest_secret);

	if (form->verify.length != 0 && scheme == SIGNED_NOT)
		text_adds(&form->verify_error, "Choose one of these.");
	check_ingest(form, scheme);
	if (!has_one && signed_secret_is_theirs(scheme))
		admin_form_ingest_fault(form, SECRET_THEIRS);
}

/* Adds the event between `from` and `to`, ends it there, and returns whether
 * it fits. */
static bool
add_event(struct subscription_form *form, char *from, char *to)
{
	from += strspn(from, " \t");
	while (to > from && (to[-1] == ' ' || to[-1] == '\t'))
		to--;
	if (to <= from)
		return true;
	*to = '\0';
	if (to - from > WEBHOOK_EVENT_TYPE_BYTES) {
		text_addf(&form->events_error,
		    "An event may have %d bytes; "
		    "the one that starts with “%.20s” has %td.",
		    WEBHOOK_EVENT_TYPE_BYTES, from, to - from);
		return false;
	}
	if (!webhook_event_type_fits(from)) {
		text_addf(&form->events_error,
		    "An event cannot hold control characters or invalid "
		    "UTF-8; the one that starts with “%.20s” does.",
		    from);
		return false;
	}
	if (form->events_count == SUBSCRIPTION_EVENTS) {
		text_addf(&form->events_error,
		    "There may be %d events, and there are more.",
		    SUBSCRIPTION_EVENTS);
		return false;
	}
	if (form->events_count == -1)
		form->events_count = 0;
	form->event_list[form->events_count++] = from;
	return true;
}

static void
check_events(struct subscription_form *form)
{
	char *at, *end;
	bool is_last = false;

	form->events_count = -1;
	if (!text_is_string(&form->events)) {
		text_adds(&form->events_error,
		    "The events must be text, without a NUL.");
		return;
	}
	form->event_list = memory_get(SUBSCRIPTION_EVENTS * sizeof(char *));
	form->event_block =
	    memory_copy(text_string(&form->events), form->events.length);
	for (at = form->event_block; !is_last; at = end + 1) {
		end = at + strcspn(at, ",\r\n");
		is_last = *end == '\0';
		if (!add_event(form, at, end))
			return;
	}
}

/* Unchanged text means unchanged events, even those that this field cannot
 * spell: a comma in a name, an empty list. */
static bool
is_same_events(
    const struct subscription_form *form, const struct subscription *current)
{
	struct text spelled = { 0 };
	const char *at = text_string(&form->events);
	const char *want;
	bool same;

	events_spell(&spelled, current);
	want = text_string(&spelled);
	/* Browsers turn LF into CR LF. */
	while (*at != '\0' && *want != '\0') {
		if (*at == *want)
			at++, want++;
		else if (*at == '\r')
			at++;
		else
			break;
	}
	same = *at == '\0' && *want == '\0';
	text_free(&spelled);
	return same;
}

static bool
is_checked(const char *body, const char *name)
{
	struct text value = { 0 };
	bool found = form_value(body, name, &value) == 1;

	text_free(&value);
	return found;
}

void
admin_form_read(struct subscription_form *form, const struct request *request,
    const struct subscription *current)
{
	const char *body = text_string(&request->body);

	form_value(body, "target_url", &form->url);
	form_value(body, "secret", &form->secret);
	form_value(body, "events", &form->events);
	form_value(body, "ingest_secret", &form->ingest);
	form->verify_given = form_value(body, "verify_ingest", &form->verify);
	form->remove_secret = is_checked(body, "remove_secret");
	form->make_secret = is_checked(body, "make_secret");
	check_url(form);
	check_secret(form);
	check_verify(form, current);
	if (current != NULL && text_is_string(&form->events))
		form->same_events = is_same_events(form, current);
	if (!form->same_events)
		check_events(form);
	form->faults = (form->url_error.length != 0) +
	    (form->secret_error.length != 0) +
	    (form->events_error.length != 0) +
	    (form->verify_error.length != 0) + (form->ingest_error.length != 0);
}

void
admin_form_free(struct subscription_form *form)
{
	text_free(&form->url);
	text_free(&form->secret);
	text_free(&form->events);
	text_free(&form->verify);
	text_free(&form->ingest);
	free(form->normal_url);
	free(form->event_block);
	free(form->event_list);
	text_free(&form->url_error);
	text_free(&form->secret_error);
	text_free(&form->events_error);
	text_free(&form->verify_error);
	text_free(&form->ingest_error);
}
