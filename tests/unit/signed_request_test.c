#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sodium.h>
#include <string.h>

#include "rules/signature.h"
#include "rules/signed_request.h"

#define AT 1614265330
#define AT_TEXT "1614265330"
/* The standard's own vector. */
#define SECRET "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
#define RIGHT "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
#define WRONG "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OA="
#define BODY "{\"test\": 2432232314}"

static const struct signed_request standard = {
	.id = "msg_p5jXN8AQM9LWM0D4loKWxJek",
	.timestamp = AT_TEXT,
	.signature = RIGHT,
	.body = BODY,
	.length = sizeof(BODY) - 1,
};

static void
standard_headers(void **state)
{
	static const struct {
		const char *signature;
		enum signed_verdict want;
	} cases[] = {
		{ RIGHT, SIGNED_WELL },
		{ WRONG " " RIGHT, SIGNED_WELL },
		{ RIGHT " " WRONG, SIGNED_WELL },
		{ "v1a,AAAA " RIGHT " v2,AAAA", SIGNED_WELL },
		{ "  " RIGHT "  ", SIGNED_WELL },
		{ WRONG, SIGNED_OTHERWISE },
		{ WRONG " " WRONG, SIGNED_OTHERWISE },
		{ "", SIGNED_OTHERWISE },
		{ " ", SIGNED_OTHERWISE },
		{ "v1,", SIGNED_OTHERWISE },
		{ "v1", SIGNED_OTHERWISE },
		{ "v2,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
		    SIGNED_OTHERWISE },
		{ "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
		    SIGNED_OTHERWISE },
		{ RIGHT "A", SIGNED_OTHERWISE },
		{ "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE",
		    SIGNED_OTHERWISE },
		{ NULL, SIGNED_MISSING },
	};
	struct signed_request request = standard;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		request.signature = cases[i].signature;
		assert_int_equal(
		    signed_request_check(SIGNED_STANDARD, &request, SECRET, AT),
		    cases[i].want);
	}
}

static void
standard_times(void **state)
{
	static const struct {
		const char *timestamp;
		int64_t now_s;
		enum signed_verdict want;
	} cases[] = {
		{ AT_TEXT, AT + 300, SIGNED_WELL },
		{ AT_TEXT, AT + 301, SIGNED_STALE },
		{ AT_TEXT, AT - 300, SIGNED_WELL },
		{ AT_TEXT, AT - 301, SIGNED_STALE },
		{ "1614265331", AT, SIGNED_OTHERWISE }, /* it is signed */
		{ "0" AT_TEXT, AT, SIGNED_STALE },
		{ "+" AT_TEXT, AT, SIGNED_STALE },
		{ " " AT_TEXT, AT, SIGNED_STALE },
		{ AT_TEXT ".0", AT, SIGNED_STALE },
		{ "", AT, SIGNED_STALE },
		{ "-1", -1, SIGNED_STALE },
		{ "99999999999999999999999", AT, SIGNED_STALE },
		{ NULL, AT, SIGNED_MISSING },
	};
	struct signed_request request = standard;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		request.timestamp = cases[i].timestamp;
		assert_int_equal(signed_request_check(SIGNED_STANDARD, &request,
				     SECRET, cases[i].now_s),
		    cases[i].want);
	}
}

static void
standard_signs_all_of_it(void **state)
{
	struct signed_request request = standard;

	(void)state;
	assert_int_equal(
	    signed_request_check(SIGNED_STANDARD, &request, "other", AT),
	    SIGNED_OTHERWISE);
	request.length--;
	assert_int_equal(
	    signed_request_check(SIGNED_STANDARD, &request, SECRET, AT),
	    SIGNED_OTHERWISE);
	request = standard;
	request.id = "msg_other";
	assert_int_equal(
	    signed_request_check(SIGNED_STANDARD, &request, SECRET, AT),
	    SIGNED_OTHERWISE);
	request.id = NULL;
	assert_int_equal(
	    signed_request_check(SIGNED_STANDARD, &request, SECRET, AT),
	    SIGNED_MISSING);
}

