/* SECRET, webhook-id, webhook-timestamp, webhook-signature, X-Signature, then
 * the body: only what was signed with the secret is SIGNED_WELL. */
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

	signature_make(secret, request->id,
	    strtoll(request->timestamp, NULL, 10), request->body,
	    request->length, right);
	if (signed_request_check(SIGNED_STANDARD, request, secret, NOW_S) ==
	    SIGNED_WELL)
		MUST(strstr(request->signature, right) != NULL);
	hex_make(secret, request, hex);
	if (signed_request_check(SIGNED_HEX, request, secret, NOW_S) ==
	    SIGNED_WELL)
		MUST(strcasestr(request->x_signature, hex) != NULL);
}

/* Signed rightly it is well; with another body it is not. */
static void
right_check(struct signed_request request, const char *secret)
{
	char right[SIGNATURE_SIZE];
	char hex[2 * crypto_auth_hmacsha256_BYTES + 1];

	signature_make(
	    secret, request.id, NOW_S, request.body, request.length, right);
	hex_make(secret, &request, hex);
	request.timestamp = "1800000000";
	request.signature = right;
	request.x_signature = hex;
	MUST(signed_request_check(SIGNED_STANDARD, &request, secret, NOW_S) ==
	    (strlen(request.id) > SIGNED_REQUEST_ID_MAX ? SIGNED_OTHERWISE
							: SIGNED_WELL));
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
	char *lines[5];
	struct signed_request request;

	for (size_t i = 0; i < 5; i++)
		lines[i] = input_line(&input);
	request = (struct signed_request){ lines[1], lines[2], lines[3],
		lines[4], input.at, input.left };
	given_check(&request, lines[0]);
	right_check(request, lines[0]);
	for (size_t i = 0; i < 5; i++)
		free(lines[i]);
	return 0;
}
