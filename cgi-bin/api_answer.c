#include "api.h"

#include <string.h>

#include "doors/json_read.h"
#include "ground/clock.h"

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

json_t *
api_subscription(const struct subscription *subscription)
{
	json_t *json = json_object();

	json_object_set_new(
	    json, "target_url", api_string(subscription->target_url));
	json_object_set_new(json, "secret", api_string(subscription->secret));
	json_object_set_new(
	    json, "has_secret", json_boolean(subscription->secret != NULL));
	json_object_set_new(json, "events", events_json(subscription));
	json_object_set_new(json, "id", api_uuid(&subscription->id));
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

json_t *
api_subscription_shown(
    const struct api *api, const struct subscription *subscription)
{
	json_t *json = api_subscription(subscription);

	if (!api->shows_secrets)
		json_object_set_new(json, "secret", json_null());
	return json;
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
