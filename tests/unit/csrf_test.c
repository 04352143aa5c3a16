#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <sodium.h>
#include <string.h>

#include "rules/csrf.h"

static const unsigned char key[CSRF_KEY_BYTES] = "a key";
static const unsigned char other_key[CSRF_KEY_BYTES] = "another key";

static void
a_token_fits_its_session_alone(void **state)
{
	char token[CSRF_TOKEN_SIZE], again[CSRF_TOKEN_SIZE];

	(void)state;
	csrf_make(key, "session", token);
	csrf_make(key, "session", again);
	assert_int_equal(strlen(token), CSRF_TOKEN_SIZE - 1);
	assert_string_not_equal(token, again);
	assert_true(csrf_fits(key, "session", token));
	assert_true(csrf_fits(key, "session", again));
	assert_false(csrf_fits(key, "sessioN", token));
	assert_false(csrf_fits(key, "", token));
	assert_false(csrf_fits(other_key, "session", token));
}

static void
every_byte_of_it_counts(void **state)
{
	char token[CSRF_TOKEN_SIZE];

	(void)state;
	csrf_make(key, "session", token);
	for (size_t i = 0; i < strlen(token); i++) {
		token[i] ^= 1;
		assert_false(csrf_fits(key, "session", token));
		token[i] ^= 1;
	}
	assert_true(csrf_fits(key, "session", token));
}

static void
what_is_no_token_does_not_fit(void **state)
{
	char token[CSRF_TOKEN_SIZE + 1];

	(void)state;
	csrf_make(key, "session", token);
	assert_false(csrf_fits(key, "session", ""));
	assert_false(csrf_fits(key, "session", "."));
	assert_false(csrf_fits(key, "session", token + 1));
	strcat(token, "0");
	assert_false(csrf_fits(key, "session", token));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_token_fits_its_session_alone),
		cmocka_unit_test(every_byte_of_it_counts),
		cmocka_unit_test(what_is_no_token_does_not_fit),
	};

	if (sodium_init() == -1)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
