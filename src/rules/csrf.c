#include "rules/csrf.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#define SUM_DIGITS 64
#define RANDOM_BYTES 16
#define RANDOM_DIGITS 32

/* With its length, so that what stands in one part never reads as another. */
static void
add_part(crypto_auth_hmacsha256_state *state, const char *part)
{
	char length[32];
	int digits = snprintf(length, sizeof(length), "%zu!", strlen(part));

	crypto_auth_hmacsha256_update(
	    state, (const unsigned char *)length, (unsigned long long)digits);
	crypto_auth_hmacsha256_update(
	    state, (const unsigned char *)part, strlen(part));
}

static void
sum(const unsigned char key[CSRF_KEY_BYTES], const char *session,
    const char *random, char digits[SUM_DIGITS + 1])
{
	crypto_auth_hmacsha256_state state;
	unsigned char bytes[crypto_auth_hmacsha256_BYTES];

	crypto_auth_hmacsha256_init(&state, key, CSRF_KEY_BYTES);
	add_part(&state, session);
	add_part(&state, random);
	crypto_auth_hmacsha256_final(&state, bytes);
	sodium_bin2hex(digits, SUM_DIGITS + 1, bytes, sizeof(bytes));
	sodium_memzero(&state, sizeof(state));
}

void
csrf_make(const unsigned char key[CSRF_KEY_BYTES], const char *session,
    char token[CSRF_TOKEN_SIZE])
{
	unsigned char random[RANDOM_BYTES];
	char *digits = token + SUM_DIGITS + 1;

	randombytes_buf(random, sizeof(random));
	sodium_bin2hex(digits, RANDOM_DIGITS + 1, random, sizeof(random));
	sum(key, session, digits, token);
	token[SUM_DIGITS] = '.';
}

bool
csrf_fits(const unsigned char key[CSRF_KEY_BYTES], const char *session,
    const char *token)
{
	char want[SUM_DIGITS + 1];

	if (strlen(token) != CSRF_TOKEN_SIZE - 1 || token[SUM_DIGITS] != '.')
		return false;
	sum(key, session, token + SUM_DIGITS + 1, want);
	return sodium_memcmp(token, want, SUM_DIGITS) == 0;
}
