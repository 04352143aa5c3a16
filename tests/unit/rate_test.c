#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rules/rate.h"

#define SECOND INT64_C(1000000)

/* How many of 1000 tries a millisecond apart are let through. */
static int
passed(int64_t start_us, int64_t amount, int64_t per_second)
{
	_Atomic int64_t paid = 0;
	int count = 0;

	for (int64_t now = start_us; now < start_us + SECOND; now += 1000)
		if (rate_wait_us(&paid, now) == 0) {
			rate_take(&paid, now, amount, per_second);
			count++;
		}
	return count;
}

static void
a_burst_and_then_the_rate(void **state)
{
	(void)state;
	assert_in_range(passed(SECOND, 1, 10), 29, 31); /* 2 s and 1 s */
	assert_in_range(passed(900 * SECOND, 1, 100), 299, 301);
	assert_int_equal(passed(SECOND, 1, 0), 1000);
	assert_in_range(passed(SECOND, 500, 1000), 5, 7);
}

static void
a_large_one_passes_and_is_waited_for(void **state)
{
	_Atomic int64_t paid = 0;

	(void)state;
	rate_take(&paid, 10 * SECOND, 1000, 100); /* ten seconds' worth */
	assert_int_equal(rate_wait_us(&paid, 10 * SECOND), 8 * SECOND + 1);
	assert_int_equal(rate_wait_us(&paid, 17 * SECOND), SECOND + 1);
	assert_int_equal(rate_wait_us(&paid, 19 * SECOND), 0);
	rate_take(&paid, 19 * SECOND, INT32_MAX, 1);
	assert_in_range(
	    rate_wait_us(&paid, 19 * SECOND), SECOND, 3600 * SECOND);
}

static void
a_clock_that_began_anew_is_no_wait(void **state)
{
	_Atomic int64_t paid = 0;

	(void)state;
	rate_take(&paid, 1000000 * SECOND, 1000, 10);
	assert_int_not_equal(rate_wait_us(&paid, 1000000 * SECOND), 0);
	assert_int_equal(rate_wait_us(&paid, 5 * SECOND), 0);
	rate_take(&paid, 5 * SECOND, 10, 10);
	assert_int_equal(rate_wait_us(&paid, 5 * SECOND), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_burst_and_then_the_rate),
		cmocka_unit_test(a_large_one_passes_and_is_waited_for),
		cmocka_unit_test(a_clock_that_began_anew_is_no_wait),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
