#include "doors/json_read.h"

#include <stdio.h>
#include <string.h>

#include "ground/text.h"

json_t *
json_read(const char *bytes, size_t length, json_error_t *fault)
{
	json_t *value =
	    json_loadb(bytes, length, JSON_DECODE_ANY | JSON_ALLOW_NUL, fault);
	const char *nul = value == NULL ? NULL : memchr(bytes, '\0', length);

	/* jansson passes over a NUL behind a number. */
	if (nul == NULL)
		return value;
	json_decref(value);
	fault->position = (int)(nul - bytes) + 1;
	snprintf(fault->text, sizeof(fault->text) - 1,
	    "invalid token near '\\u0000'");
	return NULL;
}

/* How many bytes from the start are well-formed UTF-8. */
static size_t
utf8_prefix(const char *bytes, size_t length)
{
	size_t good = 0, step;

	while (good < length) {
		step = 1;
		while (step <= 4 && good + step <= length &&
		    !text_is_utf8(bytes + good, step))
			step++;
		if (step > 4 || good + step > length)
			break;
		good += step;
	}
	return good;
}

json_t *
json_lossy_string(const char *bytes, size_t length)
{
	struct text string = { 0 };
	size_t good;
	json_t *value;

	while ((good = utf8_prefix(bytes, length)) < length) {
		text_add(&string, bytes, good);
		text_adds(&string, "\xef\xbf\xbd");
		bytes += good + 1;
		length -= good + 1;
	}
	text_add(&string, bytes, good);
	value = json_stringn_nocheck(text_string(&string), string.length);
	text_free(&string);
	return value;
}
