#include "api.h"

#include <string.h>

#define NOT_FOUND "Subscription not found"

/*
 * Puts into the cache what was read or written a moment ago. Someone may have
 * changed or deleted it meanwhile, and their own cache call may lie before
 * ours: a second look afterwards takes back what is no longer true.
 */
static void
remember(struct api *api, const struct subscription *subscription)
{
	struct subscription now = { 0 };
	json_t *put = NULL, *found = NULL;

	cache_put(api->cache, subscription);
	if (subscription_get(api->db, &subscription->id, &now) == 1) {
		put = api_subscription(subscription);
		found = api_subscription(&now);
	}
	if (found == NULL || !json_equal(put, found))
		cache_remove(api->cache, &subscription->id);
	json_decref(put);
	json_decref(found);
	subscription_release(&now);
}

API_HANDLER(api_subscription_create)
{
	struct api *api = context;
	struct problems problems = { 0 };
	struct subscription_input input = { 0 };
	struct subscription created = { 0 };

	(void)argument;
	if (!api_body_is_whole(request, response))
		return;
	api_read_subscription(&problems, request, SUBSCRIPTION_NEW, &input);
	if (api_refused(&problems, response))
		goto out;
	if (subscription_create(api->db, input.change.target_url,
		input.change.secret, input.change.events,
		input.change.events_count, &created) != 1) {
		api_fail(api, response);
		goto out;
	}
	cache_put(api->cache, &created);
	json_answer(response, 201, api_subscription(&created));
out:
	subscription_release(&created);
	api_input_release(&input);
}

API_HANDLER(api_subscription_list)
{
	struct api *api = context;
	struct problems problems = { 0 };
	struct subscription *list = NULL;
	int64_t skip = api_read_number(&problems, request, "skip", 0, SKIP_MAX);
	int64_t limit =
	    api_read_number(&problems, request, "limit", 100, LIST_MAX);
	json_t *answer;
	int count;

	(void)argument;
	if (api_refused(&problems, response))
		return;
	count = subscription_list(api->db, skip, limit, &list);
	if (count == -1) {
		api_fail(api, response);
		return;
	}
	answer = json_array();
	for (int i = 0; i < count; i++)
		json_array_append_new(
		    answer, api_subscription_shown(api, &list[i]));
	subscription_list_free(list, count);
	json_answer(response, 200, answer);
}

/* As subscription_get, through the cache. */
static int
subscription_find(
    struct api *api, const struct uuid *id, struct subscription *found)
{
	int rc = cache_get(api->cache, id, found);

	if (rc == 1)
		return 1;
	rc = subscription_get(api->db, id, found);
	if (rc == 1)
		remember(api, found);
	return rc;
}

API_HANDLER(api_subscription_get)
{
	struct api *api = context;
	struct problems problems = { 0 };
	struct subscription found = { 0 };
	struct uuid id;

	(void)request;
	api_read_id(&problems, "subscription_id", argument, &id);
	if (api_refused(&problems, response))
		return;
	switch (subscription_find(api, &id, &found)) {
	case 1:
		json_answer(response, 200, api_subscription_shown(api, &found));
		break;
	case 0: api_not_found(response, NOT_FOUND); break;
	default: api_fail(api, response);
	}
	subscription_release(&found);
}

API_HANDLER(api_subscription_update)
{
	struct api *api = context;
	struct problems problems = { 0 };
	struct subscription_input input = { 0 };
	struct subscription updated = { 0 };
	struct uuid id;

	if (!api_body_is_whole(request, response))
		return;
	api_read_id(&problems, "subscription_id", argument, &id);
	api_read_subscription(&problems, request, SUBSCRIPTION_CHANGE, &input);
	if (api_refused(&problems, response))
		goto out;
	switch (subscription_update(api->db, &id, &input.change, &updated)) {
	case 1:
		remember(api, &updated);
		json_answer(response, 200, api_subscription(&updated));
		break;
	case 0: api_not_found(response, NOT_FOUND); break;
	default: api_fail(api, response);
	}
out:
	subscription_release(&updated);
	api_input_release(&input);
}

API_HANDLER(api_subscription_delete)
{
	struct api *api = context;
	struct problems problems = { 0 };
	struct uuid id;
	int rc;

	(void)request;
	api_read_id(&problems, "subscription_id", argument, &id);
	if (api_refused(&problems, response))
		return;
	rc = subscription_delete(api->db, &id);
	cache_remove(api->cache, &id);
	if (rc == 1)
		response->status = 204;
	else if (rc == 0)
		api_not_found(response, NOT_FOUND);
	else
		api_fail(api, response);
}
