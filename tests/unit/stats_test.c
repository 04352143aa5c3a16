#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "stores/stats.h"

static void
none_made_is_no_rate(void **state)
{
	struct stats stats = { 0 };

	(void)state;
	assert_int_equal(stats_success_permille(&stats), -1);
	assert_int_equal(stats_percentile_ms(&stats, 50), -1);
}

static void
a_rate_is_of_attempts_and_rounds_down(void **state)
{
	struct stats stats = { .successes = 2, .failed_attempts = 1 };

	(void)state;
	assert_int_equal(stats_success_permille(&stats), 666);
	stats.failures = 1;
	assert_int_equal(stats_attempts(&stats), 4);
	assert_int_equal(stats_success_permille(&stats), 500);
	stats = (struct stats){ .successes = 9999, .failures = 1 };
	assert_int_equal(stats_success_permille(&stats), 999);
}

/* 100 attempts: 50 of 10 to 20 ms, 45 of 100 to 200, 5 of 5 s and more. */
static void
a_percentile_lies_within_its_bucket(void **state)
{
	struct stats stats = { .latency = { [4] = 50, [7] = 45, [12] = 5 } };

	(void)state;
	assert_int_equal(stats_percentile_ms(&stats, 25), 15);
	assert_int_equal(stats_percentile_ms(&stats, 50), 20);
	assert_int_equal(stats_percentile_ms(&stats, 95), 200);
	assert_int_equal(stats_percentile_ms(&stats, 100), 10000);
	assert_int_equal(stats_percentile_ms(&stats, 1), 10);
}

static void
sums_add_up(void **state)
{
	struct stats a = { 1, 2, 3, { 4, 0, 5 } };
	const struct stats b = { 10, 20, 30, { 40, 1, 50 } };

	(void)state;
	stats_add(&a, &b);
	assert_int_equal(a.successes, 11);
	assert_int_equal(a.failed_attempts, 22);
	assert_int_equal(a.failures, 33);
	assert_int_equal(a.latency[0], 44);
	assert_int_equal(a.latency[1], 1);
	assert_int_equal(a.latency[2], 55);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(none_made_is_no_rate),
		cmocka_unit_test(a_rate_is_of_attempts_and_rounds_down),
		cmocka_unit_test(a_percentile_lies_within_its_bucket),
		cmocka_unit_test(sums_add_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
