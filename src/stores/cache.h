#ifndef STORES_CACHE_H
#define STORES_CACHE_H
/*
 * The cache of subscriptions: subscription:{id} holds a JSON object, as in
 * the reference service, with a time to live; its secret is sealed. A corrupt
 * entry or a dead Redis is a miss, never an error; every call ends within
 * 200 ms, and after a failure Redis is left alone for 500 ms.
 */
#include <stdint.h>

#include "stores/subscription.h"

struct cache;

struct cache *cache_new(const char *redis_url, int64_t seconds);
void cache_free(struct cache *cache);
/* 1 found (release it), 0 a miss. */
int cache_get(
    struct cache *cache, const struct uuid *id, struct subscription *found);
void cache_put(struct cache *cache, const struct subscription *subscription);
void cache_remove(struct cache *cache, const struct uuid *id);
#endif
