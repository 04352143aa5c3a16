#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "ground/text.h"
#include "rules/json_check.h"

struct json_case {
	const char *json;
	size_t length;
	bool valid;
};
#define YES(json) \
	{ \
		json, sizeof(json) - 1, true \
	}
#define NO(json) \
	{ \
		json, sizeof(json) - 1, false \
	}

static const struct json_case cases[] = {
	YES("null"),
	YES("0"),
	YES(" \t\r\n{} \n"),
	YES("\"text\""),
	YES("[1,2,{\"a\":null}]"),
	YES("1e999"),
	YES("-0"),
	YES("-0.5E-7"),
	YES("12345678901234567890123"),
	YES("{\"a\":1,\"a\":2}"),
	YES("\"\\u0000\""),
	YES("{\"\\u0000\":1}"),
	YES("\"\\ud800\""),
	YES("\"\xc3\xa4\xf0\x9f\x98\x80\""),
	YES("\"\x7f\""),
	NO(""),
	NO(" "),
	NO("NaN"),
	NO("Infinity"),
	NO("-"),
	NO("01"),
	NO("-01"),
	NO("1."),
	NO(".5"),
	NO("1e"),
	NO("+1"),
	NO("[1,]"),
	NO("[,1]"),
	NO("{\"a\":1,}"),
	NO("{a:1}"),
	NO("{'a':1}"),
	NO("{\"a\"}"),
	NO("1 2"),
	NO("{}x"),
	NO("{}{}"),
	NO("[1 2]"),
	NO("{}\""),
	NO("1\"open"),
	NO("[] \"open\\"),
	NO("[] tru"),
	NO("[] 1"),
	NO("[] -"),
	NO("["),
	NO("{\"a\":"),
	NO("\"open"),
	NO("\"\\x\""),
	NO("\"\\u12\""),
	NO("\"\t\""),
	NO("\"\n\""),
	NO("tru"),
	NO("truE"),
	NO("nulll"),
	NO("\f1"),
	NO("\v1"),
	NO("// no\n1"),
	NO("/* no */1"),
	NO("1\0"),
	NO("\0"),
	NO("\"\0\""),
	NO("\xef\xbb\xbf{}"),
	NO("\"\xff\""),
	NO("\"\xed\xa0\x80\""),
	NO("\"\xc0\x80\""),
	NO("\xc2\xa0"
	   "1"),
};

static void
json_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (json_check(cases[i].json, cases[i].length) !=
		    cases[i].valid)
			fail_msg("case %zu: %s", i, cases[i].json);
}

static void
json_deep(void **state)
{
	struct text deep = { 0 };

	(void)state;
	for (int i = 0; i < 100000; i++)
		text_adds(&deep, "[");
	assert_false(json_check(deep.bytes, deep.length));
	for (int i = 0; i < 100000; i++)
		text_adds(&deep, "]");
	assert_true(json_check(deep.bytes, deep.length));
	text_free(&deep);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(json_cases),
		cmocka_unit_test(json_deep),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