/* RFC 4231, test case 2. */
static void
hex_signatures(void **state)
{
	static const char hex[] = "5bdcc146bf60754e6a042426089575c7"
				  "5a003f089d2739839dec58b964ec3843";
	static const struct {
		const char *signature;
		enum signed_verdict want;
	} cases[] = {
		{ hex, SIGNED_WELL },
		{ "sha256=5bdcc146bf60754e6a042426089575c7"
		  "5a003f089d2739839dec58b964ec3843",
		    SIGNED_WELL },
		{ "5BDCC146BF60754E6A042426089575C7"
		  "5A003F089D2739839DEC58B964EC3843",
		    SIGNED_WELL },
		{ "5bdcc146bf60754e6a042426089575c7"
		  "5a003f089d2739839dec58b964ec3842",
		    SIGNED_OTHERWISE },
		{ "5bdcc146bf60754e6a042426089575c7"
		  "5a003f089d2739839dec58b964ec38",
		    SIGNED_OTHERWISE },
		{ "5bdcc146bf60754e6a042426089575c7"
		  "5a003f089d2739839dec58b964ec384",
		    SIGNED_OTHERWISE },
		{ "5bdcc146bf60754e6a042426089575c7"
		  "5a003f089d2739839dec58b964ec384300",
		    SIGNED_OTHERWISE },
		{ "sha256=sha256=5bdcc146bf60754e6a042426089575c7"
		  "5a003f089d2739839dec58b964ec3843",
		    SIGNED_OTHERWISE },
		{ "sha1=5bdcc146bf60754e6a042426089575c7"
		  "5a003f089d2739839dec58b964ec3843",
		    SIGNED_OTHERWISE },
		{ "5bdcc146bf60754e6a042426089575c7 "
		  "5a003f089d2739839dec58b964ec3843",
		    SIGNED_OTHERWISE },
		{ "sha256=", SIGNED_OTHERWISE },
		{ "", SIGNED_OTHERWISE },
		{ NULL, SIGNED_MISSING },
	};
	struct signed_request request = {
		.body = "what do ya want for nothing?", .length = 28
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		request.x_signature = cases[i].signature;
		assert_int_equal(
		    signed_request_check(SIGNED_HEX, &request, "Jefe", AT),
		    cases[i].want);
	}
	request.x_signature = hex;
	assert_int_equal(signed_request_check(SIGNED_HEX, &request, "jefe", AT),
	    SIGNED_OTHERWISE);
	request.length--;
	assert_int_equal(signed_request_check(SIGNED_HEX, &request, "Jefe", AT),
	    SIGNED_OTHERWISE);
}

static void
schemes_have_names(void **state)
{
	(void)state;
	assert_int_equal(
	    signed_scheme_of("standard-webhooks"), SIGNED_STANDARD);
	assert_int_equal(signed_scheme_of("hmac-sha256-hex"), SIGNED_HEX);
	assert_int_equal(signed_scheme_of("Standard-Webhooks"), SIGNED_NOT);
	assert_int_equal(signed_scheme_of(NULL), SIGNED_NOT);
}

static void
new_secrets_sign(void **state)
{
	char secret[SIGNATURE_SECRET_SIZE], other[SIGNATURE_SECRET_SIZE];
	char signature[SIGNATURE_SIZE];
	struct signed_request request = standard;

	(void)state;
	signature_secret(secret);
	signature_secret(other);
	assert_string_not_equal(secret, other);
	assert_int_equal(strlen(secret), SIGNATURE_SECRET_SIZE - 1);
	assert_memory_equal(secret, "whsec_", 6);
	signature_make(
	    secret, standard.id, AT, standard.body, standard.length, signature);
	request.signature = signature;
	assert_int_equal(
	    signed_request_check(SIGNED_STANDARD, &request, secret, AT),
	    SIGNED_WELL);
	assert_int_equal(
	    signed_request_check(SIGNED_STANDARD, &request, other, AT),
	    SIGNED_OTHERWISE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(standard_headers),
		cmocka_unit_test(standard_times),
		cmocka_unit_test(standard_signs_all_of_it),
		cmocka_unit_test(hex_signatures),
		cmocka_unit_test(schemes_have_names),
		cmocka_unit_test(new_secrets_sign),
	};

	if (sodium_init() == -1)
		return 1;
	return cmocka_run_group_tests_name("signed_request", tests, NULL, NULL);
}
