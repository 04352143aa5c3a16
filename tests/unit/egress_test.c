#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/un.h>

#include "rules/egress.h"

static char reason[EGRESS_REASON_SIZE];

static const struct {
	const char *address;
	bool allowed;
} cases[] = {
	{ "8.8.8.8", true },
	{ "93.184.216.34", true },
	{ "0.0.0.0", false },
	{ "0.1.2.3", false },
	{ "9.255.255.255", true },
	{ "10.0.0.0", false },
	{ "10.255.255.255", false },
	{ "11.0.0.0", true },
	{ "100.63.255.255", true },
	{ "100.64.0.0", false },
	{ "100.100.100.200", false },
	{ "100.127.255.255", false },
	{ "100.128.0.0", true },
	{ "127.0.0.1", false },
	{ "127.255.255.255", false },
	{ "128.0.0.0", true },
	{ "168.63.129.15", true },
	{ "168.63.129.16", false },
	{ "168.63.129.17", true },
	{ "169.254.169.254", false },
	{ "172.15.255.255", true },
	{ "172.16.0.0", false },
	{ "172.31.255.255", false },
	{ "172.32.0.0", true },
	{ "192.0.0.192", false },
	{ "192.0.1.0", true },
	{ "192.0.2.1", false },
	{ "192.31.196.1", false },
	{ "192.52.193.1", false },
	{ "192.88.99.1", false },
	{ "192.168.1.1", false },
	{ "192.169.0.0", true },
	{ "192.175.48.6", false },
	{ "198.17.255.255", true },
	{ "198.18.0.0", false },
	{ "198.19.255.255", false },
	{ "198.20.0.0", true },
	{ "198.51.100.7", false },
	{ "203.0.113.7", false },
	{ "223.255.255.255", true },
	{ "224.0.0.1", false },
	{ "240.0.0.1", false },
	{ "255.255.255.255", false },
	{ "2606:4700::1111", true },
	{ "2a00:1450:4001:81b::200e", true },
	{ "::", false },
	{ "::1", false },
	{ "::127.0.0.1", false },
	{ "::ffff:127.0.0.1", false },
	{ "::ffff:10.0.0.1", false },
	{ "::ffff:8.8.8.8", true },
	{ "::ffff:0:127.0.0.1", false },
	{ "64:ff9b::8.8.8.8", true },
	{ "64:ff9b::10.0.0.1", false },
	{ "64:ff9b::127.0.0.1", false },
	{ "64:ff9b::169.254.169.254", false },
	{ "64:ff9b::1:8.8.8.8", false },
	{ "64:ff9b:1::1", false },
	{ "100::1", false },
	{ "2001::1", false },
	{ "2001:1ff::1", false },
	{ "2001:200::1", true },
	{ "2001:db8::1", false },
	{ "2002:7f00:1::", false },
	{ "2620:4f:8000::1", false },
	{ "3fff::1", false },
	{ "3fff:1000::1", true },
	{ "5f00::1", false },
	{ "fc00::1", false },
	{ "fd00:ec2::254", false },
	{ "fe80::1", false },
	{ "fec0::1", false },
	{ "ff02::1", false },
	{ "2606:4700::5efe:10.0.0.1", false },
	{ "2606:4700::200:5efe:10.0.0.1", false },
	{ "localhost", false },
	{ "", false },
};

static void
judges_addresses(void **state)
{
	(void)state;
	assert_int_equal(egress_open("", reason), 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (egress_allows_text(cases[i].address) != cases[i].allowed)
			fail_msg("%s", cases[i].address);
}

static bool
allows_v4(uint32_t address)
{
	struct sockaddr_in in = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(address) };

	return egress_allows((struct sockaddr *)&in);
}

/* Nothing in the list but one address is smaller than a /24. */
static void
refuses_as_many_as_a_second_count_says(void **state)
{
	uint64_t refused = 0;

	(void)state;
	for (uint32_t net = 0; net < 1u << 24; net++)
		if (net == 0xa83f81)
			for (uint32_t host = 0; host < 256; host++)
				refused += !allows_v4(net << 8 | host);
		else
			refused += allows_v4(net << 8) ? 0 : 256;
	assert_int_equal(refused, 592709633);
}

static void
only_internet_addresses(void **state)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6 };

	(void)state;
	assert_false(egress_allows((struct sockaddr *)&un));
	inet_pton(AF_INET6, "2606:4700::1111", &in6.sin6_addr);
	assert_true(egress_allows((struct sockaddr *)&in6));
	in6.sin6_scope_id = 2; /* a zone: not the Internet */
	assert_false(egress_allows((struct sockaddr *)&in6));
}

