/* Texts that are set as secrets, and what is wrong with them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <sodium.h>

#include "rules/secret.h"

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

static const struct {
	const char *secret;
	enum secret_fault fault;
} cases[] = {
	{ "s", SECRET_FINE },
	{ "", SECRET_FINE },
	{ "a plain secret", SECRET_FINE },
	{ "whsec", SECRET_FINE },
	{ "my whsec_", SECRET_FINE },
	{ "\xd1\x81\xd0\xb5\xd0\xba\xd1\x80\xd0\xb5\xd1\x82", SECRET_FINE },
	{ "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", SECRET_FINE },
	{ "whsec_c2VjcmV0IQ==", SECRET_FINE },
	{ "whsec_+/+/", SECRET_FINE },
	{ "whsec_AA==", SECRET_FINE },
	{ "whsec_", SECRET_NO_KEY },
	{ "WHSEC_c2VjcmV0IQ==", SECRET_PREFIX },
	{ " whsec_c2VjcmV0IQ==", SECRET_PREFIX },
	{ "\nwhsec_", SECRET_PREFIX },
	{ "Whsec_c2VjcmV0IQ==", SECRET_PREFIX },
	{ "whsec_ ", SECRET_BLANK },
	{ "whsec_c2VjcmV0IQ==\n", SECRET_BLANK },
	{ "whsec_c2Vj cmV0", SECRET_BLANK },
	{ "whsec_c2Vj\r\ncmV0", SECRET_BLANK },
	{ "whsec_\tc2Vj", SECRET_BLANK },
	{ "whsec_-_-_", SECRET_URL_SAFE },
	{ "whsec_c2Vj-w==", SECRET_URL_SAFE },
	{ "whsec_c2VjcmV0IQ", SECRET_PADDING },
	{ "whsec_c2VjcmV0IQ=", SECRET_PADDING },
	{ "whsec_c2VjcmV0IQ===", SECRET_PADDING },
	{ "whsec_c2Vj====", SECRET_PADDING },
	{ "whsec_=", SECRET_PADDING },
	{ "whsec_====", SECRET_PADDING },
	{ "whsec_A", SECRET_PADDING },
	{ "whsec_c2VjcmV0IR==", SECRET_PADDING }, /* bits that mean nothing */
	{ "whsec_c2V=cmV0", SECRET_NO_BASE64 },
	{ "whsec_not*base64", SECRET_NO_BASE64 },
	{ "whsec_MfKQ\xc3\xa4r8G", SECRET_NO_BASE64 },
	{ "whsec_MfKQ.r8G", SECRET_NO_BASE64 },
};

static void
each_has_its_fault(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		if (secret_fault(cases[i].secret) != cases[i].fault)
			fail_msg("%s: %d, not %d", cases[i].secret,
			    secret_fault(cases[i].secret), cases[i].fault);
}

static void
each_fault_says_what_to_do(void **state)
{
	(void)state;
	for (int fault = SECRET_NO_KEY; fault <= SECRET_SAME; fault++)
		assert_true(
		    secret_fault_text((enum secret_fault)fault)[0] != '\0');
}

static void
a_key_for_producers_has_16_bytes(void **state)
{
	static const struct {
		const char *secret;
		bool by_bytes;
		enum secret_fault fault;
	} keys[] = {
		{ "123456789012345", false, SECRET_SHORT },
		{ "1234567890123456", false, SECRET_FINE },
		{ "123456789012345", true, SECRET_SHORT },
		{ "1234567890123456", true, SECRET_FINE },
		{ "", true, SECRET_SHORT },
		{ "", false, SECRET_SHORT },
		{ "whsec_", false, SECRET_NO_KEY },
		{ "whsec_", true, SECRET_SHORT },
		/* 15 and 16 bytes behind it */
		{ "whsec_MTIzNDU2Nzg5MDEyMzQ1", false, SECRET_SHORT },
		{ "whsec_MTIzNDU2Nzg5MDEyMzQ1Ng==", false, SECRET_FINE },
		{ "whsec_MTIzNDU2Nzg5MDEyMzQ1", true, SECRET_FINE },
		/* Stripe's are whsec_ and no base64: the text is the key */
		{ "whsec_test_secret_of_stripe", true, SECRET_FINE },
		{ "whsec_test_secret_of_stripe", false, SECRET_URL_SAFE },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(keys); i++)
		if (secret_ingest_fault(keys[i].secret, keys[i].by_bytes) !=
		    keys[i].fault)
			fail_msg("%s by %s", keys[i].secret,
			    keys[i].by_bytes ? "bytes" : "key");
}

static void
the_longest_is_read(void **state)
{
	char secret[SECRET_BYTES_MAX + 1] = "whsec_";

	(void)state;
	/* 1016 characters of base64: what fits into 1024 bytes */
	for (size_t i = 6; i < 6 + 1016; i++)
		secret[i] = 'A';
	assert_int_equal(secret_fault(secret), SECRET_FINE);
	secret[6 + 1016] = 'A';
	assert_int_equal(secret_fault(secret), SECRET_PADDING);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_has_its_fault),
		cmocka_unit_test(each_fault_says_what_to_do),
		cmocka_unit_test(a_key_for_producers_has_16_bytes),
		cmocka_unit_test(the_longest_is_read),
	};

	if (sodium_init() == -1)
		return 1;
	return cmocka_run_group_tests_name("secret", tests, NULL, NULL);
}
