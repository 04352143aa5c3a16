/* Whatever bytes come, the output holds no unescaped metacharacter, and what
 * was text still is that text. */
#include "doors/html.h"
#include "fuzz.h"

static const struct {
	const char *name;
	char byte;
} entities[] = {
	{ "&amp;", '&' },
	{ "&lt;", '<' },
	{ "&gt;", '>' },
	{ "&quot;", '"' },
	{ "&#39;", '\'' },
};
#define ENTITIES (sizeof(entities) / sizeof(entities[0]))

/* Adds the byte of the entity at `at`; how long it is. */
static size_t
entity_decode(const char *at, struct text *plain)
{
	size_t length;

	for (size_t i = 0; i < ENTITIES; i++) {
		length = strlen(entities[i].name);
		if (strncmp(at, entities[i].name, length) == 0) {
			text_add(plain, &entities[i].byte, 1);
			return length;
		}
	}
	MUST(!"an ampersand that begins no entity of ours");
	return 0;
}

static void
html_decode(const struct text *html, struct text *plain)
{
	const char *at = text_string(html), *end = at + html->length;

	while (at < end) {
		MUST(strchr("<>\"'", *at) == NULL);
		MUST(
		    (unsigned char)*at >= ' ' || strchr("\t\n\r", *at) != NULL);
		MUST(*at != 0x7f);
		if (*at == '&')
			at += entity_decode(at, plain);
		else
			text_add(plain, at++, 1);
	}
}

static bool
has_hidden(const char *bytes, size_t size)
{
	uint32_t code;
	size_t step;

	for (; size != 0; bytes += step, size -= step) {
		step = text_character(bytes, size, &code);
		if (step == 0 || text_is_hidden(code))
			return true;
	}
	return false;
}

static void
argument_check(const char *string)
{
	struct text url = { 0 };

	html_url_arg(&url, string);
	for (const char *at = text_string(&url); *at != '\0'; at++)
		MUST(strchr("%-._~", *at) != NULL ||
		    (*at >= '0' && *at <= '9') || (*at >= 'A' && *at <= 'Z') ||
		    (*at >= 'a' && *at <= 'z'));
	text_free(&url);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct text html = { 0 }, plain = { 0 };
	char *string = memory_copy(bytes, size);

	html_bytes(&html, bytes, size);
	MUST(text_is_utf8(text_string(&html), html.length));
	html_decode(&html, &plain);
	MUST(!has_hidden(text_string(&html), html.length));
	if (!has_hidden(string, size)) {
		MUST(plain.length == size);
		MUST(memcmp(text_string(&plain), string, size) == 0);
	}
	argument_check(string);
	free(string);
	text_free(&plain);
	text_free(&html);
	return 0;
}
