/* What queries say. */
#include "api.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "doors/json_read.h"
#include "ground/text.h"

/* Whole numbers as the reference reads them: blanks around, a sign, zeros
 * behind a point. *number is cut to what int64_t holds. */
static bool
number_parse(const char *text, int64_t *number)
{
	char *end;
	size_t digits;

	text += strspn(text, " \t\r\n");
	digits = strspn(text, "+-") <= 1 ? strspn(text, "+-") : 0;
	if (!isdigit((unsigned char)text[digits]))
		return false;
	*number = strtoll(text, &end, 10); /* cut to its limits */
	if (*end == '.')
		end += 1 + strspn(end + 1, "0");
	end += strspn(end, " \t\r\n");
	return *end == '\0' && end[-1] != '.';
}

static void
number_out_of_range(struct problems *problems, const char *name,
    const char *given, bool low, int64_t bound)
{
	struct text message = { 0 };

	text_addf(&message, "Input should be %s than or equal to %lld",
	    low ? "greater" : "less", (long long)bound);
	problem_add(problems, low ? "greater_than_equal" : "less_than_equal",
	    json_pack("[ss]", "query", name), text_string(&message),
	    json_lossy_string(given, strlen(given)),
	    json_pack("{s:I}", low ? "ge" : "le", (json_int_t)bound));
	text_free(&message);
}

int64_t
api_read_number(struct problems *problems, const struct request *request,
    const char *name, int64_t fallback, int64_t least, int64_t most)
{
	struct text value = { 0 };
	int64_t number = fallback;

	if (form_value(request->query, name, &value) == 1) {
		const char *given = text_string(&value);

		/* NUL bytes would hide what follows them. */
		if (strlen(given) != value.length ||
		    !number_parse(given, &number))
			problem_add(problems, "int_parsing",
			    json_pack("[ss]", "query", name),
			    "Input should be a valid integer, unable to parse "
			    "string as an integer",
			    json_lossy_string(given, value.length), NULL);
		else if (number < least || number > most)
			number_out_of_range(problems, name, given,
			    number < least, number < least ? least : most);
	}
	text_free(&value);
	return number;
}

char *
api_query_string(
    struct problems *problems, const struct request *request, const char *name)
{
	struct text value = { 0 };
	char *string = NULL;

	if (form_value(request->query, name, &value) != 1)
		goto out;
	if (text_is_string(&value))
		string = text_take(&value);
	else
		problem_add(problems, "string_unicode",
		    json_pack("[ss]", "query", name),
		    "Input should be a valid string, unable to parse raw data "
		    "as a unicode string",
		    json_lossy_string(text_string(&value), value.length), NULL);
out:
	text_free(&value);
	return string;
}

bool
api_query_id(struct problems *problems, const struct request *request,
    const char *name, struct uuid *id)
{
	char *value = api_query_string(problems, request, name);
	bool given =
	    value != NULL && api_read_uuid(problems, "query", name, value, id);

	free(value);
	return given;
}

int64_t
api_query_time(
    struct problems *problems, const struct request *request, const char *name)
{
	char *value = api_query_string(problems, request, name);
	int64_t ms = 0;

	if (value != NULL)
		api_read_time(problems, "query", name, value, &ms);
	free(value);
	return ms;
}

enum webhook_state
api_query_state(struct problems *problems, const struct request *request,
    const char *name, const char *expected)
{
	char *value = api_query_string(problems, request, name);
	enum webhook_state state = WEBHOOK_ANY;

	if (value != NULL)
		api_read_state(
		    problems, "query", name, value, expected, &state);
	free(value);
	return state;
}
