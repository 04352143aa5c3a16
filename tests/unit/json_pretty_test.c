#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "rules/json_check.h"
#include "rules/json_pretty.h"

static const struct {
	const char *json, *pretty;
} cases[] = {
	{ "1", "1" },
	{ " \"a b\"\r\n", "\"a b\"" },
	{ "{}", "{}" },
	{ "[ \t]", "[]" },
	{ "[1,2]", "[\n  1,\n  2\n]" },
	{ "[[],{}]", "[\n  [],\n  {}\n]" },
	{ "[[[1]]]", "[\n  [\n    [\n      1\n    ]\n  ]\n]" },
	{ "{\"a\":{\"b\":null},\"c\":[true]}",
	    "{\n  \"a\": {\n    \"b\": null\n  },\n  \"c\": [\n    true\n  ]\n}" },
	/* what a parser would lose */
	{ "[1e999,12345678901234567890123,-0,1.10]",
	    "[\n  1e999,\n  12345678901234567890123,\n  -0,\n  1.10\n]" },
	{ "{\"a\":1,\"a\":2}", "{\n  \"a\": 1,\n  \"a\": 2\n}" },
	{ "\"\\u00e4\\/\"", "\"\\u00e4\\/\"" },
	/* what looks like structure */
	{ "\"{[,:]}\"", "\"{[,:]}\"" },
	{ "[\"\\\"\",\"\\\\\",\"],\"]",
	    "[\n  \"\\\"\",\n  \"\\\\\",\n  \"],\"\n]" },
	{ "[\"a  b\"  ,  1]", "[\n  \"a  b\",\n  1\n]" },
};

static void
pretty_cases(void **state)
{
	struct text out = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		text_clear(&out);
		assert_true(json_pretty(
		    &out, cases[i].json, strlen(cases[i].json), 1000));
		assert_string_equal(text_string(&out), cases[i].pretty);
	}
	text_free(&out);
}

static void
pretty_is_cut(void **state)
{
	static const char json[] = "[1,2,\"long enough\",4]";
	struct text out = { 0 };

	(void)state;
	text_adds(&out, "before ");
	assert_false(json_pretty(&out, json, sizeof(json) - 1, 8));
	assert_string_equal(text_string(&out), "before [\n  1,\n  2");
	text_clear(&out);
	assert_true(json_pretty(&out, json, sizeof(json) - 1, 100));
	text_free(&out);
}

/* 100,000 levels are no 10 GB of blanks. */
static void
pretty_is_deep(void **state)
{
	struct text deep = { 0 }, out = { 0 };

	(void)state;
	for (int i = 0; i < 100000; i++)
		text_adds(&deep, "[");
	for (int i = 0; i < 100000; i++)
		text_adds(&deep, "]");
	assert_true(json_pretty(&out, deep.bytes, deep.length, SIZE_MAX));
	assert_true(json_check(out.bytes, out.length));
	assert_in_range(out.length, 1, 200000 * 50);
	text_free(&deep);
	text_free(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pretty_cases),
		cmocka_unit_test(pretty_is_cut),
		cmocka_unit_test(pretty_is_deep),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
