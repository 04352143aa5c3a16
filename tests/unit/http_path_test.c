#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "doors/http_link.h"

static const struct {
	const char *uri, *path, *query;
} cases[] = {
	{ "/", "/", "" },
	{ "//", "/", "" },
	{ "/subscriptions/", "/subscriptions", "" },
	{ "/subscriptions///", "/subscriptions", "" },
	{ "/a//b", "/a//b", "" },
	{ "/a?x=1&y=2", "/a", "x=1&y=2" },
	{ "/a/?", "/a", "" },
	{ "/a?b?c", "/a", "b?c" },
	{ "/a#part", "/a", "" },
	{ "/caf%c3%A9", "/caf\303\251", "" },
	{ "/a%20b", "/a b", "" },
	{ "/a+b", "/a+b", "" },
	/* an encoded slash splits no segment, and ends none */
	{ "/a%2fb", "/a%2Fb", "" },
	{ "/a%2F", "/a%2F", "" },
	/* decoded once */
	{ "/a%252Fb", "/a%2Fb", "" },
	{ "/a%2541", "/a%41", "" },
	/* an encoded ? starts no query */
	{ "/a%3Fb", "/a?b", "" },
	/* malformed: a path of no route */
	{ "/a%", "", "" },
	{ "/a%4", "", "" },
	{ "/a%zz", "", "" },
	{ "/a%00b", "", "" },
	{ "", "", "" },
	{ "*", "*", "" },
	/* the whole URI, RFC 9112 3.2.2 */
	{ "http://host:80/a/?q", "/a", "q" },
	{ "http://host", "/", "" },
	{ "http://host?q", "/", "q" },
	{ "/a?u=http://b/c", "/a", "u=http://b/c" },
};

static void
path_cases(void **state)
{
	char *path;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		path = http_path_of(cases[i].uri);
		assert_string_equal(path, cases[i].path);
		assert_string_equal(
		    http_path_query(cases[i].uri), cases[i].query);
		free(path);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(path_cases),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
