#ifndef DOORS_SIGNED_READ_H
#define DOORS_SIGNED_READ_H
/* A request as rules/signed_request.h judges it. */
#include "doors/http.h"
#include "rules/signed_request.h"

/* Fills in its fields and its body, all borrowed from the request. */
void signed_read(const struct request *request, struct signed_request *said);
/* Is there a header that holds a signature of any scheme? */
bool signed_read_any(const struct request *request);
#endif
