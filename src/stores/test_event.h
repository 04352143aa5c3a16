#ifndef STORES_TEST_EVENT_H
#define STORES_TEST_EVENT_H
/* Events that a person sends to see whether a subscription works. */
#include <stddef.h>

#include "ground/uuid.h"
#include "stores/db.h"
#include "stores/queue.h"
#include "stores/webhook.h"

/* Stores an event for a subscription, as if its producer had sent and signed
 * it, and tells the queue. event_type NULL: the first that it wants, else
 * none; payload NULL: an object that says what it is. *result is one of
 * INCOMING_PENDING and INCOMING_FILTERED, with its id. 1, 0 there is no such
 * subscription, -1 error. */
int test_event_store(struct db *db, struct queue *queue,
    const struct uuid *subscription_id, const char *event_type,
    const void *payload, size_t payload_length, struct incoming *result);
#endif
