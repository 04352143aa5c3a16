#include "doors/http.h"

#include <string.h>

#include "doors/http_link.h"

/* One name or value: + is a blank; a % that starts no octet is a %. */
static void
form_decode(const char *from, size_t length, struct text *to)
{
	const char *end = from + length;
	char byte;
	int octet;

	for (; from < end; from++) {
		byte = *from == '+' ? ' ' : *from;
		if (*from == '%' && end - from > 2 &&
		    (octet = http_path_octet(from + 1)) != -1) {
			byte = (char)octet;
			from += 2;
		}
		text_add(to, &byte, 1);
	}
}

static int
name_is(const char *from, size_t length, const char *name)
{
	struct text decoded = { 0 };
	int is;

	form_decode(from, length, &decoded);
	is = decoded.length == strlen(name) &&
	    memcmp(text_string(&decoded), name, decoded.length) == 0;
	text_free(&decoded);
	return is;
}

const char *
form_next(const char *form, const char *name, struct text *value)
{
	const char *equals;
	size_t length, name_length;

	for (; *form != '\0'; form += length, form += *form == '&') {
		length = strcspn(form, "&");
		equals = memchr(form, '=', length);
		name_length = equals == NULL ? length : (size_t)(equals - form);
		if (!name_is(form, name_length, name))
			continue;
		text_clear(value);
		if (equals != NULL)
			form_decode(
			    equals + 1, length - name_length - 1, value);
		return form + length + (form[length] == '&');
	}
	return NULL;
}

int
form_value(const char *form, const char *name, struct text *value)
{
	int found = 0;

	text_clear(value);
	while ((form = form_next(form, name, value)) != NULL)
		found = 1;
	return found;
}
