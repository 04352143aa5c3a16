#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "doors/guard.h"
#include "doors/http_link.h"
#include "ground/config.h"
#include "variables_fixture.h"

static void
loopback_addresses(void **state)
{
	static const char *const ours[] = { "127.0.0.1", "127.255.255.255",
		"::1", "0:0:0:0:0:0:0:1", "::ffff:127.0.0.1" };
	static const char *const theirs[] = { "", "128.0.0.1",
		"126.255.255.255", "192.0.2.1", "0.0.0.0", "127.1",
		"127.0.0.1 ", "::", "::2", "::127.0.0.1", "::ffff:128.0.0.1",
		"fe80::1", "localhost" };

	(void)state;
	assert_false(guard_is_loopback(NULL));
	for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
		if (!guard_is_loopback(ours[i]))
			fail_msg("refused %s", ours[i]);
	for (size_t i = 0; i < sizeof(theirs) / sizeof(theirs[0]); i++)
		if (guard_is_loopback(theirs[i]))
			fail_msg("took %s", theirs[i]);
}

static void
local_hosts(void **state)
{
	static const char *const ours[] = { "localhost", "LocalHost",
		"localhost:8000", "localhost:", "127.0.0.1", "127.9.8.7:80",
		"[::1]", "[::1]:8000", "[0:0:0:0:0:0:0:1]:1" };
	static const char *const theirs[] = { "", ":80", "evil.example",
		"evil.example:8000", "localhost.evil.example", "localhost.",
		"xlocalhost", "localhost:80:80", "localhost:8o", "localhost ",
		"127.0.0.1.evil.example", "127.1", "128.0.0.1", "::1", "[::1",
		"[::1]x", "[::1]]", "[]", "[", "]", "[::2]", "[127.0.0.1]",
		"user@localhost", "localhost, evil.example",
		"127.0.0.1"
		"000000000000000000000000000000000000000000000000000000000" };

	(void)state;
	assert_false(guard_is_local_host(NULL));
	for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
		if (!guard_is_local_host(ours[i]))
			fail_msg("refused %s", ours[i]);
	for (size_t i = 0; i < sizeof(theirs) / sizeof(theirs[0]); i++)
		if (guard_is_local_host(theirs[i]))
			fail_msg("took %s", theirs[i]);
}

#define ORIGINS "http://localhost:5173,http://page.example"

/* All else is as it should be. */
static const struct {
	const char *method, *variable, *value;
	bool admitted;
} cases[] = {
	{ "GET", "HTTP_ACCEPT", "*/*", true },
	{ "GET", "REMOTE_ADDR", "192.0.2.1", false },
	{ "GET", "REMOTE_ADDR", NULL, false },
	{ "GET", "HTTP_HOST", "evil.example", false },
	{ "GET", "HTTP_HOST", NULL, false },
	{ "GET", "HTTP_FORWARDED", "for=192.0.2.1", false },
	{ "GET", "HTTP_FORWARDED", "", false },
	{ "GET", "HTTP_VIA", "1.1 proxy", false },
	{ "GET", "HTTP_X_REAL_IP", "192.0.2.1", false },
	{ "GET", "HTTP_X_FORWARDED_FOR", "127.0.0.1", false },
	{ "GET", "HTTP_X_FORWARDED_HOST", "localhost", false },
	{ "GET", "HTTP_X_FORWARDED_PROTO", "https", false },
	{ "GET", "HTTP_X_FORWARDED", "1", false },
	{ "GET", "HTTP_ORIGIN", "http://evil.example", true },
	{ "OPTIONS", "HTTP_ORIGIN", "http://evil.example", true },
	{ "POST", "HTTP_ORIGIN", NULL, true },
	{ "POST", "HTTP_ORIGIN", "http://localhost:8000", true },
	{ "POST", "HTTP_ORIGIN", "http://LOCALHOST:8000", true },
	{ "POST", "HTTP_ORIGIN", "https://localhost:8000", false },
	{ "POST", "HTTP_ORIGIN", "localhost:8000", false },
	{ "POST", "HTTP_ORIGIN", "http://localhost:8000/", false },
	{ "POST", "HTTP_ORIGIN", "http://localhost:5173", true },
	{ "DELETE", "HTTP_ORIGIN", "http://page.example", true },
	{ "DELETE", "HTTP_ORIGIN", "http://evil.example", false },
	{ "POST", "HTTP_ORIGIN", "http://localhost:8001", false },
	{ "POST", "HTTP_ORIGIN", "http://127.0.0.1:8000", false },
	{ "POST", "HTTP_ORIGIN", "null", false },
	{ "POST", "HTTP_ORIGIN", "", false },
	{ "BREW", "HTTP_ORIGIN", "http://evil.example", false },
};

static void
requests(void **state)
{
	struct http_link *link = http_link_new();
	struct request request = { .source = link };
	const char *why;
	bool admitted;

	(void)state;
	config.auth = AUTH_OPEN;
	config.cors_origins = (char[]){ ORIGINS };
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		setenv("REMOTE_ADDR", "127.0.0.1", 1);
		setenv("HTTP_HOST", "localhost:8000", 1);
		variable_set(cases[i].variable, cases[i].value);
		http_link_begin_cgi(link); /* its variables are ours */
		request.method = cases[i].method;
		admitted = guard_admits(&request, &why);
		if (admitted != cases[i].admitted || admitted != (why == NULL))
			fail_msg("case %zu: %s", i, why != NULL ? why : "");
		unsetenv(cases[i].variable);
	}
	http_link_free(link);
}

static void
own_origins(void **state)
{
	static const struct {
		const char *https, *host, *origin;
		bool own;
	} origins[] = {
		{ NULL, "a.example", "http://a.example", true },
		{ NULL, "a.example", "https://a.example", false },
		{ "on", "a.example", "https://a.example", true },
		{ "on", "A.example:1", "https://a.EXAMPLE:1", true },
		{ "on", "a.example", "http://a.example", false },
		{ "on", "a.example", "https://a.example:1", false },
		{ "on", "a.example", "https://b.example", false },
		{ "on", "a.example", "a.example", false },
		{ "on", NULL, "https://", false },
	};
	struct http_link *link = http_link_new();
	struct request request = { .source = link };

	(void)state;
	for (size_t i = 0; i < sizeof(origins) / sizeof(origins[0]); i++) {
		variable_set("HTTPS", origins[i].https);
		variable_set("HTTP_HOST", origins[i].host);
		http_link_begin_cgi(link);
		if (guard_is_own_origin(&request, origins[i].origin) !=
		    origins[i].own)
			fail_msg("case %zu", i);
	}
	variable_set("HTTPS", NULL);
	http_link_free(link);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(loopback_addresses),
		cmocka_unit_test(local_hosts),
		cmocka_unit_test(requests),
		cmocka_unit_test(own_origins),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
