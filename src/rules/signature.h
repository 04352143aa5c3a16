#ifndef RULES_SIGNATURE_H
#define RULES_SIGNATURE_H
/*
 * Standard Webhooks signatures, version 1: HMAC-SHA256 over id.timestamp.body
 * (https://www.standardwebhooks.com). sodium_init comes first.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SIGNATURE_SIZE 48	 /* "v1," base64 of 32 bytes, NUL */
#define SIGNATURE_SECRET_SIZE 51 /* "whsec_", base64 of 32 bytes, NUL */

/* A new secret of 32 random bytes. */
void signature_secret(char secret[SIGNATURE_SECRET_SIZE]);

/*
 * A secret "whsec_..." is base64 of the key (padding optional); any other,
 * and one whose rest is no base64, is the key by its bytes. What is set now is
 * judged by rules/secret.h; rows may be older.
 * timestamp: seconds since 1970.
 */
bool signature_has_key(const char *secret); /* of a byte at least */
void signature_make(const char *secret, const char *id, int64_t timestamp,
    const void *body, size_t length, char signature[SIGNATURE_SIZE]);
#endif
