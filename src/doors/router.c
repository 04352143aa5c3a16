#include "doors/router.h"

#include <stdlib.h>
#include <string.h>

#include "ground/text.h"

/* Does `path` have the shape of `pattern`? *argument is then the start of its
 * {} segment, and *length how long it is. */
static bool
route_matches(const char *pattern, const char *path, const char **argument,
    size_t *length)
{
	*argument = "";
	*length = 0;
	for (; *pattern != '\0'; pattern++) {
		if (*pattern != '{') {
			if (*pattern != *path)
				return false;
			path++;
			continue;
		}
		*argument = path;
		*length = strcspn(path, "/");
		if (*length == 0)
			return false;
		path += *length;
		pattern += strcspn(pattern, "}");
	}
	return *path == '\0';
}

/* Once each: two routes may fit one path. No method's name holds another's. */
static void
allow_add(struct text *allow, const char *method)
{
	if (strstr(text_string(allow), method) != NULL)
		return;
	if (allow->length != 0)
		text_adds(allow, ", ");
	text_adds(allow, method);
}

static void
router_allow(
    const struct route *routes, const char *path, struct response *response)
{
	const char *argument;
	size_t length;
	struct text allow = { 0 };

	for (; routes->method != NULL; routes++) {
		if (!route_matches(routes->path, path, &argument, &length))
			continue;
		allow_add(&allow, routes->method);
		if (strcmp(routes->method, "GET") == 0)
			allow_add(&allow, "HEAD");
	}
	allow_add(&allow, "OPTIONS");
	response_header(response, "Allow", text_string(&allow));
	text_free(&allow);
}

/* The route that may be called, and its argument, which is yours to free();
 * NULL when the request was answered: 404, 405, OPTIONS, or by admit. */
static const struct route *
route_find(const struct router *router, const struct request *request,
    struct response *response, char **argument, void *context)
{
	const struct route *route;
	const char *at;
	size_t length;
	bool known = false;

	for (route = router->routes; route->method != NULL; route++) {
		if (!route_matches(route->path, request->path, &at, &length))
			continue;
		known = true;
		if (strcmp(route->method, request->method) != 0)
			continue;
		if (!router->admit(request, response, route->access, context))
			return NULL;
		*argument = memory_copy(at, length);
		return route;
	}
	if (!known) {
		router->refuse(request, response, 404, "Not Found");
		return NULL;
	}
	router_allow(router->routes, request->path, response);
	if (strcmp(request->method, "OPTIONS") == 0)
		response->status = 204;
	else
		router->refuse(request, response, 405, "Method Not Allowed");
	return NULL;
}

bool
router_admits(const struct router *router, const struct request *request,
    struct response *response, void *context)
{
	char *argument = NULL;
	bool admits =
	    route_find(router, request, response, &argument, context) != NULL;

	free(argument);
	return admits;
}

void
router_dispatch(const struct router *router, const struct request *request,
    struct response *response, void *context)
{
	char *argument = NULL;
	const struct route *route =
	    route_find(router, request, response, &argument, context);

	if (route != NULL)
		route->handle(request, response, argument, context);
	free(argument);
}
