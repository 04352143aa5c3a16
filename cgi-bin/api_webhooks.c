/* What became of a webhook, and the attempts of a subscription. */
#include "api.h"

#include <string.h>

#include "doors/json_read.h"
#include "stores/webhook.h"

API_HANDLER(api_subscription_attempts)
{
	struct api *api = context;
	struct problems problems = { 0 };
	struct attempt_list list = { 0 };
	struct uuid id;
	int64_t limit;
	json_t *answer;

	api_read_id(&problems, "subscription_id", argument, &id);
	limit = api_read_number(&problems, request, "limit", 20, 0, LIST_MAX);
	if (api_refused(&problems, response))
		return;
	if (attempt_list_of_subscription(api->db, &id, limit, &list) == -1) {
		api_fail(api, response);
		return;
	}
	answer = json_array();
	for (int i = 0; i < list.count; i++)
		json_array_append_new(answer, api_attempt(&list.attempts[i]));
	attempt_list_release(&list);
	json_answer(response, 200, answer);
}

/* An attempt with what the receiver answered. */
static json_t *
attempt_in_full(const struct attempt *attempt)
{
	json_t *json = api_attempt(attempt);

	json_object_set_new(
	    json, "response_headers", api_string(attempt->response_headers));
	json_object_set_new(json, "response_body",
	    attempt->response_body == NULL
		? json_null()
		: json_lossy_string(
		      attempt->response_body, attempt->response_body_length));
	return json;
}

static json_t *
status_json(const struct attempt_list *list)
{
	const struct attempt *last = &list->attempts[0];
	json_t *json = json_object(), *recent = json_array();

	for (int i = 0; i < list->count; i++)
		json_array_append_new(
		    recent, attempt_in_full(&list->attempts[i]));
	json_object_set_new(json, "webhook_id", api_uuid(&last->webhook_id));
	json_object_set_new(
	    json, "subscription_id", api_uuid(&last->subscription_id));
	json_object_set_new(json, "total_attempts", json_integer(list->total));
	json_object_set_new(json, "final_outcome", api_string(last->outcome));
	json_object_set_new(json, "last_attempt_at", api_time(last->timestamp));
	json_object_set_new(json, "last_status_code",
	    last->status_code != 0 ? json_integer(last->status_code)
				   : json_null());
	json_object_set_new(json, "error", api_string(last->error));
	json_object_set_new(json, "recent_attempts", recent);
	return json;
}

API_HANDLER(api_status)
{
	struct api *api = context;
	struct attempt_list list = { 0 };
	struct uuid id;
	int rc;

	(void)request;
	if (!api_path_id(response, "webhook_id", argument, &id))
		return;
	db_snapshot_begin(api->db);
	rc = attempt_list_of_webhook(api->db, &id, STATUS_ATTEMPTS, &list);
	db_snapshot_end(api->db);
	if (rc == -1) {
		api_fail(api, response);
		return;
	}
	if (list.count == 0)
		api_not_found(
		    response, "No delivery logs for given webhook_id");
	else
		json_answer(response, 200, status_json(&list));
	attempt_list_release(&list);
}

/* filtered; pending or in_flight; Cancelled; else the outcome that ended it. */
static const char *
webhook_state(const struct webhook *webhook, const struct attempt_list *list)
{
	if (webhook->filtered)
		return "filtered";
	if (webhook->pending)
		return webhook->in_flight ? "in_flight" : "pending";
	if (webhook->cancelled)
		return "Cancelled";
	for (int i = 0; i < list->count; i++)
		if (list->attempts[i].final)
			return list->attempts[i].outcome;
	return list->count != 0 ? list->attempts[0].outcome : "Failure";
}

static json_t *
webhook_json(const struct webhook *webhook, const struct attempt_list *list)
{
	const struct attempt *last = list->count ? &list->attempts[0] : NULL;
	json_t *json = json_object();

	json_object_set_new(json, "id", api_uuid(&webhook->id));
	json_object_set_new(
	    json, "subscription_id", api_uuid(&webhook->subscription_id));
	json_object_set_new(json, "subscription_state",
	    api_string(webhook->subscription_state));
	json_object_set_new(
	    json, "event_type", api_string(webhook->event_type));
	json_object_set_new(
	    json, "state", api_string(webhook_state(webhook, list)));
	json_object_set_new(
	    json, "accepted_at", api_time(webhook->accepted_at));
	json_object_set_new(json, "due_at",
	    webhook->pending ? api_time(webhook->due_at) : json_null());
	json_object_set_new(json, "attempts", json_integer(list->total));
	json_object_set_new(json, "content_type",
	    api_string(webhook->content_type != NULL ? webhook->content_type
						     : "application/json"));
	json_object_set_new(json, "payload_bytes",
	    json_integer((json_int_t)webhook->payload_length));
	json_object_set_new(
	    json, "target_url", api_string(webhook->target_url));
	json_object_set_new(json, "last_attempt",
	    last != NULL ? attempt_in_full(last) : json_null());
	return json;
}

void
api_answer_webhook(struct api *api, struct response *response, int status,
    const struct uuid *id)
{
	struct attempt_list list = { 0 };
	struct webhook webhook = { 0 };
	int rc;

	db_snapshot_begin(api->db);
	rc = webhook_get(api->db, id, &webhook);
	if (rc == 1 &&
	    attempt_list_of_webhook(api->db, id, STATUS_ATTEMPTS, &list) == -1)
		rc = -1;
	db_snapshot_end(api->db);
	if (rc == 0)
		api_not_found(response, "Webhook not found");
	else if (rc == -1)
		api_fail(api, response);
	else
		json_answer(response, status, webhook_json(&webhook, &list));
	attempt_list_release(&list);
	webhook_release(&webhook);
}

API_HANDLER(api_webhook)
{
	struct uuid id;

	(void)request;
	if (api_path_id(response, "webhook_id", argument, &id))
		api_answer_webhook(context, response, 200, &id);
}
