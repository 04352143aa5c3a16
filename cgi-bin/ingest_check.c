#include <string.h>
#include <strings.h>

#include "doors/bearer.h"
#include "doors/body.h"
#include "doors/cors.h"
#include "doors/guard.h"
#include "doors/problem.h"
#include "ground/config.h"
#include "ground/text.h"
#include "ingest.h"
#include "rules/fingerprint.h"
#include "rules/json_check.h"
#include "rules/request_fields.h"
#include "signed_read.h"

#define PREFIX "/ingest/"
#define SIGNATURE_BYTES 1024
#define CONTENT_TYPE_BYTES 255
#define KEY_BYTES 255

/* The last segment of the path, NULL for a path that is not ours. */
static const char *
path_argument(const char *path)
{
	const char *argument = path + strlen(PREFIX);

	if (strncmp(path, PREFIX, strlen(PREFIX)) != 0)
		return NULL;
	if (*argument == '\0' || strchr(argument, '/') != NULL)
		return NULL;
	return argument;
}

/* These say true, or have answered. */
static bool
guard_fits(const struct request *request, struct response *response)
{
	const char *why;

	if (guard_admits(request, &why))
		return true;
	problem_answer(request, response, 403, why);
	return false;
}

static bool
method_fits(const struct request *request, struct response *response)
{
	if (strcmp(request->method, "POST") == 0)
		return true;
	response_header(response, "Allow", "POST, OPTIONS");
	if (strcmp(request->method, "OPTIONS") == 0)
		response->status = 204;
	else
		problem_answer(request, response, 405, "Method Not Allowed");
	return false;
}

bool
ingest_may_be_signed(const struct request *request)
{
	return bearer_token(request) == NULL && signed_read_any(request);
}

void
ingest_refuse_stranger(const struct request *request, struct response *response)
{
	text_clear(&response->body);
	response_header(response, "WWW-Authenticate", "Bearer");
	problem_answer(request, response, 401,
	    "Send an API token (Authorization: Bearer pr_...), or sign the "
	    "request as the subscription asks");
}

static bool
token_fits(const struct request *request, struct response *response,
    const struct token_claim *claim, struct incoming *incoming)
{
	int refusal =
	    config.auth == AUTH_OPEN ? 0 : token_refusal(claim, TOKEN_INGEST);

	if (refusal == 0)
		return true;
	incoming->needs_signature = ingest_may_be_signed(request);
	if (incoming->needs_signature)
		return true;
	if (bearer_token(request) == NULL)
		ingest_refuse_stranger(request, response);
	else
		bearer_refuse(request, response, refusal, "ingest");
	return false;
}

static bool
subscription_fits(const struct request *request, struct response *response,
    const struct token_claim *claim, const struct incoming *incoming)
{
	if (config.auth == AUTH_OPEN || incoming->needs_signature ||
	    token_reaches(claim, &incoming->subscription_id))
		return true;
	problem_answer(request, response, 403,
	    "The API token is for another subscription");
	return false;
}

static void
check_id(struct problems *problems, const char *argument, struct uuid *id)
{
	char reason[UUID_REASON_SIZE];
	struct text message = { 0 };

	if (uuid_parse(argument, id, reason) == 0)
		return;
	text_addf(&message, "Input should be a valid UUID, %s", reason);
	problem_add(problems, "uuid_parsing",
	    json_pack("[ss]", "path", "subscription_id"), text_string(&message),
	    json_string(argument), json_pack("{s:s}", "error", reason));
	text_free(&message);
}

static bool
is_clean_text(const char *value)
{
	return text_is_clean(value, strlen(value));
}

static bool
is_printable_ascii(const char *value)
{
	for (; *value != '\0'; value++)
		if (*value < 0x20 || *value > 0x7e)
			return false;
	return true;
}

/* The value of an optional header that is stored, NULL when it is absent,
 * empty, or a fault. name: as a client writes it, in lower case. */
static const char *
check_header(struct problems *problems, const struct request *request,
    const char *variable, const char *name, size_t most,
    bool (*fits)(const char *value), const char *wanted)
{
	const char *value = request_variable(request, variable);
	struct text message = { 0 };

	if (value == NULL || value[0] == '\0')
		return NULL;
	if (strlen(value) > most) {
		text_addf(
		    &message, "String should have at most %zu bytes", most);
		problem_add(problems, "string_too_long",
		    json_pack("[ss]", "header", name), text_string(&message),
		    json_string(value),
		    json_pack("{s:I}", "max_length", (json_int_t)most));
		value = NULL;
	} else if (!fits(value)) {
		problem_add(problems, "string_pattern_mismatch",
		    json_pack("[ss]", "header", name), wanted,
		    json_string(value), NULL);
		value = NULL;
	}
	text_free(&message);
	return value;
}

