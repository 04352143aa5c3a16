#include "rules/signature.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ground/base64url.h"
#include "ground/text.h"
#include "rules/hmac.h"

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
	unsigned char sum[HMAC_BYTES];
	unsigned char *key;
	char time[32];
	size_t key_length = signature_key(secret, &key);
	int time_length =
	    snprintf(time, sizeof(time), ".%" PRId64 ".", timestamp);
	const struct hmac_part parts[] = {
		{ id, strlen(id) },
		{ time, (size_t)time_length },
		{ body, length },
	};

	hmac_make(key, key_length, parts, 3, sum);
	memcpy(signature, "v1,", 3);
	sodium_bin2base64(signature + 3, SIGNATURE_SIZE - 3, sum, sizeof(sum),
	    sodium_base64_VARIANT_ORIGINAL);
	sodium_memzero(key, key_length);
	free(key);
}
