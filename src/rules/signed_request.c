#include "rules/signed_request.h"

#include <sodium.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "rules/signature.h"

#define TIMESTAMP_DIGITS_MAX 12
#define HEX_PREFIX "sha256="

enum signed_scheme
signed_scheme_of(const char *name)
{
	if (name != NULL && strcmp(name, "standard-webhooks") == 0)
		return SIGNED_STANDARD;
	if (name != NULL && strcmp(name, "hmac-sha256-hex") == 0)
		return SIGNED_HEX;
	return SIGNED_NOT;
}

/* The only comparison of signatures. */
static bool
is_same(const void *given, const void *wanted, size_t length)
{
	return sodium_memcmp(given, wanted, length) == 0;
}

/* Digits alone and no zero before them, so that the number is signed as it
 * was written. -1 when it is none. */
static int64_t
timestamp_read(const char *text)
{
	size_t length = strspn(text, "0123456789");

	if (length == 0 || length > TIMESTAMP_DIGITS_MAX ||
	    text[length] != '\0' || text[0] == '0')
		return -1;
	return strtoll(text, NULL, 10);
}

static bool
any_is_same(const char *list, const char *wanted)
{
	size_t length, right = strlen(wanted);
	bool found = false;

	for (; *list != '\0'; list += length) {
		list += strspn(list, " ");
		length = strcspn(list, " ");
		if (length == right && is_same(list, wanted, right))
			found = true;
	}
	return found;
}

static enum signed_verdict
check_standard(
    const struct signed_request *request, const char *secret, int64_t now_s)
{
	char wanted[SIGNATURE_SIZE];
	int64_t timestamp;

	if (request->id == NULL || request->timestamp == NULL ||
	    request->signature == NULL)
		return SIGNED_MISSING;
	timestamp = timestamp_read(request->timestamp);
	if (timestamp == -1 || timestamp < now_s - SIGNED_REQUEST_TOLERANCE_S ||
	    timestamp > now_s + SIGNED_REQUEST_TOLERANCE_S)
		return SIGNED_STALE;
	if (strlen(request->id) > SIGNED_REQUEST_ID_MAX)
		return SIGNED_OTHERWISE;
	signature_make(secret, request->id, timestamp, request->body,
	    request->length, wanted);
	return any_is_same(request->signature, wanted) ? SIGNED_WELL
						       : SIGNED_OTHERWISE;
}

static enum signed_verdict
check_hex(const struct signed_request *request, const char *secret)
{
	unsigned char given[crypto_auth_hmacsha256_BYTES];
	unsigned char wanted[crypto_auth_hmacsha256_BYTES];
	crypto_auth_hmacsha256_state state;
	const char *hex = request->x_signature, *end;
	size_t length;

	if (hex == NULL)
		return SIGNED_MISSING;
	if (strncmp(hex, HEX_PREFIX, strlen(HEX_PREFIX)) == 0)
		hex += strlen(HEX_PREFIX);
	if (sodium_hex2bin(given, sizeof(given), hex, strlen(hex), NULL,
		&length, &end) != 0 ||
	    length != sizeof(given) || *end != '\0')
		return SIGNED_OTHERWISE;
	crypto_auth_hmacsha256_init(
	    &state, (const unsigned char *)secret, strlen(secret));
	crypto_auth_hmacsha256_update(&state, request->body, request->length);
	crypto_auth_hmacsha256_final(&state, wanted);
	sodium_memzero(&state, sizeof(state));
	return is_same(given, wanted, sizeof(wanted)) ? SIGNED_WELL
						      : SIGNED_OTHERWISE;
}

enum signed_verdict
signed_request_check(enum signed_scheme scheme,
    const struct signed_request *request, const char *secret, int64_t now_s)
{
	switch (scheme) {
	case SIGNED_STANDARD: return check_standard(request, secret, now_s);
	case SIGNED_HEX: return check_hex(request, secret);
	case SIGNED_NOT: break;
	}
	return SIGNED_WELL;
}
