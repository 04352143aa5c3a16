#include "stores/cache.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ground/text.h"
#include "stores/cache_entry.h"
#include "stores/redis.h"

#define DEADLINE_MS 200
#define REST_MS 500
#define VALUE_MAX_BYTES (256 * 1024)
#define KEY_PREFIX "subscription:"
#define KEY_SIZE (sizeof(KEY_PREFIX) - 1 + UUID_TEXT_SIZE)

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

int
cache_get(
    struct cache *cache, const struct uuid *id, struct subscription *found)
{
	char key[KEY_SIZE];
	const struct redis_part parts[] = { REDIS_LITERAL("GET"),
		cache_key(key, id) };

	memset(found, 0, sizeof(*found));
	if (cache_ask(cache, TAG_GET, parts, 2) == -1 ||
	    cache->value.length == 0)
		return 0;
	return cache_entry_read(
	    cache->value.bytes, cache->value.length, id, found);
}

void
cache_put(struct cache *cache, const struct subscription *subscription)
{
	char key[KEY_SIZE];
	char *value = cache_entry_make(subscription);
	const struct redis_part parts[] = { REDIS_LITERAL("SET"),
		cache_key(key, &subscription->id),
		{ value, value != NULL ? strlen(value) : 0 },
		REDIS_LITERAL("EX"),
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
	const struct redis_part parts[] = { REDIS_LITERAL("DEL"),
		cache_key(key, id) };

	cache_ask(cache, TAG_OTHER, parts, 2);
}
