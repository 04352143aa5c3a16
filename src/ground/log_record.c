#include "ground/log_record.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "ground/text.h"

#define VALUE_BYTES 2048
#define ESCAPE_BYTES 16 /* the longest escape and its NUL */

struct record {
	char *out;
	size_t room, length;
	/* The value that is being gathered, of a pair. */
	char value[VALUE_BYTES];
	size_t value_length;
	enum { IN_PHRASE, IN_VALUE, IN_QUOTES } place;
};

/* Of tab, LF and CR too, which pages show. */
static bool
is_hidden(uint32_t code)
{
	return code < 0x20 || text_is_hidden(code);
}

/* How many bytes from `at` on are letters, digits and the like: almost all of
 * what is logged, and copied as it is. */
static size_t
plain_run(const char *at, size_t left)
{
	size_t length = 0;

	while (length < left && at[length] > ' ' && at[length] < 0x7f &&
	    at[length] != '"' && at[length] != '=' && at[length] != '\\')
		length++;
	return length;
}

static bool
needs_quotes(const char *value, size_t length)
{
	uint32_t code;
	size_t step;

	for (size_t at = plain_run(value, length); at < length; at += step) {
		step = text_character(value + at, length - at, &code);
		if (step == 0 || is_hidden(code) || code == 0xa0 ||
		    (step == 1 && strchr(" \"=\\", (int)code) != NULL))
			return true;
	}
	return length == 0;
}

/* The escape of what stands at `at`, or "" when it stays; its bytes. */
static size_t
escape(const char *at, size_t left, char escaped[ESCAPE_BYTES])
{
	static const char letters[] = "\"\"\\\\\nn\rr\tt";
	const char *letter;
	uint32_t code;
	size_t step = text_character(at, left, &code);

	escaped[0] = '\0';
	for (letter = letters; *letter != '\0'; letter += 2)
		if (code == (unsigned char)*letter) {
			snprintf(escaped, ESCAPE_BYTES, "\\%c", letter[1]);
			return step;
		}
	if (code > 0xffff && is_hidden(code))
		snprintf(escaped, ESCAPE_BYTES, "\\u%04x\\u%04x",
		    0xd7c0 + (code >> 10), 0xdc00 | (code & 0x3ff));
	else if (step == 0 || is_hidden(code))
		snprintf(escaped, ESCAPE_BYTES, "\\u%04x", code);
	return step == 0 ? 1 : step;
}

/* False, and nothing added, when it does not fit beside a closing quote. */
static bool
record_add(struct record *record, const char *bytes, size_t length)
{
	if (record->length + length + 2 > record->room)
		return false;
	memcpy(record->out + record->length, bytes, length);
	record->length += length;
	return true;
}

/* The same of a run that may be cut. */
static bool
record_part(struct record *record, const char *bytes, size_t length)
{
	size_t left = record->room - record->length - 2;
	bool fits = length <= left;

	return record_add(record, bytes, fits ? length : left) && fits;
}

static void
record_add_escaped(struct record *record, const char *bytes, size_t length)
{
	char escaped[ESCAPE_BYTES];
	size_t step;
	bool fits = true;

	for (size_t at = 0; at < length && fits; at += step) {
		step = plain_run(bytes + at, length - at);
		escaped[0] = '\0';
		if (step == 0)
			step = escape(bytes + at, length - at, escaped);
		fits = escaped[0] == '\0'
		    ? record_part(record, bytes + at, step)
		    : record_add(record, escaped, strlen(escaped));
	}
}

static void
value_end(struct record *record)
{
	if (record->place == IN_PHRASE)
		return;
	if (record->place == IN_VALUE &&
	    !needs_quotes(record->value, record->value_length)) {
		record_add_escaped(record, record->value, record->value_length);
	} else if (record_add(record, "\"", 1)) {
		record_add_escaped(record, record->value, record->value_length);
		record->out[record->length++] = '"'; /* room was left */
	}
	record->value_length = 0;
	record->place = IN_PHRASE;
}

static void
value_add(struct record *record, const char *bytes, size_t length)
{
	size_t left = sizeof(record->value) - record->value_length;

	if (length > left)
		length = left;
	/* The place may be cut within a character, which is escaped then. */
	memcpy(record->value + record->value_length, bytes, length);
	record->value_length += length;
}

/* What a conversion gave: data, wherever it stands. */
static void
record_data(struct record *record, const char *bytes, size_t length)
{
	if (record->place == IN_PHRASE)
		record_add_escaped(record, bytes, length);
	else
		value_add(record, bytes, length);
}

