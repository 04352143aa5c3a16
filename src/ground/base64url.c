#include "ground/base64url.h"

#include <sodium.h>
#include <string.h>

#define RANDOM_MOST 64

const char base64url_characters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "abcdefghijklmnopqrstuvwxyz0123456789-_";

bool
base64url_is(const char *text, size_t length)
{
	return strlen(text) == length &&
	    strspn(text, base64url_characters) == length;
}

void
base64url_random(char *text, size_t size, size_t bytes)
{
	unsigned char random[RANDOM_MOST];

	randombytes_buf(random, bytes);
	sodium_bin2base64(text, size, random, bytes,
	    sodium_base64_VARIANT_URLSAFE_NO_PADDING);
	sodium_memzero(random, sizeof(random));
}

bool
base64_read(const char *text, const char *skipped, int variant,
    unsigned char *bytes, size_t room, size_t *length)
{
	/* libsodium 1.0.18 takes each of these for a digit. */
	for (const char *at = text; *at != '\0'; at++)
		if ((unsigned char)*at > 0x7f)
			return false;
	return sodium_base642bin(bytes, room, text, strlen(text), skipped,
		   length, NULL, variant) == 0;
}
