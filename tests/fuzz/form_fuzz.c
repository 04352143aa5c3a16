/* NAME, VALUE, then a query or form: what html_url_arg wrote is read back, and
 * the last of a name wins. */
#include "doors/html.h"
#include "doors/http.h"
#include "fuzz.h"

static void
last_one_wins(const char *form, const char *name, const char *value)
{
	struct text longer = { 0 }, found = { 0 };

	text_addf(&longer, "%s&", form);
	html_url_arg(&longer, name);
	text_adds(&longer, "=");
	html_url_arg(&longer, value);
	MUST(form_value(longer.bytes, name, &found) == 1);
	MUST(strcmp(text_string(&found), value) == 0);
	MUST(found.length == strlen(value));
	text_free(&longer);
	text_free(&found);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct input input = { bytes, size };
	char *name = input_line(&input), *value = input_line(&input);
	char *form = input_rest(&input);
	struct text found = { 0 };

	if (form_value(form, name, &found) == 0)
		MUST(found.length == 0);
	MUST(found.length <= strlen(form));
	last_one_wins(form, name, value);
	text_free(&found);
	free(form);
	free(value);
	free(name);
	return 0;
}
