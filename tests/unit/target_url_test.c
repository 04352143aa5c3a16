#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "ground/text.h"
#include "rules/egress.h"
#include "rules/target_url.h"

#define OK TARGET_URL_OK
#define BAD TARGET_URL_MALFORMED
#define SCHEME TARGET_URL_SCHEME

/* want: the spelling when OK, the reason when BAD */
static const struct {
	const char *url;
	enum target_url_fault fault;
	const char *want;
} cases[] = {
	{ "http://example.com", OK, "http://example.com/" },
	{ "HTTP://EXAMPLE.COM/A b?x=y z#f g", OK,
	    "http://example.com/A%20b?x=y%20z#f%20g" },
	{ " \thttp://example.com/\n", OK, "http://example.com/" },
	{ "ht\ntp://exam\tple.com/", OK, "http://example.com/" },
	{ "http:example.com", OK, "http://example.com/" },
	{ "http:/example.com", OK, "http://example.com/" },
	{ "http:\\\\example.com\\a?b\\c", OK, "http://example.com/a?b\\c" },
	{ "https://example.com:443/x", OK, "https://example.com/x" },
	{ "http://example.com:443/x", OK, "http://example.com:443/x" },
	{ "http://example.com:/", OK, "http://example.com/" },
	{ "http://a_b.example/", OK, "http://a_b.example/" },
	{ "http://exa%6dple.com/", OK, "http://example.com/" },
	{ "http://a/../b/./c//d", OK, "http://a/b/c//d" },
	{ "http://a?x", OK, "http://a/?x" },
	{ "http://a/b@c:d", OK, "http://a/b@c:d" },
	{ "http://a/{\"}^", OK, "http://a/%7B%22%7D%5E" },
	{ "http://b\xc3\xbc"
	  "cher.example/p\xc3\xa4th?q=\xc3\xbc",
	    OK, "http://xn--bcher-kva.example/p%C3%A4th?q=%C3%BC" },
	{ "http://B\xc3\x9c"
	  "CHER.example/",
	    OK, "http://xn--bcher-kva.example/" },
	{ "http://fa\xc3\x9f.de/", OK, "http://xn--fa-hia.de/" },
	{ "http://\xe2\x98\x83.net/", OK, "http://xn--n3h.net/" },
	{ "http://xn--n3h.net/", OK, "http://xn--n3h.net/" },
	{ "http://\xf0\x9f\x92\xa9.la", OK, "http://xn--ls8h.la/" },
	{ "http://I\xe2\x9d\xa4\xef\xb8\x8f.ws/", OK, "http://xn--i-7iq.ws/" },
	{ "http://\xe2\x98\x83.fa\xc3\x9f.de/", OK,
	    "http://xn--n3h.xn--fa-hia.de/" },
	{ "http://\xe2\x98\x83\xe3\x80\x82"
	  "com:81/",
	    OK, "http://xn--n3h.com:81/" },
	{ "http://\xe2\x84\x80.com/", BAD,
	    "invalid international domain name" },
	{ "http://127.0.0.1./", OK, "http://127.0.0.1/" },
	{ "http://127.1.:8080/", OK, "http://127.0.0.1:8080/" },
	{ "http://0x7f.1./", OK, "http://127.0.0.1/" },
	{ "http://256.1.1.1./", BAD, "invalid IPv4 address" },
	{ "http://example.com./", OK, "http://example.com./" },
	{ "http://1.2.3.4.example./", OK, "http://1.2.3.4.example./" },
	{ "http://127.1/", OK, "http://127.0.0.1/" },
	{ "http://0x7f000001/", OK, "http://127.0.0.1/" },
	{ "http://2130706433/", OK, "http://127.0.0.1/" },
	{ "http://127\xe3\x80\x82"
	  "0\xe3\x80\x82"
	  "0\xe3\x80\x82"
	  "1/",
	    OK, "http://127.0.0.1/" },
	{ "http://[::1]:8080/x", OK, "http://[::1]:8080/x" },
	{ "http://[0:0:0::1]/", OK, "http://[::1]/" },
	{ "", BAD, "input is empty" },
	{ "  ", BAD, "input is empty" },
	{ "example.com", BAD, "relative URL without a base" },
	{ "//example.com/", BAD, "relative URL without a base" },
	{ "/path", BAD, "relative URL without a base" },
	{ "http://", BAD, "empty host" },
	{ "http:///", BAD, "empty host" },
	{ "http://:80/", BAD, "empty host" },
	{ "http://a:99999/", BAD, "invalid port number" },
	{ "http://a:abc/", BAD, "invalid port number" },
	{ "http://1.2.3.4.5/", BAD, "invalid IPv4 address" },
	{ "http://256.1.1.1/", BAD, "invalid IPv4 address" },
	{ "http://[::1", BAD, "invalid IPv6 address" },
	{ "http://[zz]/", BAD, "invalid IPv6 address" },
	{ "http://[fe80::1%25eth0]/", BAD, "invalid IPv6 address" },
	{ "http://a b/", BAD, "invalid domain character" },
	{ "http://a<b/", BAD, "invalid domain character" },
	{ "http://a|b/", BAD, "invalid domain character" },
	{ "http://exa%00mple.com/", BAD, "invalid domain character" },
	{ "http://a%2fb/", BAD, "invalid domain character" },
	{ "http://a%40b/", BAD, "invalid domain character" },
	{ "http://\xff/", BAD, "invalid international domain name" },
	{ "http://user:pw@host/", BAD,
	    "user name and password are not accepted" },
	{ "ftp://example.com/", SCHEME, NULL },
	{ "mailto:x", SCHEME, NULL },
	{ "javascript:alert(1)", SCHEME, NULL },
	{ "file:///etc/passwd", SCHEME, NULL },
	{ "localhost:8000", SCHEME, NULL },
};

