#ifndef DOORS_ROUTER_H
#define DOORS_ROUTER_H
/*
 * Routes are rows. The dispatcher checks path, then method, then access, and
 * calls one handler. Trailing slashes are forgiven (request.path has none).
 */
#include "doors/http.h"

/* Who may call a route. */
enum access {
	ACCESS_ANYONE,
	ACCESS_READ,  /* a token with the scope read or write */
	ACCESS_WRITE, /* a token with the scope write */
	ACCESS_LOGIN  /* somebody who has logged in */
};

struct route {
	const char *method; /* "GET", "POST", ...; HEAD counts as GET */
	const char *path;   /* "/subscriptions/{id}": one {} segment */
	void (*handle)(const struct request *request, struct response *response,
	    const char *argument, void *context);
	/* argument: the {} segment as it came, "" when there is none */
	enum access access;
};

struct router {
	const struct route *routes; /* the last has a NULL method */
	/* May this request do what needs `access`? Answers it when not. */
	bool (*admit)(const struct request *request, struct response *response,
	    enum access access, void *context);
	void (*refuse)(const struct request *request, struct response *response,
	    int status, const char *detail);
};

/* All of it but for the handler's call: whether that may come, or the request
 * was answered. For a `head` of http.h. */
bool router_admits(const struct router *router, const struct request *request,
    struct response *response, void *context);

/* Answers 404 and 405 (with Allow) itself, by `refuse`, and OPTIONS without
 * CORS with 204 and Allow. */
void router_dispatch(const struct router *router, const struct request *request,
    struct response *response, void *context);
#endif
