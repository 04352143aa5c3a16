#include "doors/cookie.h"

#include <string.h>

static const char secure_prefix[] = "__Host-";

/* The name that the browser knows it by. */
static void
full_name(const struct request *request, const char *name, struct text *full)
{
	if (request_is_https(request))
		text_adds(full, secure_prefix);
	text_adds(full, name);
}

int
cookie_get(const struct request *request, const char *name, struct text *value)
{
	const char *at = request_variable(request, "HTTP_COOKIE");
	struct text full = { 0 };
	size_t length;
	int found = 0;

	text_clear(value);
	full_name(request, name, &full);
	text_adds(&full, "=");
	for (; at != NULL && *at != '\0' && found == 0; at += length) {
		at += strspn(at, "; \t");
		length = strcspn(at, ";");
		if (strncmp(at, full.bytes, full.length) != 0)
			continue;
		text_add(value, at + full.length, length - full.length);
		found = 1;
	}
	text_free(&full);
	return found;
}

/* seconds -1: until the browser ends. */
static void
set(const struct request *request, struct response *response, const char *name,
    const char *value, long seconds)
{
	struct text cookie = { 0 };

	full_name(request, name, &cookie);
	text_addf(&cookie, "=%s; Path=/; HttpOnly; SameSite=Lax", value);
	if (seconds != -1)
		text_addf(&cookie, "; Max-Age=%ld", seconds);
	if (request_is_https(request))
		text_adds(&cookie, "; Secure");
	response_header(response, "Set-Cookie", cookie.bytes);
	text_free(&cookie);
}

void
cookie_set(const struct request *request, struct response *response,
    const char *name, const char *value)
{
	set(request, response, name, value != NULL ? value : "",
	    value != NULL ? -1 : 0);
}

void
cookie_keep(const struct request *request, struct response *response,
    const char *name, const char *value, long seconds)
{
	set(request, response, name, value, seconds);
}
