/* The body of POST and PATCH /subscriptions: every fault of it at once. */
#include "api.h"

#include <stdlib.h>
#include <string.h>

#include "ground/clock.h"
#include "ground/config.h"
#include "ground/interfaces.h"
#include "ground/text.h"
#include "rules/egress.h"
#include "rules/secret.h"
#include "rules/signed_request.h"
#include "rules/target_url.h"
#include "stores/webhook.h"

static void
url_fault(struct problems *problems, json_t *given, const char *type,
    const char *message, json_t *ctx)
{
	problem_add(problems, type, json_pack("[ss]", "body", "target_url"),
	    message, json_incref(given), ctx);
}

static void
url_malformed(struct problems *problems, json_t *given, const char *reason)
{
	struct text message = { 0 };

	text_addf(&message, "Input should be a valid URL, %s", reason);
	url_fault(problems, given, "url_parsing", text_string(&message),
	    json_pack("{s:s}", "error", reason));
	text_free(&message);
}

static void
url_scheme_fault(struct problems *problems, json_t *given)
{
	url_fault(problems, given, "url_scheme",
	    config.require_https ? "URL scheme should be 'https'"
				 : "URL scheme should be 'http' or 'https'",
	    json_pack("{s:s}", "expected_schemes",
		config.require_https ? "'https'" : "'http' or 'https'"));
}

static void
read_target_url(
    struct problems *problems, json_t *given, struct subscription_input *input)
{
	const char *text = json_string_value(given), *reason;

	input->change.target_url_given = true;
	if (text == NULL) {
		url_fault(problems, given, "url_type",
		    "URL input should be a string or URL", NULL);
		return;
	}
	if (json_string_length(given) > TARGET_URL_BYTES) {
		url_fault(problems, given, "url_too_long",
		    "URL should have at most 2048 characters",
		    json_pack("{s:i}", "max_length", TARGET_URL_BYTES));
		return;
	}
	if (strlen(text) != json_string_length(given)) {
		url_malformed(problems, given, "invalid character");
		return;
	}
	interfaces_look(clock_monotonic_ms(), egress_set_own);
	switch (target_url_admit(
	    text, config.require_https, &input->target_url, &reason)) {
	case TARGET_URL_OK: input->change.target_url = input->target_url; break;
	case TARGET_URL_MALFORMED:
		url_malformed(problems, given, reason);
		break;
	case TARGET_URL_SCHEME: url_scheme_fault(problems, given); break;
	case TARGET_URL_ADDRESS:
		url_fault(problems, given, "url_not_allowed",
		    "Target address not allowed: it is private, reserved or "
		    "local; the operator may allow it (ALLOW_TARGETS)",
		    NULL);
		break;
	case TARGET_URL_PORT:
		url_fault(problems, given, "url_not_allowed",
		    "Target port not allowed: it is not among the operator's "
		    "(ALLOW_PORTS)",
		    NULL);
		break;
	}
}

/* A string that is not empty, NULL: none is given, or it is a fault. */
static const char *
read_any_secret(struct problems *problems, json_t *given, const char *key)
{
	const char *secret;

	if (json_is_null(given))
		return NULL;
	secret = api_read_string(
	    problems, given, SECRET_BYTES_MAX, json_pack("[ss]", "body", key));
	return secret != NULL && secret[0] != '\0' ? secret : NULL;
}

static void
read_secret(
    struct problems *problems, json_t *given, struct subscription_input *input)
{
	const char *secret = read_any_secret(problems, given, "secret");
	enum secret_fault fault =
	    secret != NULL ? secret_fault(secret) : SECRET_FINE;

	input->change.secret_given = true;
	if (fault == SECRET_FINE)
		input->change.secret = secret;
	else
		api_secret_fault(problems, "secret", fault, json_incref(given));
}

static void
events_too_many(struct problems *problems, json_t *given)
{
	struct text message = { 0 };
	size_t count = json_array_size(given);

	text_addf(&message,
	    "List should have at most %d items after validation, not %zu",
	    SUBSCRIPTION_EVENTS, count);
	problem_add(problems, "too_long", json_pack("[ss]", "body", "events"),
	    text_string(&message), json_incref(given),
	    json_pack("{s:s, s:i, s:I}", "field_type", "List", "max_length",
		SUBSCRIPTION_EVENTS, "actual_length", (json_int_t)count));
	text_free(&message);
}

const char *
api_read_event_type(struct problems *problems, json_t *given, json_t *loc,
    const char *when_empty)
{
	const char *event = api_read_string(
	    problems, given, WEBHOOK_EVENT_TYPE_BYTES, json_incref(loc));

	if (event == NULL || webhook_event_type_fits(event)) {
		json_decref(loc);
		return event;
	}
	problem_add(problems, "string_pattern_mismatch", loc,
	    event[0] == '\0'
		? when_empty
		: "String should be UTF-8 without control characters, and "
		  "without blanks around it: no X-Event-Type header can hold "
		  "it",
	    json_incref(given), NULL);
	return NULL;
}

