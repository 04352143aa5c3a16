#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "../../worker/window.c"

#define SUBSCRIPTIONS 64
#define MOST 200

/* Ids that share their last half collide, so that places move. */
static struct uuid
subscription(int number)
{
	return (struct uuid){ { (unsigned char)number, 1, 2, 3, 4, 5, 6, 7, 8,
	    0, 0, 0, 0, 0, 0, (unsigned char)(number % 3) } };
}

static void
counts_as_a_plain_array_does(void **state)
{
	struct window *window = window_new(MOST);
	size_t counts[SUBSCRIPTIONS] = { 0 }, bytes[SUBSCRIPTIONS] = { 0 };
	size_t all = 0;

	(void)state;
	srand(1);
	for (int i = 0; i < 100000; i++) {
		int number = rand() % SUBSCRIPTIONS;
		struct uuid id = subscription(number);

		if (rand() % 2 == 0 && all < MOST) {
			window_enter(window, &id, (size_t)number);
			counts[number]++;
			bytes[number] += (size_t)number;
			all++;
		} else if (counts[number] > 0) {
			window_leave(window, &id, (size_t)number);
			counts[number]--;
			bytes[number] -= (size_t)number;
			all--;
		}
		number = rand() % SUBSCRIPTIONS;
		id = subscription(number);
		assert_int_equal(window_count(window, &id), counts[number]);
		assert_int_equal(window_bytes(window, &id), bytes[number]);
	}
	window_free(window);
}

static void
leaving_what_never_entered_is_nothing(void **state)
{
	struct window *window = window_new(1);
	struct uuid id = subscription(1);

	(void)state;
	window_leave(window, &id, 7);
	assert_int_equal(window_bytes(window, &id), 0);
	assert_int_equal(window_count(window, &id), 0);
	window_free(window);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts_as_a_plain_array_does),
		cmocka_unit_test(leaving_what_never_entered_is_nothing),
	};

	return cmocka_run_group_tests_name("window", tests, NULL, NULL);
}
