#include "doors/bearer.h"

#include <string.h>
#include <strings.h>

#include "doors/problem.h"

static const char scheme[] = "Bearer ";

const char *
bearer_token(const struct request *request)
{
	const char *value = request_variable(request, "HTTP_AUTHORIZATION");

	if (value == NULL ||
	    strncasecmp(value, scheme, sizeof(scheme) - 1) != 0)
		return NULL;
	value += sizeof(scheme) - 1;
	return value + strspn(value, " ");
}

/* Who showed none is told how; who showed one is told that it is no good. */
static void
refuse_unknown(const struct request *request, struct response *response)
{
	bool shown = bearer_token(request) != NULL;

	response_header(response, "WWW-Authenticate",
	    shown ? "Bearer error=\"invalid_token\"" : "Bearer");
	problem_answer(request, response, 401,
	    shown ? "The API token is unknown, expired or revoked"
		  : "Send an API token: Authorization: Bearer pr_...");
}

static void
refuse_narrow(
    const struct request *request, struct response *response, const char *scope)
{
	struct text words = { 0 };

	text_addf(
	    &words, "Bearer error=\"insufficient_scope\", scope=\"%s\"", scope);
	response_header(response, "WWW-Authenticate", text_string(&words));
	text_clear(&words);
	text_addf(&words, "The API token lacks the scope %s", scope);
	problem_answer(request, response, 403, text_string(&words));
	text_free(&words);
}

void
bearer_refuse(const struct request *request, struct response *response,
    int status, const char *scope)
{
	switch (status) {
	case 401: refuse_unknown(request, response); return;
	case 403: refuse_narrow(request, response, scope); return;
	default:
		problem_answer(request, response, 503,
		    "The API token could not be checked, try again shortly");
	}
}
