#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "ground/url_password.h"

static void
readers_see_no_password(void **state)
{
	static const struct {
		const char *url, *want;
	} cases[] = {
		{ "", "" },
		{ "dbname=postrider", "dbname=postrider" },
		{ "unix:///run/redis/redis.sock",
		    "unix:///run/redis/redis.sock" },
		{ "unix:///run/r:1/a@b", "unix:///run/r:***@b" },
		{ "redis://h:6379/0", "redis://h:6379/0" },
		{ "redis://:secret@h:6379/0", "redis://:***@h:6379/0" },
		{ "postgresql://u:s@h/d?host=/run",
		    "postgresql://u:***@h/d?host=/run" },
		{ "postgresql://u@/d?host=/run",
		    "postgresql://u@/d?host=/run" },
		{ "postgresql://u:s@cr@et/h@h/d", "postgresql://u:***@h/d" },
		{ "postgresql://u:a/b@h/d", "postgresql://u:***@h/d" },
		{ "host=h password='a b' user=u", "host=h password=***" },
		{ "host=h password = s", "host=h password =***" },
		{ "postgresql://u:s@h/d?sslpassword=t&x=y",
		    "postgresql://u:***@h/d?sslpassword=***" },
		{ "http://localhost:1,http://localhost:2",
		    "http://localhost:1,http://localhost:2" },
	};
	struct text out = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		text_clear(&out);
		url_without_password(&out, cases[i].url);
		assert_string_equal(text_string(&out), cases[i].want);
	}
	text_free(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(readers_see_no_password),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
