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
	.fields = { [SIGNED_FIELD_ID] = "msg_p5jXN8AQM9LWM0D4loKWxJek",
	    [SIGNED_FIELD_TIMESTAMP] = AT_TEXT,
	    [SIGNED_FIELD_SIGNATURE] = RIGHT },
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
		request.fields[SIGNED_FIELD_SIGNATURE] = cases[i].signature;
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
		request.fields[SIGNED_FIELD_TIMESTAMP] = cases[i].timestamp;
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
	request.fields[SIGNED_FIELD_ID] = "msg_other";
	assert_int_equal(
	    signed_request_check(SIGNED_STANDARD, &request, SECRET, AT),
	    SIGNED_OTHERWISE);
	request.fields[SIGNED_FIELD_ID] = NULL;
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
		request.fields[SIGNED_FIELD_X_SIGNATURE] = cases[i].signature;
		assert_int_equal(
		    signed_request_check(SIGNED_HEX, &request, "Jefe", AT),
		    cases[i].want);
	}
	request.fields[SIGNED_FIELD_X_SIGNATURE] = hex;
	assert_int_equal(signed_request_check(SIGNED_HEX, &request, "jefe", AT),
	    SIGNED_OTHERWISE);
	request.length--;
	assert_int_equal(signed_request_check(SIGNED_HEX, &request, "Jefe", AT),
	    SIGNED_OTHERWISE);
}

static void
a_secret_without_a_key_signs_nothing(void **state)
{
	static const char *const empty[] = { "", "whsec_" };
	struct signed_request request = standard;
	char signature[SIGNATURE_SIZE];

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		signature_make(empty[i], request.fields[SIGNED_FIELD_ID], AT,
		    request.body, request.length, signature);
		request.fields[SIGNED_FIELD_SIGNATURE] = signature;
		assert_int_equal(signed_request_check(
				     SIGNED_STANDARD, &request, empty[i], AT),
		    SIGNED_OTHERWISE);
	}
}

/* Its characters are a key's in the store, and go into answers. */
static void
an_id_is_printable_ascii(void **state)
{
	static const char *const ids[] = { "", "a\tb", "\xc3\xa4", "\xff" };
	struct signed_request request = standard;
	char signature[SIGNATURE_SIZE];

	(void)state;
	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		signature_make(SECRET, ids[i], AT, request.body, request.length,
		    signature);
		request.fields[SIGNED_FIELD_ID] = ids[i];
		request.fields[SIGNED_FIELD_SIGNATURE] = signature;
		assert_int_equal(
		    signed_request_check(SIGNED_STANDARD, &request, SECRET, AT),
		    SIGNED_OTHERWISE);
	}
}

/* The example of GitHub's "Validating webhook deliveries". */
static void
github_signatures(void **state)
{
#define HUB "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
	static const struct {
		const char *signature;
		enum signed_verdict want;
	} cases[] = {
		{ "sha256=" HUB, SIGNED_WELL },
		{ HUB, SIGNED_OTHERWISE },
		{ "sha1=" HUB, SIGNED_OTHERWISE },
		{ "sha256=" HUB "00", SIGNED_OTHERWISE },
		{ "sha256=" HUB " ", SIGNED_OTHERWISE },
		{ "sha256=857107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4"
		  "379c8b043e17",
		    SIGNED_OTHERWISE },
		{ "sha256=", SIGNED_OTHERWISE },
		{ "", SIGNED_OTHERWISE },
		{ NULL, SIGNED_MISSING },
	};
	struct signed_request request = { .body = "Hello, World!",
		.length = 13 };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		request.fields[SIGNED_FIELD_HUB] = cases[i].signature;
		assert_int_equal(signed_request_check(SIGNED_GITHUB, &request,
				     "It's a Secret to Everybody", AT),
		    cases[i].want);
	}
	request.fields[SIGNED_FIELD_HUB] = "sha256=" HUB;
	assert_int_equal(
	    signed_request_check(SIGNED_GITHUB, &request, "It's", AT),
	    SIGNED_OTHERWISE);
}

/* RFC 4231, test case 2, in base64. */
static void
shopify_signatures(void **state)
{
	static const struct {
		const char *signature;
		enum signed_verdict want;
	} cases[] = {
		{ "W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM=", SIGNED_WELL },
		{ "W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM",
		    SIGNED_OTHERWISE },
		{ "W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEN=",
		    SIGNED_OTHERWISE },
		{ "X9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM=",
		    SIGNED_OTHERWISE },
		{ "W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM= ",
		    SIGNED_OTHERWISE },
		{ "5bdcc146bf60754e6a042426089575c7"
		  "5a003f089d2739839dec58b964ec3843",
		    SIGNED_OTHERWISE },
		{ "", SIGNED_OTHERWISE },
		{ NULL, SIGNED_MISSING },
	};
	struct signed_request request = {
		.body = "what do ya want for nothing?", .length = 28
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		request.fields[SIGNED_FIELD_SHOPIFY] = cases[i].signature;
		assert_int_equal(
		    signed_request_check(SIGNED_SHOPIFY, &request, "Jefe", AT),
		    cases[i].want);
	}
}

