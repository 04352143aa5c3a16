#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "../../worker/lookup.c"

static struct lookup
lookup_of_number(int number, bool slow)
{
	char host[64];
	struct lookup lookup;

	snprintf(host, sizeof(host), "h%d.example", number);
	lookup = lookup_of(host);
	lookup.slow = slow;
	return lookup;
}

/* Begins look-ups of other names until one is refused. */
static int
begun(struct lookups *lookups, struct lookup *running, int from, bool slow)
{
	int count = 0;

	for (;;) {
		running[count] = lookup_of_number(from + count, slow);
		if (!lookup_begin(lookups, &running[count]))
			return count;
		count++;
	}
}

static void
slow_leave_room_for_new_and_new_for_known(void **state)
{
	static struct lookup slow[200], fresh[200];
	struct lookups *lookups = lookups_new();
	struct lookup known = lookup_of_number(9999, true);

	(void)state;
	assert_true(lookup_begin(lookups, &known));
	lookup_answered(lookups, &known);
	assert_int_equal(begun(lookups, slow, 0, true), RUNNING_SLOW);
	assert_int_equal(
	    begun(lookups, fresh, 1000, false), RUNNING_NEW - RUNNING_SLOW);
	for (int i = RUNNING_NEW; i < RUNNING_MOST; i++) {
		known = lookup_of_number(9999, true);
		assert_true(lookup_begin(lookups, &known));
	}
	known = lookup_of_number(9999, true);
	assert_false(lookup_begin(lookups, &known));
	lookup_end(lookups, &fresh[0]);
	assert_true(lookup_begin(lookups, &known));
	free(lookups);
}

static void
ending_twice_counts_once(void **state)
{
	struct lookups *lookups = lookups_new();
	struct lookup lookup = lookup_of_number(1, false);

	(void)state;
	assert_true(lookup_begin(lookups, &lookup));
	assert_true(lookup_begin(lookups, &lookup)); /* the other family */
	assert_int_equal(lookups->running, 1);
	lookup_answered(lookups, &lookup);
	lookup_end(lookups, &lookup);
	assert_int_equal(lookups->running, 0);
	free(lookups);
}

static void
silence_makes_a_name_new_again(void **state)
{
	static struct lookup fresh[200];
	struct lookups *lookups = lookups_new();
	struct lookup known = lookup_of_number(9999, false);

	(void)state;
	assert_true(lookup_begin(lookups, &known));
	lookup_answered(lookups, &known);
	assert_true(lookup_begin(lookups, &known));
	lookup_unanswered(lookups, &known);
	lookup_end(lookups, &known);
	begun(lookups, fresh, 0, false);
	assert_false(lookup_begin(lookups, &known));
	free(lookups);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(slow_leave_room_for_new_and_new_for_known),
		cmocka_unit_test(ending_twice_counts_once),
		cmocka_unit_test(silence_makes_a_name_new_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
