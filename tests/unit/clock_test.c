/* Times as people and programs write them, and PostgreSQL's clock. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ground/clock.h"

#define NEW_YEAR INT64_C(1767225600000) /* 2026-01-01T00:00:00Z */

static void
reads_iso_8601(void **state)
{
	static const struct {
		const char *text;
		int64_t want;
	} cases[] = {
		{ "2026-01-01", NEW_YEAR },
		{ "2026-01-01T00:00:00.000Z", NEW_YEAR },
		{ "2026-01-01T00:00Z", NEW_YEAR },
		{ "2026-01-01 00:00", NEW_YEAR },
		{ "2026-01-01t01:02:03z", NEW_YEAR + 3723000 },
		{ "2026-01-01T00:00:00.5", NEW_YEAR + 500 },
		{ "2026-01-01T00:00:00.12345678901234", NEW_YEAR + 123 },
		{ "2026-01-01T02:00:00+02:00", NEW_YEAR },
		{ "2025-12-31T18:30-05:30", NEW_YEAR },
		{ "2028-02-29", NEW_YEAR + INT64_C(789) * 86400000 },
		{ "1970-01-01", 0 },
	};
	int64_t ms;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		ms = -1;
		if (clock_parse(cases[i].text, &ms) == -1)
			fail_msg("%s is refused", cases[i].text);
		assert_int_equal(ms, cases[i].want);
	}
}

static void
refuses_the_rest(void **state)
{
	static const char *const cases[] = { "", "2026", "2026-1-1",
		"2026-02-30", "2026-13-01", "2026-00-01", "2026-01-00",
		"2026-01-01T", "2026-01-01Z", "2026-01-01T24:00",
		"2026-01-01T00:60", "2026-01-01T00:00:5",
		"2026-01-01T00:00:", "2026-01-01T00:00.5",
		"2026-01-01T00:00:00.", "2026-01-01T00:00:00+2",
		"2026-01-01T00:00:00+24:00", "2026-01-01T00:00:00ZZ",
		"2026-01-01T00:00:00Z ", " 2026-01-01", "1969-12-31",
		"1767225600", "yesterday", "2026-01-01T00:00:00+00:00Z" };
	int64_t ms;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (clock_parse(cases[i], &ms) == 0)
			fail_msg("%s is read as a time", cases[i]);
}

static void
reads_what_it_writes(void **state)
{
	char text[CLOCK_TEXT_SIZE];
	int64_t ms;

	(void)state;
	for (int64_t want = 0; want < INT64_C(4102444800000);
	     want += INT64_C(86400000) * 13 + 7919) {
		assert_int_equal(clock_parse(clock_text(want, text), &ms), 0);
		assert_int_equal(ms, want);
	}
}

static void
wait_us(int64_t us)
{
	int64_t end = clock_monotonic_us() + us;

	while (clock_monotonic_us() < end)
		;
}

static void
carries_parts_of_a_millisecond(void **state)
{
	(void)state;
	for (int64_t i = 1; i <= 40; i++) {
		int64_t ms = NEW_YEAR + i * 1000;

		clock_set_database(ms * 1000 + 900, ms * 1000 + 900);
		wait_us(150);
		assert_true(clock_database_ms() > ms);
	}
}

static void
is_set_to_the_middle(void **state)
{
	int64_t now;

	(void)state;
	clock_set_database(NEW_YEAR * 1000, NEW_YEAR * 1000 + 20000000);
	now = clock_database_ms();
	assert_in_range(now, NEW_YEAR + 10000, NEW_YEAR + 12000);
}

static void
keeps_what_a_slow_reading_allows(void **state)
{
	int64_t day = NEW_YEAR * 1000, hour = INT64_C(3600000000);
	int64_t now;

	(void)state;
	clock_set_database(day, day);
	clock_set_database(day - hour, day + 10 * hour);
	now = clock_database_ms();
	assert_in_range(now, NEW_YEAR, NEW_YEAR + 2000);
	clock_set_database(day + hour, day + hour);
	now = clock_database_ms();
	assert_in_range(now, NEW_YEAR + 3600000, NEW_YEAR + 3602000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_iso_8601),
		cmocka_unit_test(refuses_the_rest),
		cmocka_unit_test(reads_what_it_writes),
		cmocka_unit_test(carries_parts_of_a_millisecond),
		cmocka_unit_test(is_set_to_the_middle),
		cmocka_unit_test(keeps_what_a_slow_reading_allows),
	};

	return cmocka_run_group_tests_name("clock", tests, NULL, NULL);
}
