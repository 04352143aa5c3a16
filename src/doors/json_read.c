#include "doors/json_read.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "ground/text.h"

struct reader {
	const char *at, *end;
	const char *reason; /* NULL while all is well */
	const char *fault; /* where it is not */
	int depth;
};

static json_t *read_value(struct reader *reader);

static json_t *
fail(struct reader *reader, const char *at, const char *reason)
{
	reader->fault = at;
	reader->reason = reason;
	return NULL;
}

static void
skip_blanks(struct reader *reader)
{
	while (reader->at < reader->end && *reader->at != '\0' &&
	    strchr(" \t\r\n", *reader->at) != NULL)
		reader->at++;
}

static bool
skip_byte(struct reader *reader, char byte)
{
	if (reader->at == reader->end || *reader->at != byte)
		return false;
	reader->at++;
	return true;
}

static size_t
skip_digits(struct reader *reader)
{
	const char *start = reader->at;

	while (reader->at < reader->end && *reader->at >= '0' &&
	    *reader->at <= '9')
		reader->at++;
	return (size_t)(reader->at - start);
}

static json_t *
number_value(const char *digits, size_t length, bool whole)
{
	char *copy = memory_copy(digits, length);
	json_t *value = NULL;
	double real;
	long long integer;

	errno = 0;
	if (whole) {
		integer = strtoll(copy, NULL, 10);
		if (errno == 0)
			value = json_integer(integer);
	} else {
		real = strtod(copy, NULL);
		if (isfinite(real))
			value = json_real(real);
	}
	if (value == NULL)
		value = json_string(copy);
	free(copy);
	return value;
}

/* As far as it is a number: what follows is the caller's to judge. */
static json_t *
read_number(struct reader *reader)
{
	const char *start = reader->at, *good;
	bool whole = true;

	skip_byte(reader, '-');
	if (!skip_byte(reader, '0') && skip_digits(reader) == 0)
		return fail(reader, start, "Expecting value");
	good = reader->at;
	if (skip_byte(reader, '.') && skip_digits(reader) != 0) {
		good = reader->at;
		whole = false;
	}
	reader->at = good;
	if (skip_byte(reader, 'e') || skip_byte(reader, 'E')) {
		if (!skip_byte(reader, '+'))
			skip_byte(reader, '-');
		if (skip_digits(reader) != 0) {
			good = reader->at;
			whole = false;
		}
	}
	reader->at = good;
	return number_value(start, (size_t)(good - start), whole);
}

/* The four digits of \uXXXX, -1 when they are none. */
static int
read_hex(struct reader *reader)
{
	static const char digits[] = "0123456789abcdef";
	const char *digit;
	int value = 0;

	if (reader->end - reader->at < 4)
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
read_unicode(struct reader *reader, struct text *string)
{
	const char *start = reader->at;
	int high = read_hex(reader), low = -1;

	if (high == -1) {
		fail(reader, start - 1, "Invalid \\uXXXX escape");
		return -1;
	}
	if (high < 0xd800 || high > 0xdfff) {
		add_character(string, (unsigned)high);
		return 0;
	}
	start = reader->at;
	if (high < 0xdc00 && skip_byte(reader, '\\') && skip_byte(reader, 'u'))
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
read_escape(struct reader *reader, struct text *string)
{
	static const char names[] = "\"\\/bfnrt";
	static const char meant[] = "\"\\/\b\f\n\r\t";
	const char *name;

	if (skip_byte(reader, 'u'))
		return read_unicode(reader, string);
	name = *reader->at == '\0' ? NULL : strchr(names, *reader->at);
	if (name == NULL) {
		fail(reader, reader->at - 1, "Invalid \\escape");
		return -1;
	}
	text_add(string, &meant[name - names], 1);
	reader->at++;
	return 0;
}

/* From the opening quote on. 0, or -1. */
static int
read_characters(struct reader *reader, struct text *string)
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
		if (skip_byte(reader, '"'))
			return 0;
		if (!skip_byte(reader, '\\')) {
			fail(
			    reader, reader->at, "Invalid control character at");
			return -1;
		}
		if (reader->at == reader->end)
			break;
		if (read_escape(reader, string) == -1)
			return -1;
	}
	fail(reader, quote, "Unterminated string starting at");
	return -1;
}

static json_t *
read_string(struct reader *reader)
{
	struct text string = { 0 };
	json_t *value = NULL;

	if (read_characters(reader, &string) == 0)
		value =
		    json_stringn_nocheck(text_string(&string), string.length);
	text_free(&string);
	return value;
}

