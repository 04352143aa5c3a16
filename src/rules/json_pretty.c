#include "rules/json_pretty.h"

#include <string.h>

#define INDENT 2
#define DEEPEST 24 /* levels that are indented further */

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static size_t
string_length(const char *at, const char *end)
{
	const char *from = at++;

	while (at < end && *at != '"')
		at += *at == '\\' && end - at > 1 ? 2 : 1;
	return (size_t)(at - from) + (at < end);
}

/* A number or a word. */
static size_t
plain_length(const char *at, const char *end)
{
	const char *from = at;

	while (at < end && !is_blank(*at) && strchr("{}[],:\"", *at) == NULL)
		at++;
	return at == from ? 1 : (size_t)(at - from);
}

static size_t
token_length(const char *at, const char *end)
{
	if (*at == '"')
		return string_length(at, end);
	if (*at != '\0' && strchr("{}[],:", *at) != NULL)
		return 1;
	return plain_length(at, end);
}

static const char *
skip_blanks(const char *at, const char *end)
{
	while (at < end && is_blank(*at))
		at++;
	return at;
}

static void
line_begin(struct text *out, size_t depth)
{
	size_t levels = depth < DEEPEST ? depth : DEEPEST;

	text_add(out, "\n", 1);
	for (size_t i = 0; i < levels * INDENT; i++)
		text_add(out, " ", 1);
}

static bool
is_opening(char c)
{
	return c == '{' || c == '[';
}

static bool
is_closing(char c)
{
	return c == '}' || c == ']';
}

bool
json_pretty(struct text *out, const void *bytes, size_t length, size_t most)
{
	const char *end = (const char *)bytes + length;
	const char *at = skip_blanks(bytes, end);
	size_t from = out->length, depth = 0, taken;
	char before = '\0';

	for (; at < end; at = skip_blanks(at + taken, end)) {
		if (out->length - from > most)
			return false;
		taken = token_length(at, end);
		if (is_closing(*at) && depth > 0)
			depth--;
		/* {} and [] stay together */
		if (before == ',' || is_opening(before) != is_closing(*at))
			line_begin(out, depth);
		text_add(out, at, taken);
		if (*at == ':')
			text_add(out, " ", 1);
		if (is_opening(*at))
			depth++;
		before = *at;
	}
	return true;
}
