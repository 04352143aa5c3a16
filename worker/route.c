#include "route.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "ground/clock.h"
#include "ground/text.h"

struct routes {
	struct resolver *resolver;
	struct dialer *dialer;
};

struct routes *
routes_new(struct dns_patience patience)
{
	struct routes *routes = memory_get(sizeof(*routes));

	routes->resolver = resolver_new(patience);
	routes->dialer = dialer_new();
	if (routes->resolver != NULL && routes->dialer != NULL)
		return routes;
	routes_free(routes);
	return NULL;
}

void
routes_free(struct routes *routes)
{
	if (routes == NULL)
		return;
	dialer_free(routes->dialer);
	resolver_free(routes->resolver);
	free(routes);
}

void
routes_sockets(const struct routes *routes, struct pollfd fds[ROUTES_SOCKETS])
{
	fds[0] = (struct pollfd){ .fd = resolver_socket(routes->resolver),
		.events = POLLIN };
	fds[1] = (struct pollfd){ .fd = dialer_socket(routes->dialer),
		.events = POLLIN };
}

void
routes_step(struct routes *routes, int64_t now)
{
	resolver_step(routes->resolver, now);
	dialer_listen(routes->dialer);
}

int64_t
routes_wait_ms(const struct routes *routes, int64_t now)
{
	return resolver_wait_ms(routes->resolver, now);
}

int
route_open(struct route *route, struct routes *routes, const char *host,
    uint16_t port, bool slow, int64_t end_at)
{
	*route = (struct route){
		.routes = routes, .port = port, .end_at = end_at, .fd = -1
	};
	route->name =
	    resolver_hold(routes->resolver, host, slow, clock_monotonic_ms());
	return route->name != NULL ? 0 : -1;
}

static void
route_has_enough(struct route *route)
{
	if (!route->has_enough)
		resolver_enough(route->routes->resolver, route->name);
	route->has_enough = true;
}

static enum outcome_end
end_of_errno(int error)
{
	switch (error) {
	case ENETUNREACH:
	case EHOSTUNREACH:
	case EACCES:
	case EPERM: return END_UNREACHABLE;
	case ETIMEDOUT: return END_TIMED_OUT;
	case EMFILE:
	case ENFILE:
	case ENOBUFS:
	case ENOMEM: return END_OTHER;
	default: return END_REFUSED;
	}
}

static enum route_state
route_failed(enum outcome_end *end, enum outcome_end how)
{
	*end = how;
	return ROUTE_FAILED;
}

static enum route_state
route_dial(struct route *route, int64_t now, enum outcome_end *end)
{
	switch (dial_step(&route->dial, now, &route->fd, &route->address)) {
	case DIAL_CONNECTED:
		route->connected_us = clock_monotonic_us();
		dial_close(&route->dial, false, now);
		route_has_enough(route);
		return ROUTE_CONNECTED;
	case DIAL_BLOCKED: return route_failed(end, END_BLOCKED_NAME);
	case DIAL_FAILED:
		return route_failed(end, end_of_errno(route->dial.error));
	default: break;
	}
	if (now < route->end_at)
		return ROUTE_PENDING;
	dial_close(&route->dial, true, now);
	return route_failed(end, END_TIMED_OUT);
}

enum route_state
route_step(struct route *route, int64_t now, enum outcome_end *end)
{
	enum dns_result result;

	if (route->dials)
		return route_dial(route, now, end);
	result = name_result(route->name, now);
	switch (result) {
	case DNS_FOUND: break;
	case DNS_MISSING: return route_failed(end, END_UNRESOLVED);
	case DNS_SILENT: return route_failed(end, END_UNANSWERED_NAME);
	case DNS_FAILED: return route_failed(end, END_NAME_SERVER_FAILED);
	default:
		if (now < route->end_at)
			return ROUTE_PENDING;
		return route_failed(end, END_UNANSWERED_NAME);
	}
	route->resolved_us = clock_monotonic_us();
	route->dials = true;
	dial_open(&route->dial, route->routes->dialer, route->name, route->port,
	    route->end_at - now, now);
	return route_dial(route, now, end);
}

int64_t
route_wait_ms(const struct route *route, int64_t now)
{
	int64_t wait = route->dials ? dial_wait_ms(&route->dial, now)
				    : name_wait_ms(route->name, now);
	int64_t left = route->end_at > now ? route->end_at - now : 0;

	return wait < left ? wait : left;
}

void
route_blame(struct route *route, int64_t now)
{
	if (route->connected_us != 0)
		name_mark(route->name, &route->address, true, now);
}

void
route_close(struct route *route)
{
	if (route->name == NULL)
		return;
	if (route->dials)
		dial_close(&route->dial, false, clock_monotonic_ms());
	if (route->fd != -1)
		close(route->fd);
	route_has_enough(route);
	resolver_release(route->routes->resolver, route->name);
	*route = (struct route){ 0 };
}
