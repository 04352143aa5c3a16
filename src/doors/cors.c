#include "doors/cors.h"

#include <string.h>

#include "ground/config.h"

#define PREFLIGHT_SECONDS "600"

enum cors_access { CORS_REFUSED, CORS_LISTED, CORS_ANYONE };

static enum cors_access
origin_access(const char *origin)
{
	const char *at = config.cors_origins;
	size_t wanted = strlen(origin), length;

	if (at == NULL || wanted == 0)
		return CORS_REFUSED;
	for (; *at != '\0'; at += length) {
		at += strspn(at, ", \t");
		length = strcspn(at, ", \t");
		if (length == wanted && memcmp(at, origin, length) == 0)
			return CORS_LISTED;
		if (length == 1 && *at == '*')
			return CORS_ANYONE;
	}
	return CORS_REFUSED;
}

static void
access_headers(
    struct response *response, const char *origin, enum cors_access access)
{
	response_header(response, "Vary", "Origin");
	if (access == CORS_REFUSED)
		return;
	if (access == CORS_ANYONE) {
		response_header(response, "Access-Control-Allow-Origin", "*");
		return;
	}
	response_header(response, "Access-Control-Allow-Origin", origin);
	response_header(response, "Access-Control-Allow-Credentials", "true");
}

static void
preflight_answer(const struct request *request, struct response *response,
    enum cors_access access)
{
	const char *headers =
	    request_variable(request, "HTTP_ACCESS_CONTROL_REQUEST_HEADERS");

	response->content_type = "text/plain; charset=utf-8";
	if (access == CORS_REFUSED) {
		response->status = 400;
		text_adds(&response->body, "Disallowed CORS origin");
		return;
	}
	response_header(response, "Access-Control-Allow-Methods",
	    "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT");
	if (headers != NULL)
		response_header(
		    response, "Access-Control-Allow-Headers", headers);
	response_header(response, "Access-Control-Max-Age", PREFLIGHT_SECONDS);
	response->status = 200;
	text_adds(&response->body, "OK");
}

bool
cors_answer(const struct request *request, struct response *response)
{
	const char *origin = request_variable(request, "HTTP_ORIGIN");
	enum cors_access access;

	if (origin == NULL)
		return false;
	access = origin_access(origin);
	access_headers(response, origin, access);
	if (strcmp(request->method, "OPTIONS") == 0 &&
	    request_variable(request, "HTTP_ACCESS_CONTROL_REQUEST_METHOD") !=
		NULL) {
		preflight_answer(request, response, access);
		return true;
	}
	if (access != CORS_REFUSED)
		response_header(response, "Access-Control-Expose-Headers",
		    "X-Request-Id, Retry-After");
	return false;
}