static void
read_events(
    struct problems *problems, json_t *given, struct subscription_input *input)
{
	size_t count = json_array_size(given);

	input->change.events_given = true;
	input->change.events_count = -1;
	if (json_is_null(given))
		return;
	if (!json_is_array(given)) {
		problem_add(problems, "list_type",
		    json_pack("[ss]", "body", "events"),
		    "Input should be a valid list", json_incref(given), NULL);
		return;
	}
	if (count > SUBSCRIPTION_EVENTS) {
		events_too_many(problems, given);
		return;
	}
	input->events = memory_get((count + 1) * sizeof(*input->events));
	for (size_t i = 0; i < count; i++)
		input->events[i] =
		    api_read_event_type(problems, json_array_get(given, i),
			json_pack("[ssI]", "body", "events", (json_int_t)i),
			"An event type cannot be empty: for every event "
			"give no list");
	input->change.events = input->events;
	input->change.events_count = (int)count;
}

static void
read_verify_ingest(
    struct problems *problems, json_t *given, struct subscription_input *input)
{
	static const char schemes[] = SIGNED_SCHEME_NAMES;
	const char *name = json_string_value(given);
	struct text message = { 0 };

	input->change.verify_ingest_given = true;
	if (json_is_null(given))
		return;
	if (signed_scheme_of(name) != SIGNED_NOT) {
		input->change.verify_ingest = name;
		return;
	}
	text_addf(&message, "Input should be %s", schemes);
	problem_add(problems, "literal_error",
	    json_pack("[ss]", "body", "verify_ingest"), text_string(&message),
	    json_incref(given), json_pack("{s:s}", "expected", schemes));
	text_free(&message);
}

/* In a change the store knows which scheme and which secret stay. */
static void
check_ingest_secret(
    struct problems *problems, const struct subscription_input *input)
{
	json_t *given = json_object_get(input->body, "ingest_secret");
	enum secret_fault fault = subscription_new_fault(&input->change);

	if (fault != SECRET_FINE &&
	    (given == NULL || json_is_null(given) || json_is_string(given)))
		api_secret_fault(problems, "ingest_secret", fault,
		    json_incref(given != NULL ? given : input->body));
}

static void
read_object(struct problems *problems, enum subscription_use use,
    struct subscription_input *input)
{
	json_t *target_url = json_object_get(input->body, "target_url");
	json_t *secret = json_object_get(input->body, "secret");
	json_t *events = json_object_get(input->body, "events");
	json_t *verify_ingest = json_object_get(input->body, "verify_ingest");
	json_t *ingest_secret = json_object_get(input->body, "ingest_secret");

	input->change.events_count = -1;
	if (target_url != NULL)
		read_target_url(problems, target_url, input);
	else if (use == SUBSCRIPTION_NEW)
		problem_add(problems, "missing",
		    json_pack("[ss]", "body", "target_url"), "Field required",
		    json_incref(input->body), NULL);
	if (secret != NULL)
		read_secret(problems, secret, input);
	if (events != NULL)
		read_events(problems, events, input);
	if (verify_ingest != NULL)
		read_verify_ingest(problems, verify_ingest, input);
	if (ingest_secret != NULL) {
		input->change.ingest_secret_given = true;
		input->change.ingest_secret =
		    read_any_secret(problems, ingest_secret, "ingest_secret");
	}
	if (use == SUBSCRIPTION_NEW)
		check_ingest_secret(problems, input);
}

void
api_read_subscription(struct problems *problems, const struct request *request,
    enum subscription_use use, struct subscription_input *input)
{
	input->body = api_read_body(problems, request);
	if (json_is_object(input->body))
		read_object(problems, use, input);
	else if (json_is_null(input->body))
		problem_add(problems, "missing", json_pack("[s]", "body"),
		    "Field required", NULL, NULL);
	else if (input->body != NULL)
		problem_add(problems, "model_attributes_type",
		    json_pack("[s]", "body"),
		    "Input should be a valid dictionary or object to extract "
		    "fields from",
		    json_incref(input->body), NULL);
}

void
api_read_ingest_secret(struct problems *problems, const struct request *request,
    struct subscription_input *input)
{
	json_t *given;

	input->body = api_read_options(problems, request);
	given = json_object_get(input->body, "ingest_secret");
	if (given != NULL)
		input->change.ingest_secret =
		    read_any_secret(problems, given, "ingest_secret");
}

void
api_input_release(struct subscription_input *input)
{
	json_decref(input->body);
	free(input->target_url);
	free(input->events);
	*input = (struct subscription_input){ 0 };
}
