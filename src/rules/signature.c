#include "rules/signature.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ground/base64url.h"
#include "ground/text.h"

#define SECRET_BYTES 32

static const char prefix[] = "whsec_";

void
signature_secret(char secret[SIGNATURE_SECRET_SIZE])
{
	unsigned char key[SECRET_BYTES];
	size_t length = sizeof(prefix) - 1;

	randombytes_buf(key, sizeof(key));
	memcpy(secret, prefix, length);
	sodium_bin2base64(secret + length, SIGNATURE_SECRET_SIZE - length, key,
	    sizeof(key), sodium_base64_VARIANT_ORIGINAL);
	sodium_memzero(key, sizeof(key));
}

/* The key's bytes in *key, yours to free(). */
static size_t
signature_key(const char *secret, unsigned char **key)
{
	static const int forms[] = { sodium_base64_VARIANT_ORIGINAL,
		sodium_base64_VARIANT_ORIGINAL_NO_PADDING };
	size_t length = strlen(secret), got;
	const char *rest = secret + sizeof(prefix) - 1;

	*key = memory_get(length + 1);
	if (strncmp(secret, prefix, sizeof(prefix) - 1) == 0)
		for (size_t i = 0; i < 2; i++)
			if (base64_read(
				rest, NULL, forms[i], *key, length, &got))
				return got;
	memcpy(*key, secret, length);
	return length;
}

bool
signature_has_key(const char *secret)
{
	unsigned char *key;
	size_t length = signature_key(secret, &key);

	sodium_memzero(key, length);
	free(key);
	return length > 0;
}

void
signature_make(const char *secret, const char *id, int64_t timestamp,
    const void *body, size_t length, char signature[SIGNATURE_SIZE])
{
	crypto_auth_hmacsha256_state state;
	unsigned char sum[crypto_auth_hmacsha256_BYTES];
	unsigned char *key;
	char head[128];
	size_t key_length = signature_key(secret, &key);
	int head_length;

	crypto_auth_hmacsha256_init(&state, key, key_length);
	crypto_auth_hmacsha256_update(
	    &state, (const unsigned char *)id, strlen(id));
	head_length = snprintf(head, sizeof(head), ".%" PRId64 ".", timestamp);
	crypto_auth_hmacsha256_update(&state, (const unsigned char *)head,
	    (unsigned long long)head_length);
	crypto_auth_hmacsha256_update(&state, body, length);
	crypto_auth_hmacsha256_final(&state, sum);
	memcpy(signature, "v1,", 3);
	sodium_bin2base64(signature + 3, SIGNATURE_SIZE - 3, sum, sizeof(sum),
	    sodium_base64_VARIANT_ORIGINAL);
	sodium_memzero(key, key_length);
	sodium_memzero(&state, sizeof(state));
	free(key);
}