static void
the_operator_may_allow(void **state)
{
	(void)state;
	assert_int_equal(
	    egress_open("127.0.0.0/8, 10.1.2.3,fd00::/8", reason), 0);
	assert_true(egress_allows_text("127.0.0.1"));
	assert_true(egress_allows_text("::ffff:127.0.0.1"));
	assert_true(egress_allows_text("10.1.2.3"));
	assert_true(egress_allows_text("fd12::1"));
	assert_false(egress_allows_text("10.1.2.4"));
	assert_false(egress_allows_text("::1"));
	assert_false(egress_allows_text("169.254.169.254"));
	assert_true(egress_allows_text("64:ff9b::10.1.2.3"));
	assert_false(egress_allows_text("64:ff9b::10.1.2.4"));
	assert_int_equal(egress_open("64:ff9b::/96", reason), 0);
	assert_true(egress_allows_text("64:ff9b::10.1.2.4"));
	assert_false(egress_allows_text("10.1.2.4"));
	assert_int_equal(egress_open("::/0", reason), 0);
	assert_true(egress_allows_text("::1"));
	assert_false(egress_allows_text("127.0.0.1"));
	assert_false(egress_allows_text("::ffff:127.0.0.1"));
	assert_int_equal(egress_open("0.0.0.0/0", reason), 0);
	assert_true(egress_allows_text("127.0.0.1"));
	assert_false(egress_allows_text("::1"));
	assert_int_equal(egress_open("::ffff:10.0.0.0/104", reason), 0);
	assert_true(egress_allows_text("10.9.8.7"));
	assert_false(egress_allows_text("127.0.0.1"));
	assert_int_equal(egress_open(NULL, reason), 0);
	assert_false(egress_allows_text("127.0.0.1"));
}

static void
says_which_range_is_bad(void **state)
{
	static const char *const wrong[] = { "10.0.0.0/33", "10.0.0/8", "x",
		"10.0.0.0/", "10.0.0.0/-1", "10.0.0.0/8x", "::/129", "/8",
		"10.0.0.0/ 8", "10.1.2.3/8", "fe80::1/10", "10.0.0.0/08x",
		"10.0.0.0/4294967304", "fe80::%lo/10", "010.0.0.0/8", "10/8" };

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_int_equal(egress_open(wrong[i], reason), -1);
	assert_int_equal(egress_open("10.0.0.0/8,nonsense,::1", reason), -1);
	assert_string_equal(reason,
	    "ALLOW_TARGETS: neither an address nor a range such as 10.0.0.0/8, "
	    "with no bit set beyond its prefix: nonsense");
	assert_false(egress_allows_text("10.0.0.1")); /* all or nothing */
	assert_int_equal(egress_open("", reason), 0);
}

static void
own_addresses_are_refused(void **state)
{
	struct sockaddr_in in = { .sin_family = AF_INET };
	const struct sockaddr *own[] = { (struct sockaddr *)&in };

	(void)state;
	inet_pton(AF_INET, "93.184.216.34", &in.sin_addr);
	egress_set_own(own, 1);
	assert_false(egress_allows_text("93.184.216.34"));
	assert_false(egress_allows_text("::ffff:93.184.216.34"));
	assert_false(egress_allows_text("64:ff9b::93.184.216.34"));
	assert_true(egress_allows_text("93.184.216.35"));
	assert_int_equal(egress_open("93.184.216.34", reason), 0);
	assert_true(egress_allows_text("93.184.216.34"));
	assert_int_equal(egress_open("", reason), 0);
	egress_set_own(NULL, 0);
	assert_true(egress_allows_text("93.184.216.34"));
}

static const struct {
	const char *name;
	bool with_none, with_others, with_loopback;
} names[] = {
	{ "example.com", true, true, true },
	{ "localhost", false, false, true },
	{ "a.b.localhost", false, false, true },
	{ "notlocalhost.com", true, true, true },
	{ "localhost.com", true, true, true },
	{ "db", false, true, true },
	{ "printer.local", false, true, true },
	{ "local", false, true, true },
	{ "vocal.fm", true, true, true },
	{ "metadata.google.internal", false, true, true },
	{ "router.home.arpa", false, true, true },
	{ "home.arpa", false, true, true },
	{ "arpa.home.example", true, true, true },
	{ "", false, true, true },
};

static void
local_names_need_a_range(void **state)
{
	static const char *const lists[] = { "", "10.0.0.0/8", "::1" };

	(void)state;
	for (int list = 0; list < 3; list++) {
		assert_int_equal(egress_open(lists[list], reason), 0);
		for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
			bool want[] = { names[i].with_none,
				names[i].with_others, names[i].with_loopback };

			if (egress_allows_name(names[i].name) != want[list])
				fail_msg("%s with \"%s\"", names[i].name,
				    lists[list]);
		}
	}
	assert_int_equal(egress_open("", reason), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(judges_addresses),
		cmocka_unit_test(refuses_as_many_as_a_second_count_says),
		cmocka_unit_test(only_internet_addresses),
		cmocka_unit_test(the_operator_may_allow),
		cmocka_unit_test(says_which_range_is_bad),
		cmocka_unit_test(own_addresses_are_refused),
		cmocka_unit_test(local_names_need_a_range),
	};

	return cmocka_run_group_tests_name("egress", tests, NULL, NULL);
}
