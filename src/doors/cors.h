#ifndef DOORS_CORS_H
#define DOORS_CORS_H
/*
 * Cross-origin requests of the pages that CORS_ORIGINS names: credentials,
 * any method, any header. origins: separated by commas, no trailing slash.
 */
#include <stdbool.h>

#include "doors/http.h"

/* Is this Origin one of them? */
bool cors_lists(const char *origins, const char *origin);
/* To call first, on every answer: adds the headers that the origin needs.
 * True when the request is a preflight, which it has answered then. */
bool cors_answer(const struct request *request, struct response *response,
    const char *origins);
#endif
