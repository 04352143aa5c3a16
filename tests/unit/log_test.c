#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "ground/log.h"

/* What log_line writes for this value, behind "value=". */
static const char *
logged(const char *value)
{
	static char line[8192];
	int ends[2], kept = dup(STDERR_FILENO);
	ssize_t length;
	const char *at;

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	assert_int_not_equal(dup2(ends[1], STDERR_FILENO), -1);
	log_line(LOG_ERROR, "value=%s", value);
	assert_int_not_equal(dup2(kept, STDERR_FILENO), -1);
	length = read(ends[0], line, sizeof(line) - 1);
	close(ends[0]);
	close(ends[1]);
	close(kept);
	assert_true(length > 0);
	line[length] = '\0';
	assert_ptr_equal(strchr(line, '\n'), line + length - 1);
	line[length - 1] = '\0';
	at = strstr(line, "value=");
	assert_non_null(at);
	return at + 6;
}

static void
no_value_forges_or_hides(void **state)
{
	static const struct {
		const char *in, *want;
	} cases[] = {
		{ "a plain one, \xc3\xa9 \xf0\x9f\x90\x8e",
		    "a plain one, \xc3\xa9 \xf0\x9f\x90\x8e" },
		{ "a\nb\x1b[2J\x7f", "a\\x0ab\\x1b[2J\\x7f" },
		{ "\xc2\x9b"
		  "2J\xc2\x85",
		    "\\u009b2J\\u0085" },
		{ "\x9b"
		  "2J\xff",
		    "\\x9b2J\\xff" },
		{ "\xe2\x80\xaegpj.exe\xe2\x81\xa9", "\\u202egpj.exe\\u2069" },
		{ "\xe2\x80\xa8\xd8\x9c\xef\xbb\xbf", "\\u2028\\u061c\\ufeff" },
		{ "\xf3\xa0\x81\x81", "\\U000e0041" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_string_equal(logged(cases[i].in), cases[i].want);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_value_forges_or_hides),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
