#include "ground/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void
memory_out(void)
{
	static const char message[] = "out of memory\n";

	if (write(STDERR_FILENO, message, sizeof(message) - 1) < 0)
		_exit(112);
	_exit(111);
}

void *
memory_get(size_t size)
{
	void *memory = calloc(1, size != 0 ? size : 1);

	if (memory == NULL)
		memory_out();
	return memory;
}

void *
memory_resize(void *old, size_t size)
{
	void *memory = realloc(old, size != 0 ? size : 1);

	if (memory == NULL)
		memory_out();
	return memory;
}

void *
memory_copy(const void *bytes, size_t length)
{
	char *copy = memory_get(length + 1);

	if (length != 0)
		memcpy(copy, bytes, length);
	return copy;
}

char *
memory_copy_string(const char *string)
{
	return string == NULL ? NULL : memory_copy(string, strlen(string));
}

static void
text_reserve(struct text *text, size_t more)
{
	size_t want = text->length + more + 1;
	size_t room = text->room != 0 ? text->room : 64;

	if (want <= text->room)
		return;
	while (room < want)
		room *= 2;
	text->bytes = memory_resize(text->bytes, room);
	text->room = room;
}

void
text_add(struct text *text, const void *bytes, size_t length)
{
	text_reserve(text, length);
	if (length != 0)
		memcpy(text->bytes + text->length, bytes, length);
	text->length += length;
	text->bytes[text->length] = '\0';
}

void
text_adds(struct text *text, const char *string)
{
	if (string != NULL)
		text_add(text, string, strlen(string));
}

void
text_addf(struct text *text, const char *format, ...)
{
	va_list args, again;
	size_t room;
	int length;

	text_reserve(text, 0);
	room = text->room - text->length;
	va_start(args, format);
	va_copy(again, args);
	length = vsnprintf(text->bytes + text->length, room, format, args);
	va_end(args);
	if (length > 0 && (size_t)length >= room) {
		text_reserve(text, (size_t)length);
		vsnprintf(text->bytes + text->length, (size_t)length + 1,
		    format, again);
	}
	va_end(again);
	if (length > 0)
		text->length += (size_t)length;
}

void
text_clear(struct text *text)
{
	text->length = 0;
	if (text->bytes != NULL)
		text->bytes[0] = '\0';
}

void
text_free(struct text *text)
{
	free(text->bytes);
	*text = (struct text){ 0 };
}

char *
text_take(struct text *text)
{
	char *string = text->bytes;

	if (string == NULL)
		string = memory_get(1);
	*text = (struct text){ 0 };
	return string;
}

const char *
text_string(const struct text *text)
{
	return text->bytes != NULL ? text->bytes : "";
}

int
text_hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* The length of the well-formed sequence at `at`, 0 when there is none:
 * the table of RFC 3629, section 4. */
static size_t
utf8_sequence(const unsigned char *at, size_t left)
{
	unsigned char low = 0x80, high = 0xbf;
	size_t length;

	if (at[0] < 0x80)
		return 1;
	if (at[0] >= 0xc2 && at[0] <= 0xdf)
		length = 2;
	else if (at[0] >= 0xe0 && at[0] <= 0xef)
		length = 3;
	else if (at[0] >= 0xf0 && at[0] <= 0xf4)
		length = 4;
	else
		return 0;
	if (left < length)
		return 0;
	if (at[0] == 0xe0)
		low = 0xa0;
	else if (at[0] == 0xed)
		high = 0x9f;
	else if (at[0] == 0xf0)
		low = 0x90;
	else if (at[0] == 0xf4)
		high = 0x8f;
	if (at[1] < low || at[1] > high)
		return 0;
	for (size_t i = 2; i < length; i++)
		if (at[i] < 0x80 || at[i] > 0xbf)
			return 0;
	return length;
}

bool
text_is_utf8(const void *bytes, size_t length)
{
	const unsigned char *at = bytes;
	size_t step;

	while (length != 0) {
		step = utf8_sequence(at, length);
		if (step == 0)
			return false;
		at += step;
		length -= step;
	}
	return true;
}

bool
text_is_clean(const void *bytes, size_t length)
{
	const unsigned char *at = bytes;

	for (size_t i = 0; i < length; i++)
		if (at[i] < 0x20 || at[i] == 0x7f)
			return false;
	return text_is_utf8(bytes, length);
}

size_t
text_character(const void *bytes, size_t left, uint32_t *code)
{
	const unsigned char *at = bytes;
	size_t length = utf8_sequence(at, left);

	*code = length > 1 ? at[0] & 0x7fu >> length : at[0];
	for (size_t i = 1; i < length; i++)
		*code = *code << 6 | (at[i] & 0x3f);
	return length;
}

/* ZERO WIDTH (NON-)JOINER are not here: words and emoji need them. */
bool
text_is_hidden(uint32_t code)
{
	static const struct {
		uint32_t from, to;
	} ranges[] = { { 0x00, 0x08 }, { 0x0b, 0x0c }, { 0x0e, 0x1f },
		{ 0x7f, 0x9f }, { 0xad, 0xad }, { 0x61c, 0x61c },
		{ 0x180e, 0x180e }, { 0x200b, 0x200b }, { 0x200e, 0x200f },
		{ 0x2028, 0x202e }, { 0x2060, 0x206f }, { 0xfeff, 0xfeff },
		{ 0xfff9, 0xfffb }, { 0xe0000, 0xe007f } };

	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++)
		if (code >= ranges[i].from && code <= ranges[i].to)
			return true;
	return false;
}

void
text_add_escape(struct text *text, uint32_t code)
{
	if (code < 0x10000) {
		text_addf(text, "\\u%04x", code);
		return;
	}
	code -= 0x10000;
	text_addf(text, "\\u%04x\\u%04x", 0xd800 | code >> 10,
	    0xdc00 | (code & 0x3ff));
}

void
text_add_shown(struct text *text, const char *string)
{
	size_t left = strlen(string), step;
	uint32_t code;

	for (; left != 0; string += step, left -= step) {
		step = text_character(string, left, &code);
		if (step == 0 || text_is_hidden(code))
			text_add_escape(text, code);
		else
			text_add(text, string, step);
		step += step == 0;
	}
}

bool
text_is_string(const struct text *text)
{
	return strlen(text_string(text)) == text->length &&
	    text_is_utf8(text_string(text), text->length);
}
