#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "rules/throttle.h"

static const struct {
	const char *address, *network;
} cases[] = {
	{ "192.0.2.7", "192.0.2.0/24" },
	{ "192.0.2.255", "192.0.2.0/24" },
	{ "192.0.3.7", "192.0.3.0/24" },
	{ "127.0.0.1", "127.0.0.0/24" },
	{ "::ffff:192.0.2.7", "192.0.2.0/24" },
	{ "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64" },
	{ "2001:db8:1:2:ffff::1", "2001:db8:1:2::/64" },
	{ "2001:db8:1:3::1", "2001:db8:1:3::/64" },
	{ "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
	    "ffff:ffff:ffff:ffff::/64" },
	{ "::1", "::/64" },
	{ "192.0.2", "unknown" },
	{ "", "unknown" },
	{ NULL, "unknown" },
};

static void
neighbours_share_a_network(void **state)
{
	char network[THROTTLE_NETWORK_SIZE];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		throttle_network(cases[i].address, network);
		assert_string_equal(network, cases[i].network);
	}
}

static void
five_are_free_then_the_wait_doubles(void **state)
{
	(void)state;
	for (int i = 0; i < 4; i++)
		assert_int_equal(throttle_waits_s[i], 0);
	assert_int_equal(throttle_waits_s[4], 2);
	for (int i = 5; i < THROTTLE_STEPS - 1; i++)
		assert_int_equal(
		    throttle_waits_s[i], 2 * throttle_waits_s[i - 1]);
	assert_int_equal(throttle_waits_s[THROTTLE_STEPS - 1], 15 * 60);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(neighbours_share_a_network),
		cmocka_unit_test(five_are_free_then_the_wait_doubles),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
