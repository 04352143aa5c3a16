/* SECRET, each header that is signed or signs in its turn, then the body: only
 * what was signed with the secret is SIGNED_WELL. */
#include <sodium.h>

#include "fuzz.h"
#include "rules/signature.h"
#include "rules/signed_request.h"

#define NOW_S 1800000000

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	MUST(sodium_init() != -1);
	return 0;
}

static void
hex_make(const char *secret, const struct signed_request *request,
    char hex[2 * crypto_auth_hmacsha256_BYTES + 1])
{
	unsigned char bytes[crypto_auth_hmacsha256_BYTES];
	crypto_auth_hmacsha256_state state;

	crypto_auth_hmacsha256_init(
	    &state, (const unsigned char *)secret, strlen(secret));
	crypto_auth_hmacsha256_update(&state, request->body, request->length);
	crypto_auth_hmacsha256_final(&state, bytes);
	sodium_bin2hex(hex, 2 * sizeof(bytes) + 1, bytes, sizeof(bytes));
}

/* Of the given headers: well only if they hold the right signature. */
static void
given_check(const struct signed_request *request, const char *secret)
{
	char right[SIGNATURE_SIZE];
	char hex[2 * crypto_auth_hmacsha256_BYTES + 1];

	signature_make(secret, request->fields[SIGNED_FIELD_ID],
	    strtoll(request->fields[SIGNED_FIELD_TIMESTAMP], NULL, 10),
	    request->body, request->length, right);
	if (signed_request_check(SIGNED_STANDARD, request, secret, NOW_S) ==
	    SIGNED_WELL)
		MUST(strstr(request->fields[SIGNED_FIELD_SIGNATURE], right) !=
		    NULL);
	hex_make(secret, request, hex);
	if (signed_request_check(SIGNED_HEX, request, secret, NOW_S) ==
	    SIGNED_WELL)
		MUST(strcasestr(request->fields[SIGNED_FIELD_X_SIGNATURE],
			 hex) != NULL);
}

static bool
id_fits(const char *id)
{
	size_t length = strlen(id);

	for (const char *at = id; *at != '\0'; at++)
		if (*at < 0x20 || *at > 0x7e)
			return false;
	return length > 0 && length <= SIGNED_REQUEST_ID_MAX;
}

/* github's is the same sum; only it and the delivery's id are looked at. */
static void
vendors_check(struct signed_request request, const char *secret)
{
	char hex[2 * crypto_auth_hmacsha256_BYTES + 1];
	char once[SIGNED_ONCE_SIZE];
	enum signed_field field;

	hex_make(secret, &request, hex);
	if (signed_request_check(SIGNED_GITHUB, &request, secret, NOW_S) ==
	    SIGNED_WELL)
		MUST(strcasestr(request.fields[SIGNED_FIELD_HUB], hex) != NULL);
	signed_request_check(SIGNED_SHOPIFY, &request, secret, NOW_S);
	if (signed_request_check(SIGNED_STRIPE, &request, secret, NOW_S) ==
	    SIGNED_WELL)
		MUST(
		    signed_request_once(SIGNED_STRIPE, &request, once, &field));
	for (int scheme = SIGNED_NOT; scheme <= SIGNED_GITHUB; scheme++)
		if (signed_request_once(
			(enum signed_scheme)scheme, &request, once, &field))
			MUST(id_fits(once));
}

/* Signed rightly it is well; with another body it is not. */
static void
right_check(struct signed_request request, const char *secret)
{
	char right[SIGNATURE_SIZE];
	char hex[2 * crypto_auth_hmacsha256_BYTES + 1];

	signature_make(secret, request.fields[SIGNED_FIELD_ID], NOW_S,
	    request.body, request.length, right);
	hex_make(secret, &request, hex);
	request.fields[SIGNED_FIELD_TIMESTAMP] = "1800000000";
	request.fields[SIGNED_FIELD_SIGNATURE] = right;
	request.fields[SIGNED_FIELD_X_SIGNATURE] = hex;
	MUST(signed_request_check(SIGNED_STANDARD, &request, secret, NOW_S) ==
	    (id_fits(request.fields[SIGNED_FIELD_ID]) &&
			signature_has_key(secret)
		    ? SIGNED_WELL
		    : SIGNED_OTHERWISE));
	if (secret[0] == '\0')
		return;
	MUST(signed_request_check(SIGNED_HEX, &request, secret, NOW_S) ==
	    SIGNED_WELL);
	MUST(signed_request_check(SIGNED_STANDARD, &request, secret,
		 NOW_S + SIGNED_REQUEST_TOLERANCE_S + 1) == SIGNED_STALE);
	if (request.length == 0)
		return;
	request.length--;
	MUST(signed_request_check(SIGNED_STANDARD, &request, secret, NOW_S) ==
	    SIGNED_OTHERWISE);
	MUST(signed_request_check(SIGNED_HEX, &request, secret, NOW_S) ==
	    SIGNED_OTHERWISE);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct input input = { bytes, size };
	char *lines[1 + SIGNED_FIELDS];
	struct signed_request request = { 0 };

	for (size_t i = 0; i < 1 + SIGNED_FIELDS; i++)
		lines[i] = input_line(&input);
	for (size_t i = 0; i < SIGNED_FIELDS; i++)
		request.fields[i] = lines[1 + i];
	request.body = input.at;
	request.length = input.left;
	given_check(&request, lines[0]);
	vendors_check(request, lines[0]);
	right_check(request, lines[0]);
	for (size_t i = 0; i < 1 + SIGNED_FIELDS; i++)
		free(lines[i]);
	return 0;
}
