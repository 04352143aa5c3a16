#include "api.h"

#include <sodium.h>

#include "doors/body.h"
#include "ground/config.h"
#include "rules/signature.h"

/*
 * Puts into the cache what was read or written a moment ago. Someone may have
 * changed or deleted it meanwhile, and their own cache call may lie before
 * ours: a second look afterwards takes back what is no longer true.
 */
static void
remember(struct api *api, const struct subscription *subscription)
{
	struct subscription now = { 0 };

	cache_put(api->cache, subscription);
	if (subscription_get(api->db, &subscription->id, &now) != 1 ||
	    !subscription_is_same(subscription, &now))
		cache_remove(api->cache, &subscription->id);
	subscription_release(&now);
}

API_HANDLER(api_subscription_create)
{
	struct api *api = context;
	struct problems problems = { 0 };
	struct subscription_input input = { 0 };
	struct subscription created = { 0 };
	int rc;

	(void)argument;
	if (!body_admits(request, response))
		return;
	api_read_subscription(&problems, request, SUBSCRIPTION_NEW, &input);
	if (api_refused(&problems, response))
		goto out;
	rc = subscription_create(api->db, &input.change, &created);
	if (rc == 1)
		cache_put(api->cache, &created);
	api_answer_stored(api, response, rc, 201, &created);
out:
	subscription_release(&created);
	api_input_release(&input);
}

API_HANDLER(api_subscription_list)
{
	struct api *api = context;
	struct problems problems = { 0 };
	struct subscription *list = NULL;
	bool opens = true;
	int64_t skip =
	    api_read_number(&problems, request, "skip", 0, 0, SKIP_MAX);
	int64_t limit =
	    api_read_number(&problems, request, "limit", 100, 0, LIST_MAX);
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
	for (int i = 0; i < count && opens; i++)
		opens = json_array_append_new(
			    answer, api_subscription(api, &list[i])) == 0;
	subscription_list_free(list, count);
	if (opens)
		json_answer(response, 200, answer);
	else {
		json_decref(answer);
		api_answer_stored(api, response, SUBSCRIPTION_NO_KEY, 0, NULL);
	}
}

/* Redis may know it, but not with a secret that can be opened: then false, and
 * PostgreSQL is asked. */
static bool
answer_cached(struct api *api, struct response *response, const struct uuid *id)
{
	struct subscription found = { 0 };
	json_t *json = NULL;

	if (cache_get(api->cache, id, &found) == 1)
		json = api_subscription(api, &found);
	subscription_release(&found);
	if (json != NULL)
		json_answer(response, 200, json);
	return json != NULL;
}

API_HANDLER(api_subscription_get)
{
	struct api *api = context;
	struct subscription found = { 0 };
	struct uuid id;
	int rc;

	(void)request;
	if (!api_path_id(response, "subscription_id", argument, &id) ||
	    answer_cached(api, response, &id))
		return;
	rc = subscription_get(api->db, &id, &found);
	if (rc == 1)
		remember(api, &found);
	api_answer_stored(api, response, rc, 200, &found);
	subscription_release(&found);
}

API_HANDLER(api_subscription_update)
{
	struct api *api = context;
	struct problems problems = { 0 };
	struct subscription_input input = { 0 };
	struct subscription updated = { 0 };
	struct uuid id;
	int rc;

	if (!body_admits(request, response))
		return;
	api_read_id(&problems, "subscription_id", argument, &id);
	api_read_subscription(&problems, request, SUBSCRIPTION_CHANGE, &input);
	if (api_refused(&problems, response))
		goto out;
	rc = subscription_update(api->db, &id, &input.change, &updated);
	if (rc == 1)
		remember(api, &updated);
	api_answer_stored(api, response, rc, 200, &updated);
out:
	subscription_release(&updated);
	api_input_release(&input);
}

API_HANDLER(api_subscription_rotate)
{
	struct api *api = context;
	struct subscription rotated = { 0 };
	char secret[SIGNATURE_SECRET_SIZE];
	struct uuid id;
	int rc;

	(void)request;
	if (!api_path_id(response, "subscription_id", argument, &id))
		return;
	signature_secret(secret);
	rc = subscription_rotate(
	    api->db, &id, secret, config.secret_overlap_hours, &rotated);
	sodium_memzero(secret, sizeof(secret));
	if (rc == 1)
		remember(api, &rotated);
	api_answer_stored(api, response, rc, 200, &rotated);
	subscription_release(&rotated);
}

API_HANDLER(api_subscription_rotate_ingest)
{
	struct api *api = context;
	struct problems problems = { 0 };
	struct subscription_input input = { 0 };
	struct subscription rotated = { 0 };
	struct uuid id;
	int rc;

	if (!body_admits(request, response))
		return;
	api_read_id(&problems, "subscription_id", argument, &id);
	api_read_ingest_secret(&problems, request, &input);
	if (api_refused(&problems, response))
		goto out;
	rc = subscription_rotate_ingest(api->db, &id,
	    input.change.ingest_secret, config.secret_overlap_hours, &rotated);
	if (rc == 1)
		remember(api, &rotated);
	api_answer_stored(api, response, rc, 200, &rotated);
out:
	subscription_release(&rotated);
	api_input_release(&input);
}

API_HANDLER(api_subscription_delete)
{
	struct api *api = context;
	struct uuid id;
	int rc;

	(void)request;
	if (!api_path_id(response, "subscription_id", argument, &id))
		return;
	rc = subscription_delete(api->db, &id);
	cache_remove(api->cache, &id);
	if (rc == 1)
		response->status = 204;
	else if (rc == 0)
		api_not_found(response, "Subscription not found");
	else
		api_fail(api, response);
}
