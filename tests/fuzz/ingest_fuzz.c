/* What an ingest request says of itself: a path, the fields of `names`, a line
 * each, then the body. It is to be stored with values that a second reading
 * admits, or refused with a fault for each that it does not. */
#include "../../cgi-bin/ingest_check.c"

#include "fuzz.h"
#include "variables.h"

static const char *const names[] = { "HTTP_IDEMPOTENCY_KEY",
	"HTTP_X_EVENT_TYPE", "HTTP_X_SIGNATURE", "CONTENT_TYPE",
	REQUEST_HOPS_VARIABLE };
static const size_t most[] = { 255, 255, 1024, 255, 4 };
#define HOPS 4 /* its place there; it is kept as a number */
#define FIELDS (sizeof(names) / sizeof(names[0]))

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	static char none[] = "";

	(void)argc;
	(void)argv;
	config.auth = AUTH_TOKEN;
	config.cors_origins = none;
	return 0;
}

static bool
admits(size_t field, const char *value)
{
	json_t *text = json_string(value); /* NULL unless it is UTF-8 */
	bool is_ascii = true, is_clean = text != NULL;

	json_decref(text);
	for (const char *at = value; *at != '\0'; at++) {
		is_ascii &= (*at & 0x80) == 0;
		is_clean &= *at != 0x7f && (*at & 0xe0) != 0;
	}
	if (strlen(value) > most[field] || (field == 0 && value[0] == '\0'))
		return false;
	if (field == HOPS)
		return value[0] != '\0' &&
		    value[strspn(value, "0123456789")] == '\0';
	return is_clean && (is_ascii || field == 1 || field == 2);
}

static bool
stored_as(const char *stored, const char *value)
{
	return value[0] == '\0' ? stored == NULL : strcmp(stored, value) == 0;
}

static void
store_check(const struct request *request, const struct incoming *incoming)
{
	const char *const stored[] = { incoming->key, incoming->event_type,
		incoming->signature, incoming->content_type, NULL };
	char id[UUID_TEXT_SIZE], path[64];
	struct uuid again;

	for (size_t i = 0; i < FIELDS; i++)
		MUST((i == HOPS ||
			 stored_as(
			     stored[i], request_variable(request, names[i]))) &&
		    admits(i, request_variable(request, names[i])));
	MUST(incoming->hops >= 0 && incoming->hops <= REQUEST_HOPS_MAX);
	MUST(strncmp(request->path, PREFIX, strlen(PREFIX)) == 0);
	snprintf(path, sizeof(path), PREFIX "%s",
	    uuid_text(&incoming->subscription_id, id));
	MUST(uuid_parse(path + strlen(PREFIX), &again, NULL) == 0);
	MUST(uuid_compare(&again, &incoming->subscription_id) == 0);
	MUST(incoming->payload == request->body.bytes);
	MUST(incoming->payload_length == request->body.length);
}

static void
faults_check(const struct request *request, const json_t *detail)
{
	struct uuid id;
	size_t faults =
	    uuid_parse(path_argument(request->path), &id, NULL) != 0;

	for (size_t i = 0; i < FIELDS; i++)
		faults += !admits(i, request_variable(request, names[i]));
	MUST(json_array_size(detail) == faults && faults > 0);
}

static void
answer_check(const struct request *request, const struct response *response)
{
	json_t *root = json_loadb(
	    text_string(&response->body), response->body.length, 0, NULL);
	const json_t *detail = json_object_get(root, "detail");

	if (response->status == 422)
		faults_check(request, detail);
	else
		MUST((response->status == 404 || response->status == 508) &&
		    json_is_string(detail));
	json_decref(root);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	const struct token_claim claim = { .state = TOKEN_KNOWN,
		.grant.scopes = TOKEN_INGEST };
	struct input input = { bytes, size };
	char *variables[FIELDS + 1];
	struct request request = { .method = "POST",
		.path = input_line(&input),
		.body_state = BODY_WHOLE };
	struct response response = { 0 };
	struct incoming incoming;

	variables_read(&input, names, FIELDS, variables);
	text_add(&request.body, input.at, input.left);
	request.source = link_of(variables);
	switch (ingest_check(&request, &response, &claim, &incoming)) {
	case INGEST_STORE: store_check(&request, &incoming); break;
	case INGEST_ANSWERED: answer_check(&request, &response); break;
	case INGEST_NO_JSON:
		MUST(!json_check(request.body.bytes, request.body.length));
	}
	http_link_free(request.source);
	variables_free(variables, FIELDS);
	http_request_release(&request);
	text_free(&response.headers);
	text_free(&response.body);
	return 0;
}
