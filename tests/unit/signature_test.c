#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <sodium.h>
#include <string.h>

#include "rules/signature.h"

static const char id[] = "msg_p5jXN8AQM9LWM0D4loKWxJek";
static const char body[] = "{\"test\": 2432232314}";
#define AT 1614265330

static void
sign(const char *secret, char signature[SIGNATURE_SIZE])
{
	signature_make(secret, id, AT, body, strlen(body), signature);
}

/* What any other secret must give: HMAC over the whole, by its bytes. */
static void
sign_by_bytes(const char *secret, char signature[SIGNATURE_SIZE])
{
	static const char all[] = "msg_p5jXN8AQM9LWM0D4loKWxJek.1614265330."
				  "{\"test\": 2432232314}";
	crypto_auth_hmacsha256_state state;
	unsigned char sum[crypto_auth_hmacsha256_BYTES];

	crypto_auth_hmacsha256_init(
	    &state, (const unsigned char *)secret, strlen(secret));
	crypto_auth_hmacsha256_update(
	    &state, (const unsigned char *)all, strlen(all));
	crypto_auth_hmacsha256_final(&state, sum);
	memcpy(signature, "v1,", 3);
	sodium_bin2base64(signature + 3, SIGNATURE_SIZE - 3, sum, sizeof(sum),
	    sodium_base64_VARIANT_ORIGINAL);
}

static void
matches_the_standard_vector(void **state)
{
	char signature[SIGNATURE_SIZE];

	(void)state;
	sign("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", signature);
	assert_string_equal(
	    signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
}

static void
padding_is_optional(void **state)
{
	char with[SIGNATURE_SIZE], without[SIGNATURE_SIZE];

	(void)state;
	sign("whsec_c2VjcmV0IQ==", with);
	sign("whsec_c2VjcmV0IQ", without);
	assert_string_equal(with, without);
	sign_by_bytes("secret!", without);
	assert_string_equal(with, without);
}

static void
other_secrets_are_their_bytes(void **state)
{
	static const char *const secrets[] = { "s", "plain secret", "whsec",
		"whsec_not base64!", "whsec_\xc3\xa4", "whsec_M\xc3\xa4K",
		"a secret that is longer than the 64 bytes of one block of "
		"SHA-256, so that it is hashed first" };
	char got[SIGNATURE_SIZE], want[SIGNATURE_SIZE];

	(void)state;
	for (size_t i = 0; i < sizeof(secrets) / sizeof(secrets[0]); i++) {
		sign(secrets[i], got);
		sign_by_bytes(secrets[i], want);
		assert_string_equal(got, want);
	}
}

static void
takes_any_bytes_as_body(void **state)
{
	char one[SIGNATURE_SIZE], other[SIGNATURE_SIZE];

	(void)state;
	signature_make("k", id, AT, "a\0b", 3, one);
	signature_make("k", id, AT, "a\0c", 3, other);
	assert_string_not_equal(one, other);
	signature_make("k", id, AT, "", 0, one);
	assert_int_equal(strlen(one), SIGNATURE_SIZE - 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(matches_the_standard_vector),
		cmocka_unit_test(padding_is_optional),
		cmocka_unit_test(other_secrets_are_their_bytes),
		cmocka_unit_test(takes_any_bytes_as_body),
	};

	if (sodium_init() == -1)
		return 1;
	return cmocka_run_group_tests_name("signature", tests, NULL, NULL);
}
