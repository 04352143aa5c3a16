/* Two parsers on the same bytes: what jansson reads is JSON to json_check, and
 * what json_check admits is refused by jansson only for what it cannot hold.
 * Any bytes make a string that is JSON. */
#include "doors/json_read.h"
#include "fuzz.h"
#include "rules/json_check.h"

/* Grammatical, but more than jansson can hold. */
static bool
is_beyond_jansson(const json_error_t *fault)
{
	switch (json_error_code(fault)) {
	case json_error_stack_overflow:
	case json_error_numeric_overflow:
	case json_error_null_byte_in_key: return true;
	default: return strncmp(fault->text, "invalid Unicode", 15) == 0;
	}
}

static void
dump_is_json(const json_t *value)
{
	char *dump = json_dumps(value, JSON_ENCODE_ANY);

	MUST(dump != NULL && json_check(dump, strlen(dump)));
	free(dump);
}

static void
lossy_is_text(const char *bytes, size_t size)
{
	json_t *value = json_lossy_string(bytes, size);
	size_t length = json_string_length(value);

	MUST(text_is_utf8(json_string_value(value), length));
	MUST(length >= size && length <= 3 * size);
	if (text_is_utf8(bytes, size))
		MUST(memcmp(json_string_value(value), bytes, size) == 0);
	dump_is_json(value);
	json_decref(value);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	json_error_t fault;
	json_t *value = json_read((const char *)bytes, size, &fault);
	bool is_json = json_check(bytes, size);

	if (value != NULL) {
		MUST(is_json);
		dump_is_json(value);
		json_decref(value);
	} else if (is_json) {
		MUST(is_beyond_jansson(&fault));
	}
	lossy_is_text((const char *)bytes, size);
	return 0;
}
