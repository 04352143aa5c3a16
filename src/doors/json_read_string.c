#include <ctype.h>
#include <string.h>

#include "doors/json_reader.h"

/* The four digits of \uXXXX, which something follows; -1 when they are none. */
static int
read_hex(struct json_reader *reader)
{
	static const char digits[] = "0123456789abcdef";
	const char *digit;
	int value = 0;

	if (reader->end - reader->at <= 4)
		return -1;
	for (int i = 0; i < 4; i++) {
		if (!isxdigit((unsigned char)reader->at[i]))
			return -1;
		digit = strchr(digits, tolower((unsigned char)reader->at[i]));
		value = value << 4 | (int)(digit - digits);
	}
	reader->at += 4;
	return value;
}

static void
add_character(struct text *string, unsigned code)
{
	static const unsigned char first[] = { 0, 0, 0xc0, 0xe0, 0xf0 };
	size_t length = 1;
	char bytes[4];

	if (code >= 0x80)
		length = 2;
	if (code >= 0x800)
		length = 3;
	if (code >= 0x10000)
		length = 4;
	for (size_t i = length - 1; i > 0; i--) {
		bytes[i] = (char)(0x80 | (code & 0x3f));
		code >>= 6;
	}
	bytes[0] = (char)(first[length] | code);
	text_add(string, bytes, length);
}

/* After \u. A lone surrogate is no character and becomes U+0000. */
static int
read_unicode(struct json_reader *reader, struct text *string)
{
	const char *start = reader->at;
	int high = read_hex(reader), low = -1;

	if (high == -1) {
		json_reader_fail(reader, start - 1, "Invalid \\uXXXX escape");
		return -1;
	}
	if (high < 0xd800 || high > 0xdfff) {
		add_character(string, (unsigned)high);
		return 0;
	}
	start = reader->at;
	if (high < 0xdc00 && json_reader_skip(reader, '\\') &&
	    json_reader_skip(reader, 'u'))
		low = read_hex(reader);
	if (low >= 0xdc00 && low <= 0xdfff) {
		add_character(string,
		    (unsigned)(0x10000 + ((high & 0x3ff) << 10) +
			(low & 0x3ff)));
		return 0;
	}
	reader->at = start;
	add_character(string, 0);
	return 0;
}

/* After the backslash. */
static int
read_escape(struct json_reader *reader, struct text *string)
{
	static const char names[] = "\"\\/bfnrt";
	static const char meant[] = "\"\\/\b\f\n\r\t";
	const char *name;

	if (json_reader_skip(reader, 'u'))
		return read_unicode(reader, string);
	name = *reader->at == '\0' ? NULL : strchr(names, *reader->at);
	if (name == NULL) {
		json_reader_fail(reader, reader->at - 1, "Invalid \\escape");
		return -1;
	}
	text_add(string, &meant[name - names], 1);
	reader->at++;
	return 0;
}

int
json_reader_string(struct json_reader *reader, struct text *string)
{
	const char *quote = reader->at++;

	while (reader->at < reader->end) {
		const char *run = reader->at;

		while (reader->at < reader->end && *reader->at != '"' &&
		    *reader->at != '\\' && (unsigned char)*reader->at >= ' ')
			reader->at++;
		text_add(string, run, (size_t)(reader->at - run));
		if (reader->at == reader->end)
			break;
		if (json_reader_skip(reader, '"'))
			return 0;
		if (!json_reader_skip(reader, '\\')) {
			json_reader_fail(
			    reader, reader->at, "Invalid control character at");
			return -1;
		}
		if (reader->at == reader->end)
			break;
		if (read_escape(reader, string) == -1)
			return -1;
	}
	json_reader_fail(reader, quote, "Unterminated string starting at");
	return -1;
}
