/* What is sent to a subscription again: those that ended, an event that tries
 * it out. */
#include "api.h"

#include <stdlib.h>
#include <string.h>

#include "doors/body.h"
#include "stores/intervention.h"
#include "stores/test_event.h"

#define KEY_MAX_BYTES WEBHOOK_EVENT_TYPE_BYTES

/* Is there such a subscription? Else it was answered. */
static bool
subscription_is_there(
    struct api *api, struct response *response, const struct uuid *id)
{
	struct subscription found = { 0 };
	int rc = subscription_get(api->db, id, &found);

	subscription_release(&found);
	if (rc == -1)
		api_fail(api, response);
	else if (rc == 0)
		api_not_found(response, "Subscription not found");
	return rc == 1;
}

/* A key of the body; NULL when it is absent, null or a fault. */
static const char *
read_key(struct problems *problems, json_t *body, const char *name)
{
	json_t *given = json_object_get(body, name);

	return given == NULL || json_is_null(given)
	    ? NULL
	    : api_read_string(problems, given, KEY_MAX_BYTES,
		  json_pack("[ss]", "body", name));
}

/* Of which webhooks; the filter and `before` borrow from the rest. */
struct resend_input {
	struct webhook_filter filter;
	struct uuid subscription, cursor;
	const struct uuid *before;
};

/* A misspelled key would send more again than was meant. */
static void
refuse_other_keys(struct problems *problems, json_t *body)
{
	static const char *const known[] = { "since", "outcome", "cursor" };
	const char *key;
	json_t *value;
	size_t at;

	json_object_foreach(body, key, value)
	{
		for (at = 0; at < sizeof(known) / sizeof(known[0]); at++)
			if (strcmp(key, known[at]) == 0)
				break;
		if (at == sizeof(known) / sizeof(known[0]))
			problem_add(problems, "extra_forbidden",
			    json_pack("[ss]", "body", key),
			    "Extra inputs are not permitted",
			    json_incref(value), NULL);
	}
}

static void
resend_read(struct problems *problems, json_t *body, struct resend_input *input)
{
	const char *since = read_key(problems, body, "since");
	const char *outcome = read_key(problems, body, "outcome");
	const char *cursor = read_key(problems, body, "cursor");

	refuse_other_keys(problems, body);
	input->filter.state = WEBHOOK_FAILURE;
	input->filter.subscription = &input->subscription;
	if (since != NULL)
		api_read_time(
		    problems, "body", "since", since, &input->filter.from_ms);
	if (outcome != NULL)
		api_read_state(problems, "body", "outcome", outcome,
		    "'Failure', 'Success' or 'Cancelled'",
		    &input->filter.state);
	if (cursor != NULL &&
	    api_read_uuid(problems, "body", "cursor", cursor, &input->cursor))
		input->before = &input->cursor;
}

static void
resend_page(struct api *api, struct response *response,
    const struct resend_input *input)
{
	struct resent resent = { 0 };

	if (intervention_resend_page(api->db, api->queue, &input->filter,
		input->before, &resent) == -1) {
		api_fail(api, response);
		return;
	}
	json_answer(response, 202,
	    json_pack("{s:i, s:i, s:o}", "resent", resent.resent, "found",
		resent.found, "next_cursor",
		resent.more ? api_uuid(&resent.next) : json_null()));
}

API_HANDLER(api_subscription_resend)
{
	struct api *api = context;
	struct problems problems = { 0 };
	struct resend_input input = { 0 };
	json_t *body;

	if (!body_admits(request, response))
		return;
	api_read_id(
	    &problems, "subscription_id", argument, &input.subscription);
	body = api_read_options(&problems, request);
	resend_read(&problems, body, &input);
	if (!api_refused(&problems, response) &&
	    subscription_is_there(api, response, &input.subscription))
		resend_page(api, response, &input);
	json_decref(body);
}

static const char *
read_event_type(struct problems *problems, json_t *body)
{
	json_t *given = json_object_get(body, "event_type");

	return given == NULL || json_is_null(given)
	    ? NULL
	    : api_read_event_type(problems, given,
		  json_pack("[ss]", "body", "event_type"),
		  "An event type cannot be empty: for none leave it out");
}

static void
send_test(struct api *api, struct response *response, const struct uuid *id,
    const char *event_type, const char *payload)
{
	struct incoming incoming = { 0 };
	int rc = test_event_store(api->db, api->queue, id, event_type, payload,
	    payload != NULL ? strlen(payload) : 0, &incoming);

	if (rc == 1)
		json_answer(response, 202,
		    json_pack("{s:o}", "webhook_id", api_uuid(&incoming.id)));
	else if (rc == 0)
		api_not_found(response, "Subscription not found");
	else
		api_fail(api, response);
}

API_HANDLER(api_subscription_test)
{
	struct problems problems = { 0 };
	const char *event_type;
	char *payload = NULL;
	json_t *body, *given;
	struct uuid id;

	if (!body_admits(request, response))
		return;
	api_read_id(&problems, "subscription_id", argument, &id);
	body = api_read_options(&problems, request);
	event_type = read_event_type(&problems, body);
	given = json_object_get(body, "payload");
	if (given != NULL)
		payload = json_dumps(given, JSON_COMPACT | JSON_ENCODE_ANY);
	if (!api_refused(&problems, response))
		send_test(context, response, &id, event_type, payload);
	free(payload);
	json_decref(body);
}
