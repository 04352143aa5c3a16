/* Whatever bytes come: of what is JSON the same tokens come in the same order,
 * and doing it twice changes nothing more; nothing grows beyond reason. */
#include <stdbool.h>

#include "fuzz.h"
#include "rules/json_check.h"
#include "rules/json_pretty.h"

/* Without the blanks outside of strings. */
static void
pack(struct text *out, const char *at, size_t length)
{
	const char *end = at + length;
	bool quoted = false;

	for (; at < end; at++) {
		if (*at == '"')
			quoted = !quoted;
		if (!quoted && strchr(" \t\r\n", *at) != NULL && *at != '\0')
			continue;
		text_add(out, at, 1);
		if (quoted && *at == '\\' && end - at > 1)
			text_add(out, ++at, 1);
	}
}

static bool
same(const struct text *one, const struct text *other)
{
	return one->length == other->length &&
	    memcmp(text_string(one), text_string(other), one->length) == 0;
}

static void
check(const char *bytes, size_t size, const struct text *pretty)
{
	struct text again = { 0 }, was = { 0 }, is = { 0 };

	MUST(json_check(text_string(pretty), pretty->length));
	pack(&was, bytes, size);
	pack(&is, text_string(pretty), pretty->length);
	MUST(same(&was, &is));
	MUST(
	    json_pretty(&again, text_string(pretty), pretty->length, SIZE_MAX));
	MUST(same(pretty, &again));
	text_free(&again);
	text_free(&was);
	text_free(&is);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct text pretty = { 0 }, cut = { 0 };
	char *string = memory_copy(bytes, size);
	size_t most = size == 0 ? 0 : bytes[0];

	MUST(json_pretty(&pretty, string, size, SIZE_MAX));
	MUST(pretty.length <= size * 64 + 1);
	if (json_check(string, size))
		check(string, size, &pretty);
	if (!json_pretty(&cut, string, size, most))
		MUST(cut.length > most && cut.length <= pretty.length);
	MUST(memcmp(text_string(&cut), text_string(&pretty), cut.length) == 0);
	free(string);
	text_free(&pretty);
	text_free(&cut);
	return 0;
}
