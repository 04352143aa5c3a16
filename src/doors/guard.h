#ifndef DOORS_GUARD_H
#define DOORS_GUARD_H
/*
 * AUTH=open serves this machine and nobody else. Without a token only the way
 * a request came can tell who asks, so all of these must hold:
 *
 *   REMOTE_ADDR is loopback (127.0.0.0/8, ::1, ::ffff:127.0.0.0/104)
 *   Host is localhost, 127.0.0.0/8 or [::1], with any port: a name that DNS
 *   was made to point here (rebinding) is none of these
 *   no Forwarded (RFC 7239), X-Forwarded-*, X-Real-IP or Via (RFC 9110, 7.6.3):
 *   a proxy on this host would lend its loopback address to the world
 *   Origin of a request that may change something is this site's own or one
 *   of CORS_ORIGINS: browsers send forms and simple POSTs anywhere unasked
 *
 * A proxy that adds none of these headers cannot be told from a program here.
 */
#include <stdbool.h>

#include "doors/http.h"

/* As the settings say; with AUTH=token always true. When false, *why is a
 * sentence for the 403 that says what to do; a literal. */
bool guard_admits(const struct request *request, const char **why);

/* Whether an Origin is this site's own: of the scheme, host and port that the
 * request came to (RFC 6454, 4). */
bool guard_is_own_origin(const struct request *request, const char *origin);
/* An IP address as REMOTE_ADDR has it; NULL is none. */
bool guard_is_loopback(const char *address);
/* The value of a Host header; NULL is none. */
bool guard_is_local_host(const char *host);
#endif
