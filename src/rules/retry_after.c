#include "rules/retry_after.h"

#include <string.h>
#include <strings.h>
#include <time.h>

#define FIELD "retry-after:"
#define VALUE_SIZE 64 /* the longest date has 33 bytes */

static int64_t
at_most(int64_t value, int64_t most)
{
	return value < most ? value : most;
}

/* The value of the first such field, without the blanks around it. */
static int
field_value(const char *headers, char value[VALUE_SIZE])
{
	const char *line = headers;
	size_t length;

	while (line != NULL && strncasecmp(line, FIELD, strlen(FIELD)) != 0) {
		line = strchr(line, '\n');
		line = line != NULL ? line + 1 : NULL;
	}
	if (line == NULL)
		return -1;
	line += strlen(FIELD);
	line += strspn(line, " \t");
	length = strcspn(line, "\r\n");
	while (length > 0 && strchr(" \t", line[length - 1]) != NULL)
		length--;
	if (length == 0 || length >= VALUE_SIZE)
		return -1;
	memcpy(value, line, length);
	value[length] = '\0';
	return 0;
}

/* Any number of digits: cut to the most before it can overflow. */
static int64_t
seconds_ms(const char *digits, int64_t most_ms)
{
	int64_t ms = 0;

	for (; *digits != '\0'; digits++)
		ms = at_most(ms * 10 + (*digits - '0') * 1000, most_ms);
	return ms;
}

static int64_t
date_ms(const char *date, int64_t now_ms, int64_t most_ms)
{
	static const char *const forms[] = { "%a, %d %b %Y %H:%M:%S GMT",
		"%A, %d-%b-%y %H:%M:%S GMT", "%a %b %d %H:%M:%S %Y" };
	struct tm utc;
	const char *end;
	int64_t ms;

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		utc = (struct tm){ 0 };
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		end = strptime(date, forms[i], &utc);
#pragma GCC diagnostic pop
		if (end == NULL || *end != '\0')
			continue;
		ms = (int64_t)timegm(&utc) * 1000 - now_ms;
		return ms < 0 ? 0 : at_most(ms, most_ms);
	}
	return -1;
}

int64_t
retry_after_ms(const char *headers, int64_t now_ms, int64_t most_ms)
{
	char value[VALUE_SIZE];

	if (field_value(headers, value) == -1)
		return -1;
	if (strspn(value, "0123456789") == strlen(value))
		return seconds_ms(value, most_ms);
	return date_ms(value, now_ms, most_ms);
}
