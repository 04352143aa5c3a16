#ifndef RULES_FINGERPRINT_H
#define RULES_FINGERPRINT_H
/*
 * What tells two requests with the same Idempotency-Key apart: BLAKE2b over
 * event type, content type and payload. X-Signature is no part of it, since
 * it may hold a time.
 */
#include <stddef.h>

#define FINGERPRINT_BYTES 32

/* NULL for an absent type is the same as "". */
void fingerprint_of(const char *event_type, const char *content_type,
    const void *payload, size_t length,
    unsigned char fingerprint[FINGERPRINT_BYTES]);
#endif
