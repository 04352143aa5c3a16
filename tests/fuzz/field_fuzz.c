/* The fields of `names`, a line each, then CORS_ORIGINS: what the doors read of
 * a request's header fields, and that no answer holds a line that we did not
 * write. */
#include <ctype.h>
#include <strings.h>

#include "doors/bearer.h"
#include "doors/cookie.h"
#include "doors/cors.h"
#include "doors/guard.h"
#include "fuzz.h"
#include "ground/config.h"
#include "rules/token.h"
#include "variables.h"

static const char *const names[] = { "HTTP_COOKIE", "HTTP_AUTHORIZATION",
	"HTTP_HOST", "HTTP_ORIGIN", "HTTP_ACCESS_CONTROL_REQUEST_HEADERS",
	"REMOTE_ADDR", "HTTP_ACCESS_CONTROL_REQUEST_METHOD", "HTTPS" };
#define FIELDS (sizeof(names) / sizeof(names[0]))

static void
cookie_check(const struct request *request)
{
	struct text value = { 0 };

	if (cookie_get(request, "sid", &value) == 1) {
		MUST(strstr(request_variable(request, "HTTP_COOKIE"), "sid=") !=
		    NULL);
		MUST(strchr(text_string(&value), ';') == NULL);
	} else {
		MUST(value.length == 0);
	}
	text_free(&value);
}

static void
bearer_check(const struct request *request)
{
	const char *token = bearer_token(request);
	struct token_hash hash;

	MUST(token == NULL || token[0] != ' ');
	if (token_hash_of(token, &hash)) {
		MUST(strlen(token) == TOKEN_SIZE - 1);
		MUST(strncmp(token, "pr_", 3) == 0);
	}
}

static bool
looks_local(const char *host)
{
	return strncasecmp(host, "localhost", 9) == 0 ||
	    strncmp(host, "127.", 4) == 0 || strncmp(host, "[", 1) == 0;
}

static void
guard_check(const struct request *request)
{
	const char *host = request_variable(request, "HTTP_HOST");
	const char *why;
	bool admitted = guard_admits(request, &why);

	MUST(admitted == (why == NULL));
	MUST(!admitted || guard_is_local_host(host));
	if (!guard_is_local_host(host))
		return;
	MUST(looks_local(host));
	for (const char *at = host; *at != '\0'; at++)
		MUST(
		    isalnum((unsigned char)*at) || strchr("[]:.", *at) != NULL);
}

static void
cors_check(const struct request *request, const char *origins)
{
	struct response response = { 0 };
	const char *origin = request_variable(request, "HTTP_ORIGIN");
	size_t lines = 0;

	cors_answer(request, &response, origins);
	if (cors_lists(origins, origin))
		MUST(strstr(origins, origin) != NULL);
	for (const char *at = response.headers.bytes; *at != '\0'; at += 2) {
		MUST(strncmp(at, "Vary: ", 6) == 0 ||
		    strncmp(at, "Access-Control-", 15) == 0);
		at += strcspn(at, "\r\n");
		MUST(at[0] == '\r' && at[1] == '\n');
		lines++;
	}
	MUST(lines <= 6);
	text_free(&response.headers);
	text_free(&response.body);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct input input = { bytes, size };
	char *variables[FIELDS + 1], *origins;
	struct request request = { .method =
				       size % 2 == 0 ? "OPTIONS" : "POST" };

	variables_read(&input, names, FIELDS, variables);
	origins = input_rest(&input);
	request.source = link_of(variables);
	cookie_check(&request);
	bearer_check(&request);
	config.auth = AUTH_OPEN;
	config.cors_origins = origins;
	guard_check(&request);
	cors_check(&request, origins);
	http_link_free(request.source);
	free(origins);
	variables_free(variables, FIELDS);
	return 0;
}
