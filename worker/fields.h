#ifndef WORKER_FIELDS_H
#define WORKER_FIELDS_H
/*
 * The header fields of an attempt: Standard Webhooks' webhook-id,
 * webhook-timestamp and, with a secret, webhook-signature, which holds one
 * signature of each valid secret; what the producer sent along. A value with a
 * control byte is left out: it could forge a header.
 */
#include <stdint.h>

#include "stores/delivery.h"

/* Of a claimed_open one. Calls `add` with each name and value; values may be
 * empty, never NULL.
 * now_s: seconds since 1970. */
void fields_each(const struct claimed *claimed, int64_t now_s,
    void (*add)(void *context, const char *name, const char *value),
    void *context);
#endif
