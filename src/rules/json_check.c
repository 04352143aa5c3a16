#include "rules/json_check.h"

#include <stdlib.h>
#include <string.h>

#include <yajl/yajl_parse.h>

#include "ground/text.h"

static void *
parser_get(void *context, size_t size)
{
	(void)context;
	return memory_get(size);
}

static void *
parser_resize(void *context, void *old, size_t size)
{
	(void)context;
	return memory_resize(old, size);
}

static void
parser_free(void *context, void *memory)
{
	(void)context;
	free(memory);
}

bool
json_check(const void *bytes, size_t length)
{
	/* yajl writes to what it did not get. */
	yajl_alloc_funcs memory = { parser_get, parser_resize, parser_free,
		NULL };
	yajl_handle parser;
	bool valid;

	/* yajl takes these two for blanks; RFC 8259 has them nowhere. */
	if (length == 0 || memchr(bytes, '\v', length) != NULL ||
	    memchr(bytes, '\f', length) != NULL || !text_is_utf8(bytes, length))
		return false;
	parser = yajl_alloc(NULL, &memory, NULL);
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