/* An empty key is a client's mistake: it would believe itself safe. */
static const char *
check_key(struct problems *problems, const struct request *request)
{
	const char *value = request_variable(request, "HTTP_IDEMPOTENCY_KEY");

	if (value != NULL && value[0] == '\0')
		problem_add(problems, "string_too_short",
		    json_pack("[ss]", "header", "idempotency-key"),
		    "String should have at least 1 byte", json_string(value),
		    json_pack("{s:i}", "min_length", 1));
	return check_header(problems, request, "HTTP_IDEMPOTENCY_KEY",
	    "idempotency-key", KEY_BYTES, is_printable_ascii,
	    "String should be printable ASCII");
}

static int
check_hops(struct problems *problems, const struct request *request)
{
	const char *value = request_variable(request, REQUEST_HOPS_VARIABLE);
	int hops = request_hops(value);

	if (hops == -1)
		problem_add(problems, "int_parsing",
		    json_pack("[ss]", "header", "postrider-hops"),
		    "Input should be a number of hops, as Postrider sends it",
		    json_string(value), NULL);
	return hops;
}

/* A form is what curl and others say when they are not told. The body was
 * found to be JSON, and a receiver's parser believes the content type. */
static bool
is_form(const char *content_type)
{
	static const char urlencoded[] = "application/x-www-form-urlencoded";
	static const char multipart[] = "multipart/";
	size_t length = strcspn(content_type, "; \t");

	return strncasecmp(content_type, multipart, strlen(multipart)) == 0 ||
	    (length == strlen(urlencoded) &&
		strncasecmp(content_type, urlencoded, length) == 0);
}

static void
check_headers(struct problems *problems, const struct request *request,
    struct incoming *incoming)
{
	static const char clean[] =
	    "String should be UTF-8 without control characters";
	static const char printable[] = "String should be printable ASCII";

	incoming->event_type =
	    check_header(problems, request, "HTTP_X_EVENT_TYPE", "x-event-type",
		WEBHOOK_EVENT_TYPE_BYTES, is_clean_text, clean);
	incoming->signature =
	    check_header(problems, request, "HTTP_X_SIGNATURE", "x-signature",
		SIGNATURE_BYTES, is_clean_text, clean);
	incoming->content_type = check_header(problems, request, "CONTENT_TYPE",
	    "content-type", CONTENT_TYPE_BYTES, is_printable_ascii, printable);
	if (incoming->content_type != NULL && is_form(incoming->content_type))
		incoming->content_type = NULL; /* application/json */
	incoming->key = check_key(problems, request);
	incoming->hops = check_hops(problems, request);
}

/* RFC 5842, section 7.2 */
static bool
hops_fit(const struct request *request, struct response *response,
    const struct incoming *incoming)
{
	struct text words = { 0 };

	if (incoming->hops <= REQUEST_HOPS_MAX)
		return true;
	text_addf(&words,
	    "Loop detected: Postrider has sent this on %d times, and %d are "
	    "allowed; a subscription's target URL leads back here",
	    incoming->hops, REQUEST_HOPS_MAX);
	problem_answer(request, response, 508, text_string(&words));
	text_free(&words);
	return false;
}

static enum ingest_verdict
check_body(const struct request *request, struct response *response,
    struct incoming *incoming)
{
	if (!body_admits(request, response))
		return INGEST_ANSWERED;
	if (request->body_state == BODY_NONE)
		return INGEST_NO_JSON;
	incoming->payload = request->body.bytes;
	incoming->payload_length = request->body.length;
	if (!json_check(request->body.bytes, request->body.length))
		return INGEST_NO_JSON;
	if (incoming->key != NULL)
		fingerprint_of(incoming->event_type, incoming->content_type,
		    incoming->payload, incoming->payload_length,
		    incoming->fingerprint);
	return INGEST_STORE;
}

bool
ingest_check_head(const struct request *request, struct response *response,
    const struct token_claim *claim, struct incoming *incoming)
{
	const char *argument = path_argument(request->path);
	struct problems problems = { 0 };

	memset(incoming, 0, sizeof(*incoming));
	if (!guard_fits(request, response))
		return false;
	if (cors_answer(request, response, config.cors_origins))
		return false;
	if (argument == NULL) {
		problem_answer(request, response, 404, "Not Found");
		return false;
	}
	if (!method_fits(request, response) ||
	    !token_fits(request, response, claim, incoming))
		return false;
	check_id(&problems, argument, &incoming->subscription_id);
	if (problems_any(&problems) && incoming->needs_signature) {
		problems_free(&problems);
		incoming->needs_signature = false; /* of nothing */
		ingest_refuse_stranger(request, response);
		return false;
	}
	if (!problems_any(&problems) &&
	    !subscription_fits(request, response, claim, incoming))
		return false;
	check_headers(&problems, request, incoming);
	if (problems_any(&problems)) {
		problems_answer(&problems, response);
		return false;
	}
	return hops_fit(request, response, incoming);
}

enum ingest_verdict
ingest_check(const struct request *request, struct response *response,
    const struct token_claim *claim, struct incoming *incoming)
{
	if (!ingest_check_head(request, response, claim, incoming))
		return INGEST_ANSWERED;
	return check_body(request, response, incoming);
}
