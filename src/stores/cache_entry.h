#ifndef STORES_CACHE_ENTRY_H
#define STORES_CACHE_ENTRY_H
/*
 * What Redis keeps of a subscription: a JSON object of its columns. Whoever
 * reaches Redis may have written it, so nothing of it is believed unread.
 */
#include <stdbool.h>
#include <stddef.h>

#include "stores/subscription.h"

/* False, and `into` is { 0 }, for anything but an entry of this id. Else
 * release it. */
bool cache_entry_read(const char *bytes, size_t length, const struct uuid *id,
    struct subscription *into);
/* Yours to free(). NULL when it cannot be told in JSON. */
char *cache_entry_make(const struct subscription *subscription);
#endif
