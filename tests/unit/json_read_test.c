#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "doors/json_read.h"
#include "ground/text.h"

/* want: how it is written again, NULL when it is no JSON */
struct read_case {
	const char *json;
	size_t length;
	const char *want;
	const char *reason;
	size_t offset;
};
#define YES(json, want) \
	{ \
		json, sizeof(json) - 1, want, NULL, 0 \
	}
#define NO(json, offset, reason) \
	{ \
		json, sizeof(json) - 1, NULL, reason, offset \
	}

static const struct read_case cases[] = {
	YES("null", "null"),
	YES(" [ ] ", "[]"),
	YES("{\"a\" : [1, -2.5, true, false, null], \"b\":{}}",
	    "{\"a\":[1,-2.5,true,false,null],\"b\":{}}"),
	YES("{\"a\":1,\"a\":2}", "{\"a\":2}"),
	YES("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\\"\\\\/\\b\\f\\n\\r\\t\""),
	YES("\"\\u00e4\\u20AC\\ud83d\\ude00\"",
	    "\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\""),
	YES("\"\\u0000\"", "\"\\u0000\""),
	YES("{\"\\u0000\":1}", "{\"\\u0000\":1}"),
	YES("\"a\\ud800b\"", "\"a\\u0000b\""),
	YES("\"\\ud800\\u0041\"", "\"\\u0000A\""),
	YES("\"\\udc00\"", "\"\\u0000\""),
	YES("1e999", "\"1e999\""),
	YES("1e2", "100.0"),
	YES("9223372036854775807", "9223372036854775807"),
	YES("9223372036854775808", "\"9223372036854775808\""),
	NO("", 0, "Expecting value"),
	NO("  ", 2, "Expecting value"),
	NO("nope", 0, "Expecting value"),
	NO("NaN", 0, "Expecting value"),
	NO("-", 0, "Expecting value"),
	NO("[1,]", 3, "Expecting value"),
	NO("[1 2]", 3, "Expecting ',' delimiter"),
	NO("[1", 2, "Expecting ',' delimiter"),
	NO("{", 1, "Expecting property name enclosed in double quotes"),
	NO("{a:1}", 1, "Expecting property name enclosed in double quotes"),
	NO("{\"a\":1,}", 7,
	    "Expecting property name enclosed in double quotes"),
	NO("{\"a\" 1}", 5, "Expecting ':' delimiter"),
	NO("{\"a\":}", 5, "Expecting value"),
	NO("{\"a\":1 \"b\":2}", 7, "Expecting ',' delimiter"),
	NO("{} x", 3, "Extra data"),
	NO("01", 1, "Extra data"),
	NO("1.", 1, "Extra data"),
	NO("1e", 1, "Extra data"),
	NO("[\"abc", 1, "Unterminated string starting at"),
	NO("\"abc\\", 0, "Unterminated string starting at"),
	NO("\"a\nb\"", 2, "Invalid control character at"),
	NO("\"\\x\"", 1, "Invalid \\escape"),
	NO("\"\\u12\"", 2, "Invalid \\uXXXX escape"),
	NO("\"\\u12g4\"", 2, "Invalid \\uXXXX escape"),
	NO("[\"\xc3\xa4\", x]", 6, "Expecting value"),
	NO("{\"a\":\"\xff\"}", 6, "Invalid UTF-8"),
	NO("\"\xed\xa0\x80\"", 1, "Invalid UTF-8"),
	NO("[1]\0", 3, "Extra data"),
};

static void
json_read_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct read_case *c = &cases[i];
		const char *reason;
		size_t offset;
		json_t *value = json_read(c->json, c->length, &reason, &offset);
		char *again;

		if ((value != NULL) != (c->want != NULL))
			fail_msg("case %zu: %s", i, c->json);
		if (value == NULL) {
			assert_string_equal(reason, c->reason);
			assert_int_equal(offset, c->offset);
			continue;
		}
		assert_null(reason);
		again = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
		assert_string_equal(again, c->want);
		free(again);
		json_decref(value);
	}
}

static void
json_read_deep(void **state)
{
	struct text deep = { 0 };
	const char *reason;
	size_t offset;

	(void)state;
	for (int i = 0; i < 100000; i++)
		text_adds(&deep, i % 2 ? "[" : "{\"a\":");
	assert_null(json_read(deep.bytes, deep.length, &reason, &offset));
	assert_string_equal(reason, "Nested too deeply");
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
		cmocka_unit_test(json_read_deep),
		cmocka_unit_test(json_lossy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
