#include "api.h"

#include <string.h>

#include "doors/json_read.h"
#include "ground/clock.h"
#include "ground/log.h"
#include "stores/keyring.h"

bool
api_refused(struct problems *problems, struct response *response)
{
	if (!problems_any(problems))
		return false;
	problems_answer(problems, response);
	return true;
}

void
api_fail(struct api *api, struct response *response)
{
	if (db_error(api->db) == DB_BAD)
		problem_answer(NULL, response, 500, "Internal Server Error");
	else
		problem_answer(NULL, response, 503,
		    "The database does not answer, try again shortly");
}

void
api_not_found(struct response *response, const char *detail)
{
	problem_answer(NULL, response, 404, detail);
}

json_t *
api_time(int64_t ms)
{
	char text[CLOCK_TEXT_SIZE];

	return json_string(clock_text(ms, text));
}

json_t *
api_uuid(const struct uuid *id)
{
	char text[UUID_TEXT_SIZE];

	return json_string(uuid_text(id, text));
}

json_t *
api_string(const char *text)
{
	return text != NULL ? json_lossy_string(text, strlen(text))
			    : json_null();
}

static json_t *
events_json(const struct subscription *subscription)
{
	json_t *events;

	if (subscription->events_count < 0)
		return json_null();
	events = json_array();
	for (int i = 0; i < subscription->events_count; i++)
		json_array_append_new(
		    events, api_string(subscription->events[i]));
	return events;
}

/* Its secret in clear, or null; NULL when it cannot be opened. */
static json_t *
secret_json(const struct subscription *subscription)
{
	char *secret;
	json_t *json;

	if (subscription->sealed_secret == NULL)
		return json_null();
	secret = keyring_open(&subscription->id, subscription->sealed_secret);
	json = secret != NULL ? api_string(secret) : NULL;
	seal_forget(secret);
	return json;
}

json_t *
api_subscription(const struct api *api, const struct subscription *subscription)
{
	json_t *secret =
	    api->shows_secrets ? secret_json(subscription) : json_null();
	json_t *json;

	if (secret == NULL)
		return NULL;
	json = json_object();

	json_object_set_new(
	    json, "target_url", api_string(subscription->target_url));
	json_object_set_new(json, "secret", secret);
	json_object_set_new(json, "has_secret",
	    json_boolean(subscription->sealed_secret != NULL));
	json_object_set_new(json, "events", events_json(subscription));
	json_object_set_new(json, "id", api_uuid(&subscription->id));
	json_object_set_new(
	    json, "verify_ingest", api_string(subscription->verify_ingest));
	json_object_set_new(json, "has_ingest_secret",
	    json_boolean(subscription->has_ingest_secret));
	if (subscription->made_ingest_secret != NULL)
		json_object_set_new(json, "ingest_secret",
		    api_string(subscription->made_ingest_secret));
	if (subscription->ingest_overlap_until > clock_database_ms())
		json_object_set_new(json, "ingest_secret_overlap_until",
		    api_time(subscription->ingest_overlap_until));
	if (subscription->secret_overlap_until > clock_database_ms())
		json_object_set_new(json, "secret_overlap_until",
		    api_time(subscription->secret_overlap_until));
	if (subscription->state != NULL)
		json_object_set_new(
		    json, "state", api_string(subscription->state));
	if (subscription->state_reason != NULL)
		json_object_set_new(json, "state_reason",
		    api_string(subscription->state_reason));
	if (subscription->created_at != 0)
		json_object_set_new(
		    json, "created_at", api_time(subscription->created_at));
	if (subscription->updated_at != 0)
		json_object_set_new(
		    json, "updated_at", api_time(subscription->updated_at));
	return json;
}

static void
answer_no_key(struct response *response)
{
	log_error(
	    "cannot seal or open a secret reason=\"%s\"", keyring_reason());
	problem_answer(NULL, response, 503,
	    "Secrets cannot be read or stored: the service's log says why");
}

void
api_answer_subscription(const struct api *api, struct response *response,
    int status, const struct subscription *subscription)
{
	json_t *json = api_subscription(api, subscription);

	if (json != NULL)
		json_answer(response, status, json);
	else
		answer_no_key(response);
}

void
api_secret_fault(struct problems *problems, const char *key,
    enum secret_fault fault, json_t *input)
{
	bool is_missing = fault == SECRET_ABSENT || fault == SECRET_THEIRS;

	problem_add(problems, is_missing ? "missing" : "secret_invalid",
	    json_pack("[ss]", "body", key), secret_fault_text(fault), input,
	    NULL);
}

static void
answer_bad_secret(struct response *response, enum secret_fault fault)
{
	struct problems problems = { 0 };

	api_secret_fault(&problems, "ingest_secret", fault, NULL);
	problems_answer(&problems, response);
}

void
api_answer_stored(struct api *api, struct response *response, int rc,
    int status, const struct subscription *stored)
{
	switch (rc) {
	case 1: api_answer_subscription(api, response, status, stored); break;
	case 0: api_not_found(response, "Subscription not found"); break;
	case SUBSCRIPTION_NO_KEY: answer_no_key(response); break;
	case SUBSCRIPTION_BAD_SECRET:
		answer_bad_secret(response, stored->ingest_fault);
		break;
	default: api_fail(api, response);
	}
}

json_t *
api_attempt(const struct attempt *attempt)
{
	json_t *json = json_object();

	json_object_set_new(json, "id", api_uuid(&attempt->id));
	json_object_set_new(json, "webhook_id", api_uuid(&attempt->webhook_id));
	json_object_set_new(
	    json, "subscription_id", api_uuid(&attempt->subscription_id));
	json_object_set_new(
	    json, "target_url", api_string(attempt->target_url));
	json_object_set_new(json, "timestamp", api_time(attempt->timestamp));
	json_object_set_new(
	    json, "attempt_number", json_integer(attempt->attempt_number));
	json_object_set_new(json, "outcome", api_string(attempt->outcome));
	json_object_set_new(json, "status_code",
	    attempt->status_code != 0 ? json_integer(attempt->status_code)
				      : json_null());
	json_object_set_new(json, "error", api_string(attempt->error));
	json_object_set_new(json, "final", json_boolean(attempt->final));
	json_object_set_new(json, "duration_ms",
	    attempt->duration_ms >= 0 ? json_integer(attempt->duration_ms)
				      : json_null());
	return json;
}
