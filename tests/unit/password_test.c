#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <sodium.h>
#include <string.h>

#include "rules/password.h"

static const struct {
	const char *password;
	bool may_be;
} cases[] = {
	{ "", false },
	{ "short", false },
	{ "eleven char", false },
	{ "twelve chars", true },
	{ "cr\xc3\xa8me br\xc3\xbbl\xc3\xa9"
	  "e",
	    true },
	{ "a\ttab is no text", false },
	{ "neither is \x7f that", false },
	{ "\xff\xfe in no alphabet", false },
};

static void
some_may_be_passwords(void **state)
{
	const char *fault;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		fault = password_fault(
		    cases[i].password, strlen(cases[i].password));
		assert_int_equal(fault == NULL, cases[i].may_be);
	}
	assert_non_null(password_fault("a NUL is not\0 it", 16));
}

static void
too_long_is_no_password(void **state)
{
	char long_one[PASSWORD_MOST_BYTES + 1];

	(void)state;
	memset(long_one, 'x', sizeof(long_one));
	assert_null(password_fault(long_one, PASSWORD_MOST_BYTES));
	assert_non_null(password_fault(long_one, sizeof(long_one)));
}

static void
only_the_password_fits(void **state)
{
	char hash[PASSWORD_HASH_SIZE], other[PASSWORD_HASH_SIZE];

	(void)state;
	assert_int_equal(password_hash("twelve chars", 12, hash), 0);
	assert_int_equal(password_hash("twelve chars", 12, other), 0);
	assert_string_not_equal(hash, other);
	assert_non_null(strstr(hash, "$argon2id$v=19$m=19456,t=2,p=1$"));
	assert_true(password_fits(hash, "twelve chars", 12));
	assert_false(password_fits(hash, "twelve char", 11));
	assert_false(password_fits(hash, "Twelve chars", 12));
	assert_false(password_fits(hash, "", 0));
	assert_false(password_fits("", "twelve chars", 12));
	assert_false(password_fits(NULL, "twelve chars", 12));
}

static void
made_ones_may_be_passwords(void **state)
{
	char first[PASSWORD_MADE_SIZE], second[PASSWORD_MADE_SIZE];

	(void)state;
	password_make(first);
	password_make(second);
	assert_int_equal(strlen(first), PASSWORD_MADE_SIZE - 1);
	assert_null(password_fault(first, strlen(first)));
	assert_string_not_equal(first, second);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(some_may_be_passwords),
		cmocka_unit_test(too_long_is_no_password),
		cmocka_unit_test(only_the_password_fits),
		cmocka_unit_test(made_ones_may_be_passwords),
	};

	if (sodium_init() == -1)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
