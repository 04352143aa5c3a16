#ifndef WORKER_ROUTE_H
#define WORKER_ROUTE_H
/*
 * The way to a new connection where the URL has a name: its addresses from the
 * resolver, a connected socket from the dialer, within the time of the
 * attempt. No thread and no call that blocks. Where the URL has an address
 * there is nothing to do here.
 */
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

#include "dialer.h"
#include "rules/outcome.h"

struct routes;

/* NULL when they cannot be set up (logged). */
struct routes *routes_new(struct dns_patience patience);
void routes_free(struct routes *routes); /* NULL is fine */

#define ROUTES_SOCKETS 2
/* What to poll for, for reading, until routes_step. */
void
routes_sockets(const struct routes *routes, struct pollfd fds[ROUTES_SOCKETS]);
void routes_step(struct routes *routes, int64_t now);
/* Milliseconds until routes_step is needed although nothing came. */
int64_t routes_wait_ms(const struct routes *routes, int64_t now);

struct route { /* { 0 } is closed */
	struct routes *routes;
	struct name *name;
	struct dial dial;
	bool dials, has_enough; /* addresses */
	uint16_t port;
	int64_t end_at; /* monotonic ms */
	/* Monotonic µs, 0 not yet: the name had an address, the connection
	 * was there. */
	int64_t resolved_us, connected_us;
	struct host_address address; /* that it is connected to */
	int fd;			     /* of the connection, -1: none */
};

/* 0, or -1 when too many names are being looked up. The route stays where it
 * is until route_close. */
int route_open(struct route *route, struct routes *routes, const char *host,
    uint16_t port, bool slow, int64_t end_at);

enum route_state {
	ROUTE_PENDING,
	ROUTE_CONNECTED, /* route->fd is yours, or is closed by route_close */
	ROUTE_FAILED	 /* *end says how */
};
enum route_state
route_step(struct route *route, int64_t now, enum outcome_end *end);
/* Milliseconds until route_step is needed although nothing came. */
int64_t route_wait_ms(const struct route *route, int64_t now);
/* The address connected to took the connection, and then failed. */
void route_blame(struct route *route, int64_t now);
void route_close(struct route *route);
#endif
