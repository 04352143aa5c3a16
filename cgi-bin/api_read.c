#include "api.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "doors/json_read.h"
#include "ground/config.h"
#include "ground/text.h"

void
api_read_id(struct problems *problems, const char *name, const char *argument,
    struct uuid *id)
{
	char reason[UUID_REASON_SIZE];
	struct text message = { 0 };

	if (uuid_parse(argument, id, reason) == 0)
		return;
	text_addf(&message, "Input should be a valid UUID, %s", reason);
	problem_add(problems, "uuid_parsing", json_pack("[ss]", "path", name),
	    text_string(&message),
	    json_lossy_string(argument, strlen(argument)),
	    json_pack("{s:s}", "error", reason));
	text_free(&message);
}

bool
api_path_id(struct response *response, const char *name, const char *argument,
    struct uuid *id)
{
	struct problems problems = { 0 };

	api_read_id(&problems, name, argument, id);
	return !api_refused(&problems, response);
}

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
    const char *given, int64_t number, int64_t most)
{
	bool low = number < 0;
	struct text message = { 0 };

	text_addf(&message, "Input should be %s than or equal to %lld",
	    low ? "greater" : "less", low ? 0LL : (long long)most);
	problem_add(problems, low ? "greater_than_equal" : "less_than_equal",
	    json_pack("[ss]", "query", name), text_string(&message),
	    json_lossy_string(given, strlen(given)),
	    json_pack("{s:I}", low ? "ge" : "le",
		low ? (json_int_t)0 : (json_int_t)most));
	text_free(&message);
}

int64_t
api_read_number(struct problems *problems, const struct request *request,
    const char *name, int64_t fallback, int64_t most)
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
		else if (number < 0 || number > most)
			number_out_of_range(
			    problems, name, given, number, most);
	}
	text_free(&value);
	return number;
}

/* A JSON body has a JSON content type, or none. */
static bool
content_is_json(const struct request *request)
{
	const char *type = request_variable(request, "CONTENT_TYPE");
	size_t length;

	if (type == NULL || type[0] == '\0')
		return true;
	type += strspn(type, " \t");
	length = strcspn(type, "; \t");
	if (length < strlen("application/json") ||
	    strncasecmp(type, "application/", 12) != 0)
		return false;
	return (length == 16 && strncasecmp(type + 12, "json", 4) == 0) ||
	    strncasecmp(type + length - 5, "+json", 5) == 0;
}

json_t *
api_read_body(struct problems *problems, const struct request *request)
{
	const struct text *body = &request->body;
	json_error_t fault;
	json_t *value;

	if (request->body_state == BODY_NONE || body->length == 0)
		return json_null();
	if (!content_is_json(request))
		return json_lossy_string(body->bytes, body->length);
	value = json_read(body->bytes, body->length, &fault);
	if (value == NULL)
		problem_add(problems, "json_invalid",
		    json_pack("[si]", "body", fault.position),
		    "JSON decode error", json_object(),
		    json_pack("{s:o}", "error",
			json_lossy_string(fault.text, strlen(fault.text))));
	return value;
}

bool
api_body_is_whole(const struct request *request, struct response *response)
{
	struct text detail = { 0 };

	switch (request->body_state) {
	case BODY_NONE:
	case BODY_WHOLE: return true;
	case BODY_TOO_LARGE:
		text_addf(&detail,
		    "Request body over MAX_PAYLOAD_BYTES (%lld bytes)",
		    (long long)config.max_payload_bytes);
		problem_answer(request, response, 413, text_string(&detail));
		text_free(&detail);
		return false;
	case BODY_NO_LENGTH:
		problem_answer(request, response, 411,
		    "Content-Length is required, chunked bodies are not taken");
		return false;
	case BODY_CUT: break;
	}
	problem_answer(request, response, 400,
	    "Request body is shorter than its Content-Length");
	return false;
}
