#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "doors/json_read.h"
#include "ground/text.h"

static void
json_read_cases(void **state)
{
	static const struct {
		const char *json;
		const char *again; /* NULL when it is refused */
	} cases[] = {
		{ "null", "null" },
		{ " [ ] ", "[]" },
		{ "{\"a\":1,\"a\":2}", "{\"a\":2}" },
		{ "\"\\u00e4\\ud83d\\ude00\"", "\"\xc3\xa4\xf0\x9f\x98\x80\"" },
		{ "\"\\u0000\"", "\"\\u0000\"" },
		{ "", NULL },
		{ "nope", NULL },
		{ "NaN", NULL },
		{ "[1,]", NULL },
		{ "{} x", NULL },
		{ "01", NULL },
		{ "\"a\nb\"", NULL },
		{ "\"\\ud800\"", NULL },
		{ "{\"a\":\"\xff\"}", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		json_error_t fault;
		json_t *value =
		    json_read(cases[i].json, strlen(cases[i].json), &fault);
		char *again;

		if ((value != NULL) != (cases[i].again != NULL))
			fail_msg("case %zu: %s", i, cases[i].json);
		if (value == NULL) {
			assert_string_not_equal(fault.text, "");
			continue;
		}
		again = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
		assert_string_equal(again, cases[i].again);
		free(again);
		json_decref(value);
	}
}

static void
a_nul_behind_a_number_is_a_fault(void **state)
{
	static const char bytes[] = "{\"a\": 1\0}";
	json_error_t fault;

	(void)state;
	assert_null(json_read(bytes, sizeof(bytes) - 1, &fault));
	assert_string_equal(fault.text, "invalid token near '\\u0000'");
	assert_int_equal(fault.position, 8);
}

static void
json_read_deep(void **state)
{
	struct text deep = { 0 };
	json_error_t fault;

	(void)state;
	for (int i = 0; i < 100000; i++)
		text_adds(&deep, i % 2 ? "[" : "{\"a\":");
	assert_null(json_read(deep.bytes, deep.length, &fault));
	text_free(&deep);
}

static void
json_lossy(void **state)
{
	static const char bytes[] = "a\xff\xc3\xa4\xe2\x82z\0";
	json_t *string = json_lossy_string(bytes, sizeof(bytes) - 1);
	char *text = json_dumps(string, JSON_ENCODE_ANY);

	(void)state;
	assert_string_equal(
	    text, "\"a\xef\xbf\xbd\xc3\xa4\xef\xbf\xbd\xef\xbf\xbdz\\u0000\"");
	free(text);
	json_decref(string);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(json_read_cases),
		cmocka_unit_test(a_nul_behind_a_number_is_a_fault),
		cmocka_unit_test(json_read_deep),
		cmocka_unit_test(json_lossy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
