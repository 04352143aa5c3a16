#include "stores/cache.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ground/text.h"
#include "stores/redis.h"

#define DEADLINE_MS 200
#define REST_MS 500
#define VALUE_MAX_BYTES (256 * 1024)
#define KEY_PREFIX "subscription:"
#define KEY_SIZE (sizeof(KEY_PREFIX) - 1 + UUID_TEXT_SIZE)

#define LITERAL(text) ((struct redis_part){ text, sizeof(text) - 1 })

enum { TAG_GET, TAG_OTHER };

struct cache {
	struct redis *redis;
	char seconds[24];
	/* the answer to the call under way */
	bool answered, well;
	struct text value; /* of a GET */
};

static void
cache_answered(void *context, int tag, const struct redis_reply *reply)
{
	struct cache *cache = context;
	size_t length;
	const char *value = redis_string(reply, &length);

	cache->answered = true;
	cache->well = reply != NULL && !redis_is_error(reply);
	if (tag == TAG_GET && cache->well && value != NULL &&
	    length <= VALUE_MAX_BYTES)
		text_add(&cache->value, value, length);
}

struct cache *
cache_new(const char *redis_url, int64_t seconds)
{
	struct cache *cache = memory_get(sizeof(*cache));
	const struct redis_user user = { .name = "cache",
		.rest_least_ms = REST_MS,
		.rest_most_ms = REST_MS,
		.answered = cache_answered,
		.context = cache };

	cache->redis = redis_new(redis_url, &user);
	snprintf(cache->seconds, sizeof(cache->seconds), "%" PRId64,
	    seconds > 0 ? seconds : 1);
	return cache;
}

void
cache_free(struct cache *cache)
{
	if (cache == NULL)
		return;
	redis_free(cache->redis);
	text_free(&cache->value);
	free(cache);
}

static int
cache_ask(
    struct cache *cache, int tag, const struct redis_part *parts, size_t count)
{
	cache->answered = false;
	text_clear(&cache->value);
	if (redis_ask(cache->redis, tag, DEADLINE_MS, parts, count,
		&cache->answered) == -1)
		return -1;
	return cache->well ? 0 : -1;
}

static struct redis_part
cache_key(char key[KEY_SIZE], const struct uuid *id)
{
	char text[UUID_TEXT_SIZE];
	int length =
	    snprintf(key, KEY_SIZE, KEY_PREFIX "%s", uuid_text(id, text));

	return (struct redis_part){ key, (size_t)length };
}

/* A vector and its strings as one block; false when it holds anything else. */
static bool
events_read(const json_t *events, struct subscription *into)
{
	size_t count = json_array_size(events), size = 0, i;
	const json_t *event;
	char *to;

	into->events_count = -1;
	if (json_is_null(events))
		return true;
	if (!json_is_array(events))
		return false;
	json_array_foreach((json_t *)events, i, event)
	{
		if (!json_is_string(event))
			return false;
		size += sizeof(char *) + json_string_length(event) + 1;
	}
	into->events_count = (int)count;
	if (count == 0)
		return true;
	into->events = memory_get(size);
	to = (char *)(into->events + count);
	json_array_foreach((json_t *)events, i, event)
	{
		size_t length = json_string_length(event);

		memcpy(to, json_string_value(event), length + 1);
		into->events[i] = to;
		to += length + 1;
	}
	return true;
}

/* Of a string or, when that may be, a null. */
static bool
string_read(const json_t *from, bool nullable, char **into)
{
	if (json_is_null(from))
		return nullable;
	*into = memory_copy_string(json_string_value(from));
	return *into != NULL;
}

static bool
state_is_known(const char *state)
{
	return strcmp(state, "active") == 0 || strcmp(state, "paused") == 0 ||
	    strcmp(state, "disabled") == 0;
}

