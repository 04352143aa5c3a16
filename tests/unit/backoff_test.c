#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "rules/backoff.h"

static const int64_t schedule[] = { 10000, 30000, 60000, 300000, 900000 };

static void
follows_the_schedule(void **state)
{
	static const struct {
		int used;
		int64_t jitter;
		uint32_t random;
		int64_t want;
	} cases[] = {
		{ 0, 0, 0, 10000 },
		{ 1, 0, UINT32_MAX, 30000 },
		{ 2, 0, 7, 60000 },
		{ 3, 0, 0, 300000 },
		{ 4, 0, 0, 900000 },
		{ 5, 0, 0, -1 }, /* none is left */
		{ 6, 10, 0, -1 },
		{ -1, 0, 0, -1 },
		{ 4, 10, 0, 900000 }, /* jitter only adds */
		{ 4, 10, UINT32_MAX, 990000 },
		{ 0, 10, UINT32_MAX / 2, 10499 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(backoff_ms(schedule, 5, cases[i].used,
				     cases[i].jitter, cases[i].random),
		    cases[i].want);
}

static void
an_empty_schedule_has_no_retry(void **state)
{
	(void)state;
	assert_int_equal(backoff_ms(schedule, 0, 0, 10, 1), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(follows_the_schedule),
		cmocka_unit_test(an_empty_schedule_has_no_retry),
	};

	return cmocka_run_group_tests_name("backoff", tests, NULL, NULL);
}
