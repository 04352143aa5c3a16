#ifndef DOORS_COOKIE_H
#define DOORS_COOKIE_H
/*
 * Cookies of this site (RFC 6265): a name and a value of ASCII letters,
 * digits, - and _, for the whole site, for HTTP alone (HttpOnly), not sent by
 * the forms of other sites (SameSite=Lax). Under TLS they are Secure and their
 * name starts with __Host-, so that no other host can set them.
 */
#include "doors/http.h"

/* The first of that name: 1 and its value, 0 when there is none. */
int
cookie_get(const struct request *request, const char *name, struct text *value);
/* Until the browser ends; value NULL: it is to be forgotten. */
void cookie_set(const struct request *request, struct response *response,
    const char *name, const char *value);
/* Beyond the browser's end. */
void cookie_keep(const struct request *request, struct response *response,
    const char *name, const char *value, long seconds);
#endif
