#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "ground/log_record.h"

static char said[512];

static const char *
record(const char *format, ...) __attribute__((format(printf, 1, 2)));

static const char *
record(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	log_record(said, sizeof(said), format, args);
	va_end(args);
	return said;
}

static void
values_are_quoted_where_they_must_be(void **state)
{
	static const struct {
		const char *value, *shown;
	} cases[] = {
		{ "plain", "plain" },
		{ "/ui/a?b&c", "/ui/a?b&c" },
		{ "gr\xc3\xbc\xc3\x9f", "gr\xc3\xbc\xc3\x9f" },
		{ "\xc4\xa0", "\xc4\xa0" }, /* U+0120: no blank */
		{ "", "\"\"" },
		{ "two words", "\"two words\"" },
		{ "a=b", "\"a=b\"" },
		{ "say \"no\"", "\"say \\\"no\\\"\"" },
		{ "back\\slash", "\"back\\\\slash\"" },
		{ "one\ntwo", "\"one\\ntwo\"" },
		{ "\r\t", "\"\\r\\t\"" },
		{ "\x1b[31m", "\"\\u001b[31m\"" },
		{ "\x7f", "\"\\u007f\"" },
		{ "\xc2\x9b", "\"\\u009b\"" },	      /* C1's CSI */
		{ "\xe2\x80\xae", "\"\\u202e\"" },    /* right to left */
		{ "\xe2\x80\xa8", "\"\\u2028\"" },    /* a line's end */
		{ "\xff\xfe", "\"\\u00ff\\u00fe\"" }, /* no UTF-8 */
		{ "\xc3", "\"\\u00c3\"" },	      /* its beginning */
		{ "\xf3\xa0\x81\x81", "\"\\udb40\\udc41\"" }, /* a tag */
		{ "\" level=error x=\"", "\"\\\" level=error x=\\\"\"" },
	};
	char shown[64];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		snprintf(
		    shown, sizeof(shown), "did it a=%s b=1", cases[i].shown);
		assert_string_equal(
		    record("did it a=%s b=%d", cases[i].value, 1), shown);
		/* where the format has quotes of its own there is one pair */
		snprintf(shown, sizeof(shown),
		    cases[i].shown[0] == '"' ? "x a=%s" : "x a=\"%s\"",
		    cases[i].shown);
		assert_string_equal(
		    record("x a=\"%s\"", cases[i].value), shown);
	}
}

static void
a_value_may_have_several_parts(void **state)
{
	(void)state;
	assert_string_equal(record("path=%s/%s.sock n=1", "/a b", "c"),
	    "path=\"/a b/c.sock\" n=1");
	assert_string_equal(record("for=queue n=%d", 1), "for=queue n=1");
	assert_string_equal(
	    record("a=\"is %d of %d\" b=2", 1, 3), "a=\"is 1 of 3\" b=2");
}

static void
the_phrase_forges_nothing(void **state)
{
	(void)state;
	assert_string_equal(
	    record("serving from %s now", "/run"), "serving from /run now");
	assert_string_equal(record("%s", "a\nb\x1b"), "a\\nb\\u001b");
}

static void
conversions_are_those_of_printf(void **state)
{
	(void)state;
	errno = ENOENT;
	assert_string_equal(record("%m"), "No such file or directory");
	assert_string_equal(
	    record("%d %i %u %x %c %%", -1, 2, 3U, 255U, 'c'), "-1 2 3 ff c %");
	assert_string_equal(
	    record("%" PRId64 " %lld %llu %zu %ld", INT64_MIN, 1LL,
		UINT64_C(18446744073709551615) + 0ULL, SIZE_MAX, -5L),
	    "-9223372036854775808 1 18446744073709551615 "
	    "18446744073709551615 -5");
	assert_string_equal(
	    record("%.*s|%.2s|%.3f", 1, "abc", "abc", 1.5), "a|ab|1.500");
}

static void
what_is_too_long_is_cut_and_closed(void **state)
{
	char big[5000];

	(void)state;
	memset(big, ' ', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	assert_int_equal(strlen(record("a=%s b=%d", big, 1)), sizeof(said) - 1);
	assert_int_equal(said[sizeof(said) - 2], '"');
	memset(big, 'x', sizeof(big) - 1);
	assert_true(strlen(record("%s", big)) < sizeof(said));
	assert_true(strlen(record("%s a=%s", big, "")) < sizeof(said));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_are_quoted_where_they_must_be),
		cmocka_unit_test(a_value_may_have_several_parts),
		cmocka_unit_test(the_phrase_forges_nothing),
		cmocka_unit_test(conversions_are_those_of_printf),
		cmocka_unit_test(what_is_too_long_is_cut_and_closed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
