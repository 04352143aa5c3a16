#ifndef DOORS_ROUTER_H
#define DOORS_ROUTER_H
/*
 * Routes are rows. The dispatcher checks path, then method, then calls one
 * handler. Trailing slashes are forgiven (request.path has none).
 */
#include "doors/http.h"

struct route {
	const char *method; /* "GET", "POST", ...; HEAD counts as GET */
	const char *path;   /* "/subscriptions/{id}": one {} segment */
	void (*handle)(const struct request *request, struct response *response,
	    const char *argument, void *context);
	/* argument: the {} segment as it came, "" when there is none */
};

/* Answers 404 and 405 (with Allow) itself, by `refuse`, and OPTIONS without
 * CORS with 204 and Allow. routes end with a NULL method. */
void router_dispatch(const struct route *routes, const struct request *request,
    struct response *response,
    void (*refuse)(const struct request *request, struct response *response,
	int status, const char *detail),
    void *context);
#endif
