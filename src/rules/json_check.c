#include "rules/json_check.h"

#include <string.h>

#include <yajl/yajl_parse.h>

#include "ground/text.h"

bool
json_check(const void *bytes, size_t length)
{
	yajl_handle parser;
	bool valid;

	/* yajl takes these two for blanks; RFC 8259 has them nowhere. */
	if (length == 0 || memchr(bytes, '\v', length) != NULL ||
	    memchr(bytes, '\f', length) != NULL || !text_is_utf8(bytes, length))
		return false;
	parser = yajl_alloc(NULL, NULL, NULL);
	if (parser == NULL)
		return false;
	yajl_config(parser, yajl_dont_validate_strings, 1);
	/* An open string after the value is no garbage to yajl: a line end,
	 * a blank elsewhere, is a fault in a string. */
	valid = yajl_parse(parser, bytes, length) == yajl_status_ok &&
	    yajl_parse(parser, (const unsigned char *)"\n", 1) ==
		yajl_status_ok &&
	    yajl_complete_parse(parser) == yajl_status_ok;
	yajl_free(parser);
	return valid;
}
