#ifndef GROUND_URL_PASSWORD_H
#define GROUND_URL_PASSWORD_H
#include <stdbool.h>

#include "ground/text.h"

/* Whether a server's URL holds a password: user:password@ of RFC 3986 (3.2.1),
 * or password= (sslpassword= too) of libpq's URIs and key=value strings. */
bool url_holds_password(const char *url);

/* The URL for readers: "***" for what may be a password, which is rather more
 * than it is. */
void url_without_password(struct text *out, const char *url);
#endif
