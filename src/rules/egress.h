#ifndef RULES_EGRESS_H
#define RULES_EGRESS_H
/*
 * Which addresses a subscriber's URL may lead to. Judged on the binary
 * address at the moment of connecting, never on a name or a spelling. Refused
 * are the special-purpose ranges of the IANA registries, the metadata
 * services of clouds, and for IPv6 all that lies outside 2000::/3. An IPv4
 * address is judged as itself in IPv6's clothes too: IPv4-mapped, and NAT64
 * (64:ff9b::/96), which is all that a host without IPv4 has.
 */
#include <stdbool.h>
#include <sys/socket.h>

/*
 * The ranges that may be reached all the same: CIDRs or single addresses,
 * separated by commas, NULL or "" for none; an IPv6 range, however wide, says
 * nothing of IPv4. 0, or -1 with a line for the operator in `reason` and
 * nothing allowed. Replaces what was set before.
 */
#define EGRESS_REASON_SIZE 176
int egress_open(const char *allowed, char reason[EGRESS_REASON_SIZE]);

/* Addresses of this host's own interfaces, refused whatever their range,
 * unless allowed above. The vector is copied. */
void egress_set_own(const struct sockaddr *const *addresses, int count);

/* The port is judged too (ALLOW_PORTS). */
bool egress_allows(const struct sockaddr *address);
bool egress_allows_text(const char *address); /* as inet_pton reads it */

/*
 * False for a host name (lower case, no dot at its end) that by its nature
 * leads to refused addresses: localhost where no loopback is allowed; and
 * where no range at all is allowed, what only a local network knows: single
 * labels, local, internal, home.arpa. Nothing is looked up, so true promises
 * nothing.
 */
bool egress_allows_name(const char *name);
#endif
