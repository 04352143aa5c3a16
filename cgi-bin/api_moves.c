/* What a person moves: pause and resume a subscription; cancel a webhook, send
 * it now or again. */
#include "api.h"

#include <string.h>

#include "stores/intervention.h"

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

/* The webhook as it is now, or why nothing was done. */
static void
answer_intervention(struct api *api, struct response *response,
    enum intervention done, int status, const struct uuid *id)
{
	const char *words = intervention_words(done);

	switch (done) {
	case INTERVENTION_DONE:
		api_answer_webhook(api, response, status, id);
		break;
	case INTERVENTION_FAILED: api_fail(api, response); break;
	case INTERVENTION_UNKNOWN: api_not_found(response, words); break;
	case INTERVENTION_TOO_OLD:
		problem_answer(NULL, response, 410, words);
		break;
	default: conflict(response, words);
	}
}

API_HANDLER(api_webhook_cancel)
{
	struct api *api = context;
	struct uuid id;

	(void)request;
	if (api_path_id(response, "webhook_id", argument, &id))
		answer_intervention(
		    api, response, intervention_cancel(api->db, &id), 200, &id);
}

API_HANDLER(api_webhook_resend)
{
	struct api *api = context;
	struct uuid id;

	(void)request;
	if (api_path_id(response, "webhook_id", argument, &id))
		answer_intervention(api, response,
		    intervention_resend(api->db, api->queue, &id), 202, &id);
}

API_HANDLER(api_webhook_retry_now)
{
	struct api *api = context;
	struct uuid id;

	(void)request;
	if (api_path_id(response, "webhook_id", argument, &id))
		answer_intervention(api, response,
		    intervention_retry_now(api->db, api->queue, &id), 200, &id);
}
