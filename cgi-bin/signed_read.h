#ifndef CGI_BIN_SIGNED_READ_H
#define CGI_BIN_SIGNED_READ_H
/* A request as rules/signed_request.h judges it, for several programs. */
#include "doors/http.h"
#include "rules/signed_request.h"

static inline const char *
signed_field_of(const struct request *request, int field)
{
	return request_variable(
	    request, signed_field_variable((enum signed_field)field));
}

/* Fills in its fields and its body, all borrowed from the request. */
static inline void
signed_read(const struct request *request, struct signed_request *said)
{
	for (int i = 0; i < SIGNED_FIELDS; i++)
		said->fields[i] = signed_field_of(request, i);
	said->body = text_string(&request->body);
	said->length = request->body.length;
}

/* Is there a header that holds a signature of any scheme? */
static inline bool
signed_read_any(const struct request *request)
{
	for (int i = 0; i < SIGNED_FIELDS; i++)
		if (signed_field_signs((enum signed_field)i) &&
		    signed_field_of(request, i) != NULL)
			return true;
	return false;
}
#endif
