#ifndef DOORS_BEARER_H
#define DOORS_BEARER_H
/* API tokens as requests carry them, and the answers to one that will not do
 * (RFC 6750). */
#include "doors/http.h"

/* What stands behind "Bearer" in the one Authorization header, whatever it
 * is; NULL when there is none. In no query and no body: those are logged. */
const char *bearer_token(const struct request *request);

/* 401: no token, or none that is in force. 403: it lacks `scope`. 503: it
 * could not be checked. */
void bearer_refuse(const struct request *request, struct response *response,
    int status, const char *scope);
#endif
