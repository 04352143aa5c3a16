#include "api.h"

#include <string.h>
#include <strings.h>

#include "doors/json_read.h"
#include "ground/clock.h"
#include "ground/config.h"
#include "ground/text.h"

bool
api_read_uuid(struct problems *problems, const char *place, const char *name,
    const char *given, struct uuid *id)
{
	char reason[UUID_REASON_SIZE];
	struct text message = { 0 };

	if (uuid_parse(given, id, reason) == 0)
		return true;
	text_addf(&message, "Input should be a valid UUID, %s", reason);
	problem_add(problems, "uuid_parsing", json_pack("[ss]", place, name),
	    text_string(&message), json_lossy_string(given, strlen(given)),
	    json_pack("{s:s}", "error", reason));
	text_free(&message);
	return false;
}

void
api_read_id(struct problems *problems, const char *name, const char *argument,
    struct uuid *id)
{
	api_read_uuid(problems, "path", name, argument, id);
}

bool
api_read_time(struct problems *problems, const char *place, const char *name,
    const char *given, int64_t *ms)
{
	if (clock_parse(given, ms) == 0)
		return true;
	problem_add(problems, "datetime_parsing",
	    json_pack("[ss]", place, name),
	    "Input should be a valid datetime, as 2026-01-31T23:59:59Z",
	    json_lossy_string(given, strlen(given)), NULL);
	return false;
}

bool
api_read_state(struct problems *problems, const char *place, const char *name,
    const char *given, const char *expected, enum webhook_state *state)
{
	struct text message = { 0 };

	if (webhook_state_parse(given, state) && *state != WEBHOOK_ANY &&
	    strstr(expected, webhook_state_name(*state)) != NULL)
		return true;
	text_addf(&message, "Input should be %s", expected);
	problem_add(problems, "literal_error", json_pack("[ss]", place, name),
	    text_string(&message), json_lossy_string(given, strlen(given)),
	    json_pack("{s:s}", "expected", expected));
	text_free(&message);
	return false;
}

bool
api_path_id(struct response *response, const char *name, const char *argument,
    struct uuid *id)
{
	struct problems problems = { 0 };

	api_read_id(&problems, name, argument, id);
	return !api_refused(&problems, response);
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

json_t *
api_read_options(struct problems *problems, const struct request *request)
{
	json_t *body = api_read_body(problems, request);

	if (body != NULL && !json_is_object(body) && !json_is_null(body))
		problem_add(problems, "model_attributes_type",
		    json_pack("[s]", "body"),
		    "Input should be a valid dictionary or object to extract "
		    "fields from",
		    json_incref(body), NULL);
	return body;
}

const char *
api_read_string(
    struct problems *problems, json_t *given, size_t most, json_t *loc)
{
	const char *text = json_string_value(given);
	struct text message = { 0 };

	if (text == NULL) {
		problem_add(problems, "string_type", loc,
		    "Input should be a valid string", json_incref(given), NULL);
		return NULL;
	}
	if (strlen(text) != json_string_length(given)) {
		problem_add(problems, "string_unicode", loc,
		    "Input should be a valid string, unable to parse raw data "
		    "as a unicode string",
		    json_incref(given), NULL);
		return NULL;
	}
	if (json_string_length(given) > most) {
		text_addf(&message,
		    "String should have at most %zu bytes of UTF-8", most);
		problem_add(problems, "string_too_long", loc,
		    text_string(&message), json_incref(given),
		    json_pack("{s:I}", "max_length", (json_int_t)most));
		text_free(&message);
		return NULL;
	}
	json_decref(loc);
	return text;
}
