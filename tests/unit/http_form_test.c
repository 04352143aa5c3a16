#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "doors/http.h"

static const struct {
	const char *form, *name, *value; /* NULL: not found */
} cases[] = {
	{ "", "a", NULL },
	{ "a=1", "a", "1" },
	{ "a=1&b=2", "b", "2" },
	{ "a=1&a=2", "a", "2" },
	{ "a=long&a=", "a", "" },
	{ "a", "a", "" },
	{ "a=", "a", "" },
	{ "ab=1", "a", NULL },
	{ "b=1", "ab", NULL },
	{ "=1", "", "1" },
	{ "&&a=1&&", "a", "1" },
	{ "a=b=c", "a", "b=c" },
	{ "a=b+c", "a", "b c" },
	{ "a=b%2Bc", "a", "b+c" },
	{ "a=b%26c%3d", "a", "b&c=" },
	{ "%61=1", "a", "1" },
	{ "a+b=1", "a b", "1" },
	{ "a=%c3%a9", "a", "\303\251" },
	/* a % that starts no octet is itself, and reads nothing beyond */
	{ "a=100%", "a", "100%" },
	{ "a=%4", "a", "%4" },
	{ "a=%4&1=b", "a", "%4" },
	{ "a=%zz", "a", "%zz" },
	{ "a=1;b=2", "a", "1;b=2" },
};

static void
form_cases(void **state)
{
	struct text value = { 0 };
	int found;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		found = form_value(cases[i].form, cases[i].name, &value);
		assert_int_equal(found, cases[i].value != NULL);
		if (found)
			assert_string_equal(
			    text_string(&value), cases[i].value);
	}
	text_free(&value);
}

static void
form_keeps_an_encoded_nul(void **state)
{
	struct text value = { 0 };

	(void)state;
	assert_int_equal(form_value("a=x%00y", "a", &value), 1);
	assert_int_equal(value.length, 3);
	assert_memory_equal(value.bytes, "x\0y", 3);
	text_free(&value);
}

static void
form_gives_all_of_a_name(void **state)
{
	static const char *const want[] = { "1", "", "3 4", "" };
	const char *form = "a=1&b=2&a&&a=3+4&a=";
	struct text value = { 0 };
	size_t count = 0;

	(void)state;
	while ((form = form_next(form, "a", &value)) != NULL)
		assert_string_equal(text_string(&value), want[count++]);
	assert_int_equal(count, 4);
	assert_int_equal(form_value("=1&b=2", "", &value), 1);
	assert_string_equal(text_string(&value), "1");
	text_free(&value);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(form_cases),
		cmocka_unit_test(form_keeps_an_encoded_nul),
		cmocka_unit_test(form_gives_all_of_a_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
