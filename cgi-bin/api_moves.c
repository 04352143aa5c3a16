/* What a person moves: pause and resume a subscription, cancel a webhook or
 * send it again. */
#include "api.h"

#include <string.h>

#include "ground/clock.h"
#include "ground/config.h"
#include "stores/intervention.h"
#include "stores/webhook.h"

#define HOUR_MS INT64_C(3600000)
#define MARGIN_HOURS 2 /* before the retention ends the keeper ends all */

static void
conflict(struct response *response, const char *detail)
{
	problem_answer(NULL, response, 409, detail);
}

/* Moves it by `move`; then the answer is the subscription, if it is `wanted`
 * now, or why it cannot be. */
static void
move_subscription(struct api *api, struct response *response,
    const char *argument, const char *wanted,
    int (*move)(struct db *, const struct uuid *, struct subscription *))
{
	struct subscription moved = { 0 };
	struct uuid id;
	int rc;

	if (!api_path_id(response, "subscription_id", argument, &id))
		return;
	rc = move(api->db, &id, &moved);
	cache_remove(api->cache, &id);
	if (rc == -1)
		api_fail(api, response);
	else if (rc == 0)
		api_not_found(response, "Subscription not found");
	else if (strcmp(moved.state, wanted) != 0)
		conflict(response, "Subscription is disabled");
	else
		api_answer_subscription(api, response, 200, &moved);
	subscription_release(&moved);
}

API_HANDLER(api_subscription_pause)
{
	(void)request;
	move_subscription(
	    context, response, argument, "paused", subscription_pause);
}

API_HANDLER(api_subscription_resume)
{
	(void)request;
	move_subscription(
	    context, response, argument, "active", subscription_resume);
}

static void
refuse_cancel(struct api *api, struct response *response, const struct uuid *id)
{
	struct webhook webhook = { 0 };
	int rc = webhook_get(api->db, id, &webhook);

	if (rc == -1)
		api_fail(api, response);
	else if (rc == 0)
		api_not_found(response, "Webhook not found");
	else
		conflict(response, "Webhook is not pending");
	webhook_release(&webhook);
}

API_HANDLER(api_webhook_cancel)
{
	struct api *api = context;
	struct uuid id;

	(void)request;
	if (!api_path_id(response, "webhook_id", argument, &id))
		return;
	switch (intervention_cancel(api->db, &id)) {
	case 1: api_answer_webhook(api, response, 200, &id); break;
	case 0: refuse_cancel(api, response, &id); break;
	default: api_fail(api, response);
	}
}

/* NULL when it may be sent again. */
static const char *
resend_obstacle(const struct webhook *webhook)
{
	if (webhook->pending)
		return "Webhook is pending";
	if (webhook->filtered)
		return "Webhook is filtered: its subscription does not want "
		       "this event type";
	if (webhook->subscription_state == NULL ||
	    strcmp(webhook->subscription_state, "deleted") == 0)
		return "Subscription is deleted";
	return NULL;
}

/* The keeper would end it at once, and then the purge takes the payload. */
static bool
is_too_old(const struct uuid *id)
{
	int64_t hours = config.log_retention_hours - MARGIN_HOURS;

	return id->bytes[6] >> 4 == 7 && /* else it tells no time */
	    uuid_ms(id) < clock_database_ms() - hours * HOUR_MS;
}

/* The sweep would bring it too, some seconds later. */
static void
push(struct api *api, const struct webhook *webhook, int64_t due_at)
{
	struct queue_entry entry = { webhook->id, webhook->subscription_id,
		due_at };

	queue_push(api->queue, &entry, 1, clock_database_ms());
	queue_ping(api->queue);
}

static void
resend(
    struct api *api, struct response *response, const struct webhook *webhook)
{
	const char *obstacle = resend_obstacle(webhook);
	int64_t due_at;
	int rc;

	if (obstacle != NULL) {
		conflict(response, obstacle);
		return;
	}
	rc = intervention_resend(api->db, &webhook->id, &due_at);
	if (rc == -1) {
		api_fail(api, response);
		return;
	}
	if (rc == 0) { /* someone was first */
		conflict(response, "Webhook is pending");
		return;
	}
	push(api, webhook, due_at);
	api_answer_webhook(api, response, 202, &webhook->id);
}

API_HANDLER(api_webhook_resend)
{
	struct api *api = context;
	struct webhook webhook = { 0 };
	struct uuid id;
	int rc;

	(void)request;
	if (!api_path_id(response, "webhook_id", argument, &id))
		return;
	rc = webhook_get(api->db, &id, &webhook);
	if (rc == -1)
		api_fail(api, response);
	else if (is_too_old(&id))
		problem_answer(
		    NULL, response, 410, "Webhook is too old to be sent again");
	else if (rc == 0)
		api_not_found(response, "Webhook not found");
	else
		resend(api, response, &webhook);
	webhook_release(&webhook);
}
