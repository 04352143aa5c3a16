#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "doors/cookie.h"
#include "doors/http_link.h"
#include "variables_fixture.h"

static const struct {
	const char *https, *header;
	const char *value; /* NULL: there is none */
} reads[] = {
	{ NULL, NULL, NULL },
	{ NULL, "", NULL },
	{ NULL, ";;; ;", NULL },
	{ NULL, "sid", NULL },
	{ NULL, "sid=", "" },
	{ NULL, "sid=abc", "abc" },
	{ NULL, "a=b; sid=abc; c=d", "abc" },
	{ NULL, "a=b;sid=abc", "abc" },
	{ NULL, "a=b;\t sid=abc;", "abc" },
	{ NULL, "sid=first; sid=second", "first" },
	{ NULL, "sid=a=b", "a=b" },
	{ NULL, "xsid=abc; sidx=abc; SID=abc; a=sid=abc", NULL },
	{ NULL, "__Host-sid=abc", NULL },
	{ "off", "sid=abc", "abc" },
	{ "on", "sid=abc", NULL },
	{ "on", "sid=abc; __Host-sid=def", "def" },
	{ "ON", "__Host-sid=def", "def" },
};

static void
the_first_of_a_name_is_read(void **state)
{
	struct http_link *link = http_link_new();
	struct request request = { .source = link };
	struct text value = { 0 };
	int found;

	(void)state;
	for (size_t i = 0; i < sizeof(reads) / sizeof(reads[0]); i++) {
		variable_set("HTTPS", reads[i].https);
		variable_set("HTTP_COOKIE", reads[i].header);
		http_link_begin_cgi(link); /* its variables are ours */
		found = cookie_get(&request, "sid", &value);
		if (found != (reads[i].value != NULL))
			fail_msg("case %zu: %d", i, found);
		if (found)
			assert_string_equal(
			    text_string(&value), reads[i].value);
	}
	text_free(&value);
	http_link_free(link);
}

static const struct {
	const char *https, *value, *header;
} writes[] = {
	{ NULL, "abc",
	    "Set-Cookie: sid=abc; Path=/; HttpOnly; SameSite=Lax\r\n" },
	{ "on", "abc",
	    "Set-Cookie: __Host-sid=abc; Path=/; HttpOnly; SameSite=Lax; "
	    "Secure\r\n" },
	{ NULL, NULL,
	    "Set-Cookie: sid=; Path=/; HttpOnly; SameSite=Lax; "
	    "Max-Age=0\r\n" },
	{ "on", NULL,
	    "Set-Cookie: __Host-sid=; Path=/; HttpOnly; SameSite=Lax; "
	    "Max-Age=0; Secure\r\n" },
};

static void
attributes_go_with_it(void **state)
{
	struct http_link *link = http_link_new();
	struct request request = { .source = link };
	struct response response = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(writes) / sizeof(writes[0]); i++) {
		variable_set("HTTPS", writes[i].https);
		http_link_begin_cgi(link);
		text_clear(&response.headers);
		cookie_set(&request, &response, "sid", writes[i].value);
		assert_string_equal(
		    text_string(&response.headers), writes[i].header);
	}
	text_free(&response.headers);
	http_link_free(link);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_of_a_name_is_read),
		cmocka_unit_test(attributes_go_with_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