/* What of the format stands before the next '%'. */
static const char *
record_literal(struct record *record, const char *at)
{
	size_t length;

	switch (record->place) {
	case IN_QUOTES:
		length = strcspn(at, "%\"");
		value_add(record, at, length);
		if (at[length] == '"') {
			value_end(record);
			length++;
		}
		return at + length;
	case IN_VALUE:
		length = strcspn(at, "% ");
		value_add(record, at, length);
		if (at[length] == ' ')
			value_end(record);
		return at + length;
	default:
		length = strcspn(at, "%=");
		record_part(record, at, length);
		if (at[length] != '=')
			return at + length;
		record_add(record, "=", 1);
		record->place = at[length + 1] == '"' ? IN_QUOTES : IN_VALUE;
		return at + length + 1 + (record->place == IN_QUOTES);
	}
}

struct conversion {
	int precision; /* -1: none */
	int longs;     /* of l; 2 for j too, and -1 for z and t */
	char letter;
};

/* What follows a '%'; the next character, after it. */
static const char *
conversion_read(const char *at, struct conversion *conversion, va_list *args)
{
	*conversion = (struct conversion){ .precision = -1 };
	if (at[0] == '.' && at[1] == '*') {
		conversion->precision = va_arg(*args, int);
		at += 2;
	} else if (at[0] == '.') {
		conversion->precision = 0;
		while (isdigit((unsigned char)*++at))
			conversion->precision =
			    conversion->precision * 10 + (*at - '0');
	}
	for (; *at != '\0' && strchr("hlzjt", *at) != NULL; at++) {
		if (*at == 'l')
			conversion->longs++;
		else if (*at == 'j')
			conversion->longs = 2;
		else if (*at != 'h')
			conversion->longs = -1;
	}
	conversion->letter = *at;
	return *at == '\0' ? at : at + 1;
}

static intmax_t
take_signed(const struct conversion *conversion, va_list *args)
{
	switch (conversion->longs) {
	case -1: return va_arg(*args, ptrdiff_t);
	case 0: return va_arg(*args, int);
	case 1: return va_arg(*args, long);
	default: return va_arg(*args, long long);
	}
}

static uintmax_t
take_unsigned(const struct conversion *conversion, va_list *args)
{
	switch (conversion->longs) {
	case -1: return va_arg(*args, size_t);
	case 0: return va_arg(*args, unsigned);
	case 1: return va_arg(*args, unsigned long);
	default: return va_arg(*args, unsigned long long);
	}
}

static void
record_string(struct record *record, const char *string, int precision)
{
	if (string == NULL)
		string = "(null)";
	record_data(record, string,
	    precision < 0 ? strlen(string)
			  : strnlen(string, (size_t)precision));
}

static void
record_conversion(
    struct record *record, const struct conversion *conversion, va_list *args)
{
	char said[400];
	int precision = conversion->precision;

	switch (conversion->letter) {
	case 's':
		record_string(record, va_arg(*args, const char *), precision);
		return;
	case 'c': snprintf(said, sizeof(said), "%c", va_arg(*args, int)); break;
	case 'd':
	case 'i':
		snprintf(
		    said, sizeof(said), "%jd", take_signed(conversion, args));
		break;
	case 'u':
		snprintf(
		    said, sizeof(said), "%ju", take_unsigned(conversion, args));
		break;
	case 'x':
		snprintf(
		    said, sizeof(said), "%jx", take_unsigned(conversion, args));
		break;
	case 'f':
		snprintf(said, sizeof(said), "%.*f",
		    precision < 0 ? 6 : precision, va_arg(*args, double));
		break;
	case 'm': snprintf(said, sizeof(said), "%m"); break;
	case '%': strcpy(said, "%"); break;
	default: strcpy(said, "?"); break; /* log.h does not have it */
	}
	record_string(record, said, -1);
}

size_t
log_record(char *out, size_t room, const char *format, va_list args)
{
	struct record record = { .out = out, .room = room };
	struct conversion conversion;
	va_list rest;

	va_copy(rest, args);
	while (*format != '\0') {
		if (*format != '%') {
			format = record_literal(&record, format);
			continue;
		}
		format = conversion_read(format + 1, &conversion, &rest);
		record_conversion(&record, &conversion, &rest);
	}
	va_end(rest);
	value_end(&record);
	out[record.length] = '\0';
	return record.length;
}
