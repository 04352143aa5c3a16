#include "doors/signed_read.h"

static const char *
field_of(const struct request *request, int field)
{
	return request_variable(
	    request, signed_field_variable((enum signed_field)field));
}

void
signed_read(const struct request *request, struct signed_request *said)
{
	for (int i = 0; i < SIGNED_FIELDS; i++)
		said->fields[i] = field_of(request, i);
	said->body = text_string(&request->body);
	said->length = request->body.length;
}

bool
signed_read_any(const struct request *request)
{
	for (int i = 0; i < SIGNED_FIELDS; i++)
		if (signed_field_signs((enum signed_field)i) &&
		    field_of(request, i) != NULL)
			return true;
	return false;
}
