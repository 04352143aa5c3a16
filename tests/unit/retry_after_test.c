#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "rules/retry_after.h"

#define NOW_MS INT64_C(784111777000) /* Sun, 06 Nov 1994 08:49:37 GMT */
#define MOST_MS INT64_C(3600000)

static void
reads_seconds_and_dates(void **state)
{
	static const struct {
		const char *headers;
		int64_t want;
	} cases[] = {
		{ NULL, -1 },
		{ "", -1 },
		{ "HTTP/1.1 503 Busy\r\nServer: x\r\n", -1 },
		{ "HTTP/1.1 503 Busy\r\nRetry-After: 120\r\n", 120000 },
		{ "HTTP/1.1 503 Busy\r\nretry-AFTER:120", 120000 },
		{ "Retry-After: \t 7 \t\r\n", 7000 },
		{ "Retry-After: 0\r\n", 0 },
		{ "Retry-After: 3600\r\n", 3600000 },
		{ "Retry-After: 3601\r\n", 3600000 },
		{ "Retry-After: 1000000000\r\n", 3600000 },
		{ "Retry-After: 9223372036854775808\r\n", 3600000 },
		{ "Retry-After: 99999999999999999999999999999999\r\n",
		    3600000 },
		/* the first of several */
		{ "Retry-After: 5\r\nRetry-After: 9\r\n", 5000 },
		/* another field that ends alike, or a value that does */
		{ "X-Retry-After: 5\r\n", -1 },
		{ "Via: Retry-After: 5\r\n", -1 },
		/* the three forms of a date */
		{ "Retry-After: Sun, 06 Nov 1994 08:50:37 GMT\r\n", 60000 },
		{ "Retry-After: Sunday, 06-Nov-94 08:50:37 GMT\r\n", 60000 },
		{ "Retry-After: Sun Nov  6 08:50:37 1994\r\n", 60000 },
		/* past, and far */
		{ "Retry-After: Sun, 06 Nov 1994 08:49:37 GMT\r\n", 0 },
		{ "Retry-After: Thu, 01 Jan 1970 00:00:00 GMT\r\n", 0 },
		{ "Retry-After: Fri, 31 Dec 9999 23:59:59 GMT\r\n", 3600000 },
		/* what is neither */
		{ "Retry-After:\r\n", -1 },
		{ "Retry-After: -1\r\n", -1 },
		{ "Retry-After: +1\r\n", -1 },
		{ "Retry-After: 1e9\r\n", -1 },
		{ "Retry-After: 1.5\r\n", -1 },
		{ "Retry-After: 5 s\r\n", -1 },
		{ "Retry-After: 5, 6\r\n", -1 },
		{ "Retry-After: soon\r\n", -1 },
		{ "Retry-After: Sun, 06 Nov 1994 08:50:37 CET\r\n", -1 },
		{ "Retry-After: Sun, 06 Nov 1994 08:50:37 GMT x\r\n", -1 },
		{ "Retry-After: Sun, 06 Nov 1994\r\n", -1 },
		{ "Retry-After: 00000000000000000000000000000000000000000000"
		  "00000000000000000000000000001\r\n",
		    -1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int64_t got = retry_after_ms(cases[i].headers, NOW_MS, MOST_MS);

		if (got != cases[i].want)
			print_error("case %zu: %s\n", i, cases[i].headers);
		assert_int_equal(got, cases[i].want);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_seconds_and_dates),
	};

	return cmocka_run_group_tests_name("retry_after", tests, NULL, NULL);
}