static json_t *
read_array(struct reader *reader)
{
	json_t *array = json_array(), *value;

	reader->at++;
	skip_blanks(reader);
	if (skip_byte(reader, ']'))
		return array;
	for (;;) {
		value = read_value(reader);
		if (value == NULL)
			break;
		json_array_append_new(array, value);
		skip_blanks(reader);
		if (skip_byte(reader, ']'))
			return array;
		if (!skip_byte(reader, ',')) {
			fail(reader, reader->at, "Expecting ',' delimiter");
			break;
		}
		skip_blanks(reader);
	}
	json_decref(array);
	return NULL;
}

static int
read_member(struct reader *reader, json_t *object)
{
	struct text key = { 0 };
	json_t *value;
	int rc = -1;

	if (reader->at == reader->end || *reader->at != '"') {
		fail(reader, reader->at,
		    "Expecting property name enclosed in double quotes");
		return -1;
	}
	if (read_characters(reader, &key) == -1)
		goto out;
	skip_blanks(reader);
	if (!skip_byte(reader, ':')) {
		fail(reader, reader->at, "Expecting ':' delimiter");
		goto out;
	}
	skip_blanks(reader);
	value = read_value(reader);
	if (value == NULL)
		goto out;
	json_object_setn_new_nocheck(
	    object, text_string(&key), key.length, value);
	rc = 0;
out:
	text_free(&key);
	return rc;
}

static json_t *
read_object(struct reader *reader)
{
	json_t *object = json_object();

	reader->at++;
	skip_blanks(reader);
	if (skip_byte(reader, '}'))
		return object;
	while (read_member(reader, object) == 0) {
		skip_blanks(reader);
		if (skip_byte(reader, '}'))
			return object;
		if (!skip_byte(reader, ',')) {
			fail(reader, reader->at, "Expecting ',' delimiter");
			break;
		}
		skip_blanks(reader);
	}
	json_decref(object);
	return NULL;
}

static bool
skip_word(struct reader *reader, const char *word)
{
	size_t length = strlen(word);

	if ((size_t)(reader->end - reader->at) < length ||
	    memcmp(reader->at, word, length) != 0)
		return false;
	reader->at += length;
	return true;
}

static json_t *
read_nested(struct reader *reader)
{
	json_t *value;

	if (reader->depth == JSON_READ_DEPTH)
		return fail(reader, reader->at, "Nested too deeply");
	reader->depth++;
	value = *reader->at == '{' ? read_object(reader) : read_array(reader);
	reader->depth--;
	return value;
}

static json_t *
read_value(struct reader *reader)
{
	if (reader->at == reader->end)
		return fail(reader, reader->at, "Expecting value");
	if (*reader->at == '{' || *reader->at == '[')
		return read_nested(reader);
	if (*reader->at == '"')
		return read_string(reader);
	if (skip_word(reader, "null"))
		return json_null();
	if (skip_word(reader, "true"))
		return json_true();
	if (skip_word(reader, "false"))
		return json_false();
	return read_number(reader);
}

/* Where the first byte is that begins no well-formed sequence. */
static const char *
utf8_fault(const char *bytes, size_t length)
{
	size_t good = 0;

	while (good < length) {
		size_t step = 1;

		while (step <= 4 && good + step <= length &&
		    !text_is_utf8(bytes + good, step))
			step++;
		if (step > 4 || good + step > length)
			break;
		good += step;
	}
	return bytes + good;
}

static size_t
characters(const char *from, const char *to)
{
	size_t count = 0;

	for (; from < to; from++)
		count += ((unsigned char)*from & 0xc0) != 0x80;
	return count;
}

json_t *
json_read(const char *bytes, size_t length, const char **reason, size_t *offset)
{
	struct reader reader = { .at = bytes, .end = bytes + length };
	json_t *value = NULL;

	if (!text_is_utf8(bytes, length)) {
		fail(&reader, utf8_fault(bytes, length), "Invalid UTF-8");
	} else {
		skip_blanks(&reader);
		value = read_value(&reader);
		skip_blanks(&reader);
		if (value != NULL && reader.at != reader.end)
			fail(&reader, reader.at, "Extra data");
	}
	*reason = reader.reason;
	*offset = 0;
	if (reader.reason != NULL) {
		*offset = characters(bytes, reader.fault);
		json_decref(value);
		value = NULL;
	}
	return value;
}

json_t *
json_lossy_string(const char *bytes, size_t length)
{
	const char *end = bytes + length, *fault;
	struct text string = { 0 };
	json_t *value;

	for (;;) {
		fault = utf8_fault(bytes, (size_t)(end - bytes));
		text_add(&string, bytes, (size_t)(fault - bytes));
		if (fault == end)
			break;
		text_adds(&string, "\xef\xbf\xbd");
		bytes = fault + 1;
	}
	value = json_stringn_nocheck(text_string(&string), string.length);
	text_free(&string);
	return value;
}
