#include "doors/cors.h"

#include <string.h>

static const char methods[] = "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT";

/* Is `item` one of the list's, which commas and blanks separate? */
static bool
list_holds(const char *list, const char *item)
{
	size_t length = strlen(item), word;

	for (; *list != '\0'; list += word) {
		list += strspn(list, ", ");
		word = strcspn(list, ", ");
		if (length != 0 && word == length &&
		    memcmp(list, item, length) == 0)
			return true;
	}
	return false;
}

static void
preflight_answer(const struct request *request, struct response *response,
    const char *method, bool origin_allowed)
{
	const char *headers =
	    request_variable(request, "HTTP_ACCESS_CONTROL_REQUEST_HEADERS");
	bool method_allowed = list_holds(methods, method);

	response_header(response, "Access-Control-Allow-Methods", methods);
	response_header(response, "Access-Control-Max-Age", "600");
	if (headers != NULL)
		response_header(
		    response, "Access-Control-Allow-Headers", headers);
	response->content_type = "text/plain; charset=utf-8";
	response->status = origin_allowed && method_allowed ? 200 : 400;
	if (response->status == 200) {
		text_adds(&response->body, "OK");
		return;
	}
	text_addf(&response->body, "Disallowed CORS %s%s%s",
	    origin_allowed ? "" : "origin",
	    origin_allowed || method_allowed ? "" : ", ",
	    method_allowed ? "" : "method");
}

bool
cors_lists(const char *origins, const char *origin)
{
	return list_holds(origins, origin);
}

bool
cors_answer(const struct request *request, struct response *response,
    const char *origins)
{
	const char *origin = request_variable(request, "HTTP_ORIGIN");
	const char *method =
	    request_variable(request, "HTTP_ACCESS_CONTROL_REQUEST_METHOD");
	bool allowed;

	response_header(response, "Vary", "Origin");
	if (origin == NULL)
		return false;
	allowed = cors_lists(origins, origin);
	if (allowed)
		response_header(
		    response, "Access-Control-Allow-Origin", origin);
	response_header(response, "Access-Control-Allow-Credentials", "true");
	if (method == NULL || strcmp(request->method, "OPTIONS") != 0)
		return false;
	preflight_answer(request, response, method, allowed);
	return true;
}
