#ifndef RULES_EGRESS_H
#define RULES_EGRESS_H
/*
 * Which addresses a subscriber's URL may lead to. Judged on the binary
 * address at the moment of connecting, never on a name or a spelling. Refused
 * are the special-purpose ranges of the IANA registries, the metadata
 * services of clouds, and for IPv6 all that lies outside 2000::/3.
 */
#include <stdbool.h>
#include <sys/socket.h>

/*
 * The ranges that may be reached all the same: CIDRs or single addresses,
 * separated by commas, NULL or "" for none. 0, or -1 with the first bad one
 * in `bad` (cut to its size). Replaces what was set before.
 */
#define EGRESS_BAD_SIZE 64
int egress_open(const char *allowed, char bad[EGRESS_BAD_SIZE]);

/* Addresses of this host's own interfaces, refused whatever their range,
 * unless allowed above. The vector is copied. */
void egress_set_own(const struct sockaddr *const *addresses, int count);

bool egress_allows(const struct sockaddr *address);
bool egress_allows_text(const char *address); /* as inet_pton reads it */
#endif