static void
target_url_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *normal;
		const char *reason;
		enum target_url_fault fault =
		    target_url_parse(cases[i].url, &normal, &reason);

		if (fault != cases[i].fault)
			fail_msg("%s: fault %d, %s", cases[i].url, fault,
			    normal != NULL ? normal : reason);
		if (fault == OK)
			assert_string_equal(normal, cases[i].want);
		else if (fault == BAD)
			assert_string_equal(reason, cases[i].want);
		if (fault != OK)
			assert_null(normal);
		free(normal);
	}
}

/* What comes back as it went in is the one spelling. */
static void
target_url_settles(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *normal;
		const char *reason;

		if (cases[i].fault != OK)
			continue;
		assert_int_equal(
		    target_url_parse(cases[i].want, &normal, &reason), OK);
		assert_string_equal(normal, cases[i].want);
		free(normal);
	}
}

static void
target_url_length(void **state)
{
	struct text url = { 0 };
	char *normal;
	const char *reason;

	(void)state;
	text_adds(&url, "http://example.com/");
	while (url.length < 2048)
		text_adds(&url, "a");
	assert_int_equal(
	    target_url_parse(text_string(&url), &normal, &reason), OK);
	free(normal);
	text_adds(&url, "a");
	assert_int_equal(
	    target_url_parse(text_string(&url), &normal, &reason), BAD);
	assert_string_equal(reason, "longer than 2048 bytes");
	url.length = 1000;
	while (url.length < 2000)
		text_adds(&url, " x");
	assert_int_equal(
	    target_url_parse(text_string(&url), &normal, &reason), BAD);
	text_free(&url);
}

#define ADDRESS TARGET_URL_ADDRESS

static const struct {
	const char *url;
	bool https_only;
	enum target_url_fault fault;
} admissions[] = {
	{ "http://example.com/", false, OK },
	{ "http://example.com/", true, SCHEME },
	{ "HTTPS://example.com/", true, OK },
	{ "ftp://example.com/", true, SCHEME },
	{ "httpss://example.com/", true, SCHEME },
	{ "https://10.0.0.1/", true, ADDRESS },
	{ "http://93.184.216.34:8080/x", false, OK },
	{ "http://93.184.216.34./", false, OK },
	{ "http://[2606:4700::1111]:8080/x", false, OK },
	{ "http://[2606:4700::1111]/", false, OK },
	{ "http://[::ffff:8.8.8.8]/", false, OK },
	{ "http://[64:ff9b::8.8.8.8]/", false, OK },
	{ "http://127.0.0.1/", false, ADDRESS },
	{ "http://127.0.0.1:80/", false, ADDRESS },
	{ "http://127.0.0.1./", false, ADDRESS },
	{ "http://localhost/", false, ADDRESS },
	{ "http://localhost.:8080/", false, ADDRESS },
	{ "http://LOCALHOST?x", false, ADDRESS },
	{ "http://a.localhost#f", false, ADDRESS },
	{ "http://intranet/", false, ADDRESS },
	{ "http://[::1]/", false, ADDRESS },
	{ "http://[::ffff:7f00:1]:8080/", false, ADDRESS },
	{ "http://[fe80::1%25lo]/", false, BAD },
	{ "http://10.0.0.1/http://93.184.216.34/", false, ADDRESS },
	{ "http://93.184.216.34/http://10.0.0.1/", false, OK },
};

static void
target_url_admissions(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(admissions) / sizeof(admissions[0]);
	     i++) {
		char *normal;
		const char *reason;
		enum target_url_fault fault =
		    target_url_admit(admissions[i].url,
			admissions[i].https_only, &normal, &reason);

		if (fault != admissions[i].fault ||
		    (normal != NULL) != (fault == OK))
			fail_msg("%s: fault %d", admissions[i].url, fault);
		free(normal);
	}
}

static void
target_url_where_a_range_is_allowed(void **state)
{
	char reason[EGRESS_REASON_SIZE], *normal;
	const char *why;

	(void)state;
	assert_int_equal(egress_open("10.0.0.0/8", reason), 0);
	assert_int_equal(
	    target_url_admit("http://10.1/", false, &normal, &why), OK);
	assert_string_equal(normal, "http://10.0.0.1/");
	free(normal);
	assert_int_equal(
	    target_url_admit("http://orders/", false, &normal, &why), OK);
	free(normal);
	assert_int_equal(
	    target_url_admit("http://127.1/", false, &normal, &why), ADDRESS);
	assert_int_equal(egress_open("", reason), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(target_url_cases),
		cmocka_unit_test(target_url_settles),
		cmocka_unit_test(target_url_length),
		cmocka_unit_test(target_url_admissions),
		cmocka_unit_test(target_url_where_a_range_is_allowed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
