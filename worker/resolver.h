#ifndef WORKER_RESOLVER_H
#define WORKER_RESOLVER_H
/*
 * Host names and their addresses, for the one loop of a delivery process. An
 * answer is kept for its TTL, 30 s at most, and shared by all that ask for the
 * name; which addresses failed is remembered for longer. Bounded: 4,096 names
 * of 128 addresses each, and as many look-ups at once as lookup.h allows. A
 * look-up that nobody waits for any more is cancelled.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dns_query.h"

struct resolver;
struct name; /* of a host; borrowed from the resolver while it is held */

/* NULL when it cannot be set up (logged). */
struct resolver *resolver_new(struct dns_patience patience);
void resolver_free(struct resolver *resolver); /* NULL is fine */

/* A descriptor that polls as readable when resolver_step has work. */
int resolver_socket(const struct resolver *resolver);
void resolver_step(struct resolver *resolver, int64_t now);
/* Milliseconds until resolver_step is needed although nothing came. */
int64_t resolver_wait_ms(const struct resolver *resolver, int64_t now);

/* Holds the name and looks it up unless it is known; then resolver_enough and
 * resolver_release are called once each. NULL when too many names are being
 * looked up. slow: a receiver that timed out before. */
struct name *resolver_hold(
    struct resolver *resolver, const char *host, bool slow, int64_t now);
/* No more addresses are needed: the look-up ends when nobody needs any. */
void resolver_enough(struct resolver *resolver, struct name *name);
void resolver_release(struct resolver *resolver, struct name *name);

/* DNS_FOUND comes at the latest 50 ms after the first family has an address
 * (RFC 8305); more addresses may follow, and the version changes then. */
enum dns_result name_result(const struct name *name, int64_t now);
int64_t name_wait_ms(const struct name *name, int64_t now);
unsigned name_version(const struct name *name);
bool name_may_grow(const struct name *name); /* the look-up goes on */

/* Its addresses in the order to try them: IPv6 and IPv4 by turns, those that
 * failed within ten minutes last, of these the longest ago first. Returns how
 * many. */
size_t name_order(const struct name *name, int64_t now,
    struct host_address order[DNS_ADDRESSES_MOST]);
/* What came of an attempt at one of them. */
void name_mark(struct name *name, const struct host_address *address,
    bool failed, int64_t now);
#endif
