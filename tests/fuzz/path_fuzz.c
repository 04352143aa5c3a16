/* METHOD, a line end, a REQUEST_URI: one handler or one refusal, and a segment
 * never falls apart; ids in it are read. */
#include "doors/http_link.h"
#include "doors/router.h"
#include "fuzz.h"
#include "ground/uuid.h"

static int calls, refusals;

static void
take(const struct request *request, struct response *response,
    const char *argument, void *context)
{
	(void)context;
	calls++;
	MUST(strchr(argument, '/') == NULL);
	MUST(strstr(request->path, argument) != NULL);
	response->status = 200;
}

/* What is read as an id is one, and whatever is said of another is a phrase. */
static void
id_check(const char *argument)
{
	char reason[UUID_REASON_SIZE], text[UUID_TEXT_SIZE];
	struct uuid id, again;

	memset(reason, 'x', sizeof(reason));
	if (uuid_parse(argument, &id, reason) == 0) {
		MUST(uuid_parse(uuid_text(&id, text), &again, NULL) == 0);
		MUST(uuid_compare(&id, &again) == 0);
	} else {
		MUST(memchr(reason, '\0', sizeof(reason)) != NULL);
		MUST(reason[0] != '\0');
	}
}

static void
take_one(const struct request *request, struct response *response,
    const char *argument, void *context)
{
	MUST(argument[0] != '\0');
	id_check(argument);
	take(request, response, argument, context);
}

static bool
admit(const struct request *request, struct response *response,
    enum access access, void *context)
{
	(void)request;
	(void)response;
	(void)context;
	MUST(access != ACCESS_ANYONE);
	return true;
}

static void
refuse(const struct request *request, struct response *response, int status,
    const char *detail)
{
	(void)request;
	MUST(status == 404 || status == 405);
	MUST(detail[0] != '\0');
	response->status = status;
	refusals++;
}

static const struct route routes[] = {
	{ "POST", "/subscriptions", take, ACCESS_WRITE },
	{ "GET", "/subscriptions", take, ACCESS_READ },
	{ "GET", "/subscriptions/{id}", take_one, ACCESS_READ },
	{ "PATCH", "/subscriptions/{id}", take_one, ACCESS_WRITE },
	{ "GET", "/subscriptions/{id}/attempts", take_one, ACCESS_READ },
	{ "POST", "/subscriptions/{id}/secret/rotate", take_one, ACCESS_WRITE },
	{ NULL, NULL, NULL, ACCESS_ANYONE },
};
static const struct router router = { routes, admit, refuse };

static size_t
slashes(const char *text)
{
	size_t count = 0;

	for (; *text != '\0'; text++)
		count += *text == '/';
	return count;
}

static void
path_check(const char *path, const char *uri)
{
	size_t length = strlen(path);

	MUST(length <= strlen(uri) + 1);
	MUST(slashes(path) <= slashes(uri) + 1);
	MUST(length <= 1 || path[length - 1] != '/');
}

static void
dispatch(const char *method, char *path)
{
	struct request request = { .method = method, .path = path };
	struct response response = { 0 };

	calls = refusals = 0;
	router_dispatch(&router, &request, &response, NULL);
	MUST(calls + refusals == (response.status != 204));
	MUST((response.status == 204 || response.status == 405) ==
	    (strstr(text_string(&response.headers), "Allow: ") != NULL));
	text_free(&response.headers);
	text_free(&response.body);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct input input = { bytes, size };
	char *method = input_line(&input), *uri = input_rest(&input);
	char *path = http_path_of(uri);

	path_check(path, uri);
	MUST(strstr(uri, http_path_query(uri)) != NULL);
	dispatch(method, path);
	free(path);
	free(uri);
	free(method);
	return 0;
}
