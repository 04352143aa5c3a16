#include "doors/json_read.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "doors/json_reader.h"
#include "ground/text.h"

static json_t *read_value(struct json_reader *reader);

void
json_reader_fail(struct json_reader *reader, const char *at, const char *reason)
{
	reader->fault = at;
	reader->reason = reason;
}

static json_t *
fail(struct json_reader *reader, const char *at, const char *reason)
{
	json_reader_fail(reader, at, reason);
	return NULL;
}

bool
json_reader_skip(struct json_reader *reader, char byte)
{
	if (reader->at == reader->end || *reader->at != byte)
		return false;
	reader->at++;
	return true;
}

static void
skip_blanks(struct json_reader *reader)
{
	while (reader->at < reader->end && *reader->at != '\0' &&
	    strchr(" \t\r\n", *reader->at) != NULL)
		reader->at++;
}

static size_t
skip_digits(struct json_reader *reader)
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
read_number(struct json_reader *reader)
{
	const char *start = reader->at, *good;
	bool whole = true;

	json_reader_skip(reader, '-');
	if (!json_reader_skip(reader, '0') && skip_digits(reader) == 0)
		return fail(reader, start, "Expecting value");
	good = reader->at;
	if (json_reader_skip(reader, '.') && skip_digits(reader) != 0) {
		good = reader->at;
		whole = false;
	}
	reader->at = good;
	if (json_reader_skip(reader, 'e') || json_reader_skip(reader, 'E')) {
		if (!json_reader_skip(reader, '+'))
			json_reader_skip(reader, '-');
		if (skip_digits(reader) != 0) {
			good = reader->at;
			whole = false;
		}
	}
	reader->at = good;
	return number_value(start, (size_t)(good - start), whole);
}

static json_t *
read_string(struct json_reader *reader)
{
	struct text string = { 0 };
	json_t *value = NULL;

	if (json_reader_string(reader, &string) == 0)
		value =
		    json_stringn_nocheck(text_string(&string), string.length);
	text_free(&string);
	return value;
}

static json_t *
read_array(struct json_reader *reader)
{
	json_t *array = json_array(), *value;

	reader->at++;
	skip_blanks(reader);
	if (json_reader_skip(reader, ']'))
		return array;
	for (;;) {
		value = read_value(reader);
		if (value == NULL)
			break;
		json_array_append_new(array, value);
		skip_blanks(reader);
		if (json_reader_skip(reader, ']'))
			return array;
		if (!json_reader_skip(reader, ',')) {
			json_reader_fail(
			    reader, reader->at, "Expecting ',' delimiter");
			break;
		}
		skip_blanks(reader);
	}
	json_decref(array);
	return NULL;
}

static int
read_member(struct json_reader *reader, json_t *object)
{
	struct text key = { 0 };
	json_t *value;
	int rc = -1;

	if (reader->at == reader->end || *reader->at != '"') {
		json_reader_fail(reader, reader->at,
		    "Expecting property name enclosed in double quotes");
		return -1;
	}
	if (json_reader_string(reader, &key) == -1)
		goto out;
	skip_blanks(reader);
	if (!json_reader_skip(reader, ':')) {
		json_reader_fail(reader, reader->at, "Expecting ':' delimiter");
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
read_object(struct json_reader *reader)
{
	json_t *object = json_object();

	reader->at++;
	skip_blanks(reader);
	if (json_reader_skip(reader, '}'))
		return object;
	while (read_member(reader, object) == 0) {
		skip_blanks(reader);
		if (json_reader_skip(reader, '}'))
			return object;
		if (!json_reader_skip(reader, ',')) {
			json_reader_fail(
			    reader, reader->at, "Expecting ',' delimiter");
			break;
		}
		skip_blanks(reader);
	}
	json_decref(object);
	return NULL;
}

static bool
skip_word(struct json_reader *reader, const char *word)
{
	size_t length = strlen(word);

	if ((size_t)(reader->end - reader->at) < length ||
	    memcmp(reader->at, word, length) != 0)
		return false;
	reader->at += length;
	return true;
}

static json_t *
read_nested(struct json_reader *reader)
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
read_value(struct json_reader *reader)
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
	struct json_reader reader = { .at = bytes, .end = bytes + length };
	json_t *value = NULL;

	if (!text_is_utf8(bytes, length)) {
		json_reader_fail(
		    &reader, json_utf8_fault(bytes, length), "Invalid UTF-8");
	} else {
		skip_blanks(&reader);
		value = read_value(&reader);
		skip_blanks(&reader);
		if (value != NULL && reader.at != reader.end)
			json_reader_fail(&reader, reader.at, "Extra data");
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
