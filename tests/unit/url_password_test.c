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
		{ "postgresql://u:a#b@h/d", "postgresql://u:***@h/d" },
		{ "postgresql://u:a?b@h/d", "postgresql://u:***@h/d" },
		{ "postgresql://h/d?p%61ssword=s", "***" },
		{ "postgresql://h/d?user=u&ssl%70assword=s", "***" },
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

/* Such a settings file must be readable by few. */
static void
passwords_are_found(void **state)
{
	static const char *const with[] = { "postgresql://u:s@h/d",
		"postgresql://u:a#b@h/d", "postgresql://u:a?b@h/d",
		"postgresql://u:a/b@h/d", "postgresql://h/d?password=s",
		"postgresql://h/d?p%61ssword=s",
		"postgresql://h/d?%70%61%73%73%77%6f%72%64=s",
		"postgresql://h/d?user=u&ssl%70assword=s", "host=h password=s",
		"password = 's t' host=h", "sslpassword=s", "redis://:s@h",
		"redis://:a#b@h", "redis://u:a?b@h/1" };
	static const char *const without[] = { "", "dbname=postrider",
		"postgresql://u@h/d", "postgresql://u:@h/d",
		"postgresql://h,i/d?host=/run&passfile=/etc/p",
		"redis://h:6379/0", "unix:///run/redis.sock" };

	(void)state;
	for (size_t i = 0; i < sizeof(with) / sizeof(with[0]); i++)
		if (!url_holds_password(with[i]))
			fail_msg("missed in %s", with[i]);
	for (size_t i = 0; i < sizeof(without) / sizeof(without[0]); i++)
		if (url_holds_password(without[i]))
			fail_msg("found in %s", without[i]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(readers_see_no_password),
		cmocka_unit_test(passwords_are_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
