#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "doors/router.h"

static void
name_list(const struct request *request, struct response *response,
    const char *argument, void *context)
{
	(void)request;
	(void)context;
	response->status = 200;
	text_addf(&response->body, "list(%s)", argument);
}

static void
name_item(const struct request *request, struct response *response,
    const char *argument, void *context)
{
	(void)request;
	(void)context;
	response->status = 200;
	text_addf(&response->body, "item(%s)", argument);
}

static void
name_parts(const struct request *request, struct response *response,
    const char *argument, void *context)
{
	(void)request;
	response->status = 200;
	text_addf(&response->body, "%s(%s)", (const char *)context, argument);
}

static const struct route routes[] = {
	{ "POST", "/things", name_list, ACCESS_WRITE },
	{ "GET", "/things", name_list, ACCESS_READ },
	{ "GET", "/things/{id}", name_item, ACCESS_READ },
	{ "DELETE", "/things/{id}", name_item, ACCESS_WRITE },
	{ "GET", "/things/{id}/parts", name_parts, ACCESS_READ },
	{ "POST", "/drop", name_list, ACCESS_LOGIN },
	{ NULL, NULL, NULL, ACCESS_ANYONE },
};

static void
refuse(const struct request *request, struct response *response, int status,
    const char *detail)
{
	(void)request;
	response->status = status;
	text_adds(&response->body, detail);
}

static bool
admit(const struct request *request, struct response *response,
    enum access access, void *context)
{
	(void)context;
	if (access != ACCESS_LOGIN)
		return true;
	refuse(request, response, 401, "log in");
	return false;
}

static const struct router router = { routes, admit, refuse };

#define NO_SUCH 404, "Not Found", ""
#define WRONG(allow) 405, "Method Not Allowed", "Allow: " allow "\r\n"

static const struct {
	const char *method;
	const char *path;
	int status;
	const char *body;
	const char *headers;
} cases[] = {
	{ "GET", "/things", 200, "list()", "" },
	{ "POST", "/things", 200, "list()", "" },
	{ "GET", "/things/7", 200, "item(7)", "" },
	{ "GET", "/things/a b", 200, "item(a b)", "" },
	{ "DELETE", "/things/7", 200, "item(7)", "" },
	{ "GET", "/things/7/parts", 200, "context(7)", "" },
	{ "GET", "/", NO_SUCH },
	{ "GET", "", NO_SUCH },
	{ "GET", "/thing", NO_SUCH },
	{ "GET", "/thingss", NO_SUCH },
	{ "GET", "/Things", NO_SUCH },
	{ "GET", "/things/7/other", NO_SUCH },
	{ "GET", "/things/7/parts/8", NO_SUCH },
	{ "GET", "/things//parts", NO_SUCH },
	{ "POST", "/nothing", NO_SUCH },
	{ "PUT", "/things", WRONG("POST, GET, HEAD, OPTIONS") },
	{ "get", "/things", WRONG("POST, GET, HEAD, OPTIONS") },
	{ "PATCH", "/things/7", WRONG("GET, HEAD, DELETE, OPTIONS") },
	{ "GET", "/drop", WRONG("POST, OPTIONS") },
	{ "POST", "/drop", 401, "log in", "" },
	{ "OPTIONS", "/drop", 204, "", "Allow: POST, OPTIONS\r\n" },
	{ "OPTIONS", "/nothing", NO_SUCH },
};

static void
router_cases(void **state)
{
	char context[] = "context";

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct request request = { .method = cases[i].method,
			.path = (char *)cases[i].path,
			.query = "" };
		struct response response = { 0 };

		router_dispatch(&router, &request, &response, context);
		if (response.status != cases[i].status)
			fail_msg("%s %s: %d", cases[i].method, cases[i].path,
			    response.status);
		assert_string_equal(text_string(&response.body), cases[i].body);
		assert_string_equal(
		    text_string(&response.headers), cases[i].headers);
		text_free(&response.body);
		text_free(&response.headers);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(router_cases),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