/* Made by Stripe's own library, stripe 16.1.0 for Python. */
static void
stripe_signatures(void **state)
{
#define V1 "10c96c6fd3f320fcfc264cdc4f476c15060ede8e8a08404cea2ddf3b72544a9c"
#define V1_OTHER \
	"ee02745475f1a639be6d93fe4c793345e13b8510dc1a4e6407999aabaa1c865c"
	static const struct {
		const char *header;
		int64_t now_s;
		enum signed_verdict want;
	} cases[] = {
		{ "t=" AT_TEXT ",v1=" V1, AT, SIGNED_WELL },
		{ "t=" AT_TEXT ", v1=" V1, AT, SIGNED_WELL },
		{ "v1=" V1 ",t=" AT_TEXT, AT, SIGNED_WELL },
		{ "t=" AT_TEXT ",v1=" V1_OTHER ",v1=" V1 ",v0=" V1_OTHER, AT,
		    SIGNED_WELL },
		{ "t=" AT_TEXT ",v1=" V1, AT + 300, SIGNED_WELL },
		{ "t=" AT_TEXT ",v1=" V1, AT + 301, SIGNED_STALE },
		{ "t=" AT_TEXT ",v1=" V1, AT - 301, SIGNED_STALE },
		{ "t=1614265331,v1=" V1, AT, SIGNED_OTHERWISE },
		{ "t=" AT_TEXT ",v1=" V1_OTHER, AT, SIGNED_OTHERWISE },
		{ "t=" AT_TEXT ",v0=" V1, AT, SIGNED_OTHERWISE },
		{ "t=" AT_TEXT ",v1=" V1 "00", AT, SIGNED_OTHERWISE },
		{ "t=" AT_TEXT ",v1=", AT, SIGNED_OTHERWISE },
		{ "t=" AT_TEXT ",v1", AT, SIGNED_OTHERWISE },
		{ "t=" AT_TEXT, AT, SIGNED_OTHERWISE },
		{ "v1=" V1, AT, SIGNED_STALE },
		{ "t=,v1=" V1, AT, SIGNED_STALE },
		{ "t=0" AT_TEXT ",v1=" V1, AT, SIGNED_STALE },
		{ "t=now,v1=" V1, AT, SIGNED_STALE },
		{ "t=99999999999999999999,v1=" V1, AT, SIGNED_STALE },
		{ ",,, ,=", AT, SIGNED_STALE },
		{ "", AT, SIGNED_STALE },
		{ NULL, AT, SIGNED_MISSING },
	};
	struct signed_request request = { .body = BODY,
		.length = sizeof(BODY) - 1 };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		request.fields[SIGNED_FIELD_STRIPE] = cases[i].header;
		if (signed_request_check(SIGNED_STRIPE, &request,
			"whsec_test_secret", cases[i].now_s) != cases[i].want)
			fail_msg("%s", cases[i].header);
	}
}

static void
a_repeat_is_told_by_what_was_signed(void **state)
{
	struct signed_request request = standard;
	char once[SIGNED_ONCE_SIZE], again[SIGNED_ONCE_SIZE];
	enum signed_field field;

	(void)state;
	assert_true(
	    signed_request_once(SIGNED_STANDARD, &request, once, &field));
	assert_string_equal(once, "msg_p5jXN8AQM9LWM0D4loKWxJek");
	assert_string_equal(signed_field_name(field), "webhook-id");
	assert_false(signed_request_once(SIGNED_HEX, &request, once, &field));
	assert_false(
	    signed_request_once(SIGNED_GITHUB, &request, once, &field));
	request.fields[SIGNED_FIELD_HUB_DELIVERY] = "\xc3\xa4";
	assert_false(
	    signed_request_once(SIGNED_GITHUB, &request, once, &field));
	request.fields[SIGNED_FIELD_HUB_DELIVERY] = "72d3162e";
	assert_true(signed_request_once(SIGNED_GITHUB, &request, once, &field));
	assert_string_equal(once, "72d3162e");
	request.fields[SIGNED_FIELD_SHOPIFY_ID] = "b54557e4";
	assert_true(
	    signed_request_once(SIGNED_SHOPIFY, &request, once, &field));
	assert_string_equal(once, "b54557e4");
	request.fields[SIGNED_FIELD_STRIPE] = "t=" AT_TEXT ",v1=" V1;
	assert_true(signed_request_once(SIGNED_STRIPE, &request, once, &field));
	request.fields[SIGNED_FIELD_STRIPE] = "v1=00,v1=" V1 ",t=" AT_TEXT;
	assert_true(
	    signed_request_once(SIGNED_STRIPE, &request, again, &field));
	assert_string_equal(once, again);
	request.length--;
	assert_true(
	    signed_request_once(SIGNED_STRIPE, &request, again, &field));
	assert_string_not_equal(once, again);
}

static void
schemes_have_names(void **state)
{
	(void)state;
	assert_int_equal(signed_scheme_of("github"), SIGNED_GITHUB);
	assert_int_equal(signed_scheme_of("stripe"), SIGNED_STRIPE);
	assert_int_equal(signed_scheme_of("shopify"), SIGNED_SHOPIFY);
	assert_int_equal(signed_scheme_of(""), SIGNED_NOT);
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
	signature_make(secret, standard.fields[SIGNED_FIELD_ID], AT,
	    standard.body, standard.length, signature);
	request.fields[SIGNED_FIELD_SIGNATURE] = signature;
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
		cmocka_unit_test(a_secret_without_a_key_signs_nothing),
		cmocka_unit_test(an_id_is_printable_ascii),
		cmocka_unit_test(github_signatures),
		cmocka_unit_test(shopify_signatures),
		cmocka_unit_test(stripe_signatures),
		cmocka_unit_test(a_repeat_is_told_by_what_was_signed),
		cmocka_unit_test(schemes_have_names),
		cmocka_unit_test(new_secrets_sign),
	};

	if (sodium_init() == -1)
		return 1;
	return cmocka_run_group_tests_name("signed_request", tests, NULL, NULL);
}