static bool
subscription_read(
    const json_t *from, const struct uuid *id, struct subscription *into)
{
	char text[UUID_TEXT_SIZE];
	const char *its_id = json_string_value(json_object_get(from, "id"));
	const json_t *created = json_object_get(from, "created_at");
	const json_t *updated = json_object_get(from, "updated_at");
	const json_t *overlap = json_object_get(from, "secret_overlap_until");

	if (its_id == NULL || strcmp(its_id, uuid_text(id, text)) != 0 ||
	    !json_is_integer(created) || !json_is_integer(updated) ||
	    !json_is_integer(overlap))
		return false;
	into->secret_overlap_until = json_integer_value(overlap);
	into->id = *id;
	into->created_at = json_integer_value(created);
	into->updated_at = json_integer_value(updated);
	return string_read(json_object_get(from, "target_url"), false,
		   &into->target_url) &&
	    string_read(
		json_object_get(from, "secret"), true, &into->sealed_secret) &&
	    string_read(json_object_get(from, "verify_ingest"), true,
		&into->verify_ingest) &&
	    events_read(json_object_get(from, "events"), into) &&
	    string_read(json_object_get(from, "state"), false, &into->state) &&
	    state_is_known(into->state) &&
	    string_read(json_object_get(from, "state_reason"), true,
		&into->state_reason);
}

int
cache_get(
    struct cache *cache, const struct uuid *id, struct subscription *found)
{
	char key[KEY_SIZE];
	const struct redis_part parts[] = { LITERAL("GET"),
		cache_key(key, id) };
	json_t *value;
	bool read;

	memset(found, 0, sizeof(*found));
	if (cache_ask(cache, TAG_GET, parts, 2) == -1 ||
	    cache->value.length == 0)
		return 0;
	value = json_loadb(cache->value.bytes, cache->value.length, 0, NULL);
	read = subscription_read(value, id, found);
	json_decref(value);
	if (!read)
		subscription_release(found);
	return read;
}

static json_t *
string_or_null(const char *string)
{
	return string != NULL ? json_string(string) : json_null();
}

static json_t *
events_json(const struct subscription *subscription)
{
	json_t *events;

	if (subscription->events_count < 0)
		return json_null();
	events = json_array();
	for (int i = 0; i < subscription->events_count; i++)
		if (json_array_append_new(
			events, json_string(subscription->events[i])) == -1) {
			json_decref(events);
			return NULL;
		}
	return events;
}

/* NULL when it cannot be told in JSON. */
static char *
subscription_json(const struct subscription *subscription)
{
	char text[UUID_TEXT_SIZE], *dump;
	json_t *value = json_pack("{s:s, s:o, s:o, s:o, s:o, s:o, s:I, s:I,"
				  " s:o, s:I}",
	    "id", uuid_text(&subscription->id, text), "target_url",
	    string_or_null(subscription->target_url), "secret",
	    string_or_null(subscription->sealed_secret), "events",
	    events_json(subscription), "state",
	    string_or_null(subscription->state), "state_reason",
	    string_or_null(subscription->state_reason), "created_at",
	    (json_int_t)subscription->created_at, "updated_at",
	    (json_int_t)subscription->updated_at, "verify_ingest",
	    string_or_null(subscription->verify_ingest), "secret_overlap_until",
	    (json_int_t)subscription->secret_overlap_until);

	if (value == NULL)
		return NULL;
	dump = json_dumps(value, JSON_COMPACT);
	json_decref(value);
	return dump;
}

void
cache_put(struct cache *cache, const struct subscription *subscription)
{
	char key[KEY_SIZE];
	char *value = subscription_json(subscription);
	const struct redis_part parts[] = { LITERAL("SET"),
		cache_key(key, &subscription->id),
		{ value, value != NULL ? strlen(value) : 0 }, LITERAL("EX"),
		{ cache->seconds, strlen(cache->seconds) } };

	if (value == NULL || parts[2].length > VALUE_MAX_BYTES)
		cache_remove(cache, &subscription->id);
	else
		cache_ask(cache, TAG_OTHER, parts, 5);
	free(value);
}

void
cache_remove(struct cache *cache, const struct uuid *id)
{
	char key[KEY_SIZE];
	const struct redis_part parts[] = { LITERAL("DEL"),
		cache_key(key, id) };

	cache_ask(cache, TAG_OTHER, parts, 2);
}

int
cache_ping(struct cache *cache)
{
	const struct redis_part parts[] = { LITERAL("PING") };

	return cache_ask(cache, TAG_OTHER, parts, 1);
}
