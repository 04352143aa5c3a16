/* An answer's header lines: the delay is -1 or within its bounds, and the same
 * for more lines behind. */
#include "fuzz.h"
#include "rules/retry_after.h"

#define NOW_MS INT64_C(1800000000000)
#define MOST_MS INT64_C(3600000)

static void
seconds_check(const char *value)
{
	struct text field = { 0 };
	size_t length = strlen(value);
	int64_t ms;

	if (length == 0 || length > 12 || strspn(value, "0123456789") != length)
		return;
	ms = strtoll(value, NULL, 10) * 1000;
	text_addf(&field, "HTTP/1.1 503\r\nretry-AFTER: \t%s \r\n", value);
	MUST(retry_after_ms(field.bytes, NOW_MS, MOST_MS) ==
	    (ms < MOST_MS ? ms : MOST_MS));
	text_free(&field);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct text headers = { 0 };
	char *value = memory_copy(bytes, size);
	int64_t ms;

	text_adds(&headers, value);
	ms = retry_after_ms(text_string(&headers), NOW_MS, MOST_MS);
	MUST(ms >= -1 && ms <= MOST_MS);
	text_adds(&headers, "\r\nRetry-After: 7\r\n");
	if (ms != -1)
		MUST(retry_after_ms(headers.bytes, NOW_MS, MOST_MS) == ms);
	seconds_check(value);
	text_free(&headers);
	free(value);
	return 0;
}
