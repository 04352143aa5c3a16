#include "doors/json_read.h"

#include "doors/json_reader.h"

const char *
json_utf8_fault(const char *bytes, size_t length)
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

json_t *
json_lossy_string(const char *bytes, size_t length)
{
	const char *end = bytes + length, *fault;
	struct text string = { 0 };
	json_t *value;

	for (;;) {
		fault = json_utf8_fault(bytes, (size_t)(end - bytes));
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
