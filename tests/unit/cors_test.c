#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "doors/cors.h"
#include "doors/http_link.h"
#include "variables_fixture.h"

#define PAGE "http://localhost:3000"
#define ORIGINS "http://localhost:5173, " PAGE

static const struct {
	const char *method, *origin, *asked_method, *asked_headers;
	bool answered;
	int status;
	const char *body;
	const char *header; /* one that is there; after !, one that is not */
} cases[] = {
	{ "GET", NULL, NULL, NULL, false, 0, "", "!Access-Control" },
	{ "GET", PAGE, NULL, NULL, false, 0, "",
	    "Access-Control-Allow-Origin: " PAGE "\r\n" },
	{ "GET", PAGE, NULL, NULL, false, 0, "", "Vary: Origin\r\n" },
	{ "GET", PAGE, "GET", NULL, false, 0, "",
	    "Access-Control-Allow-Credentials: true\r\n" },
	{ "GET", "http://localhost", NULL, NULL, false, 0, "",
	    "!Access-Control-Allow-Origin" },
	{ "GET", "", NULL, NULL, false, 0, "", "!Access-Control-Allow-Origin" },
	{ "OPTIONS", PAGE, NULL, NULL, false, 0, "",
	    "!Access-Control-Allow-Methods" },
	{ "OPTIONS", PAGE, "PATCH", "x-a, x-b", true, 200, "OK",
	    "Access-Control-Allow-Headers: x-a, x-b\r\n" },
	{ "OPTIONS", PAGE, "PATCH", NULL, true, 200, "OK",
	    "!Access-Control-Allow-Headers" },
	{ "OPTIONS", PAGE, "PATCH", NULL, true, 200, "OK",
	    "Access-Control-Max-Age: 600\r\n" },
	{ "OPTIONS", "http://else.example", "GET", NULL, true, 400,
	    "Disallowed CORS origin", "!Access-Control-Allow-Origin" },
	{ "OPTIONS", PAGE, "BREW", NULL, true, 400, "Disallowed CORS method",
	    "Access-Control-Allow-Origin: " PAGE "\r\n" },
	{ "OPTIONS", "null", "BREW", NULL, true, 400,
	    "Disallowed CORS origin, method", "Vary: Origin\r\n" },
};

static void
cors_cases(void **state)
{
	struct http_link *link = http_link_new();

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct request request = { .method = cases[i].method,
			.source = link };
		struct response response = { 0 };
		const char *header = cases[i].header;
		bool there = header[0] != '!';

		variable_set("HTTP_ORIGIN", cases[i].origin);
		variable_set("HTTP_ACCESS_CONTROL_REQUEST_METHOD",
		    cases[i].asked_method);
		variable_set("HTTP_ACCESS_CONTROL_REQUEST_HEADERS",
		    cases[i].asked_headers);
		http_link_begin_cgi(link);
		if (cors_answer(&request, &response, ORIGINS) !=
			cases[i].answered ||
		    response.status != cases[i].status)
			fail_msg("case %zu: %d", i, response.status);
		assert_string_equal(text_string(&response.body), cases[i].body);
		if ((strstr(text_string(&response.headers),
			 there ? header : header + 1) != NULL) != there)
			fail_msg(
			    "case %zu: %s", i, text_string(&response.headers));
		text_free(&response.body);
		text_free(&response.headers);
	}
	http_link_free(link);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cors_cases),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
