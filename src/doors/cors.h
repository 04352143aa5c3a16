#ifndef DOORS_CORS_H
#define DOORS_CORS_H
/*
 * Cross-origin requests, by CORS_ORIGINS: the API and ingest answer the web
 * pages listed there, with credentials, any method and any header. "*" in the
 * list lets every page in, without credentials (Fetch standard, 3.2.5).
 */
#include <stdbool.h>

#include "doors/http.h"

/* Call it before the routes. Adds its headers to the response; true when the
 * request was a preflight, which is fully answered then: 200, or 400
 * "Disallowed CORS origin". */
bool cors_answer(const struct request *request, struct response *response);
#endif
