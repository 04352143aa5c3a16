#ifndef RULES_HMAC_H
#define RULES_HMAC_H
/*
 * HMAC-SHA256 (RFC 2104) of a message that comes in parts. By OpenSSL, which
 * uses the processor's instructions for SHA-256: a payload of 1 MB takes 0.5 ms
 * where libsodium takes 2.3 ms, and all others of a delivery process wait that
 * long.
 */
#include <stddef.h>

#define HMAC_BYTES 32

struct hmac_part {
	const void *bytes;
	size_t length;
};

void hmac_make(const void *key, size_t key_length,
    const struct hmac_part *parts, size_t count, unsigned char sum[HMAC_BYTES]);
#endif
