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

void
cookie_set(const struct request *request, struct response *response,
    const char *name, const char *value)
{
	struct text cookie = { 0 };

	full_name(request, name, &cookie);
	text_addf(&cookie, "=%s; Path=/; HttpOnly; SameSite=Lax%s%s",
	    value != NULL ? value : "", value != NULL ? "" : "; Max-Age=0",
	    request_is_https(request) ? "; Secure" : "");
	response_header(response, "Set-Cookie", cookie.bytes);
	text_free(&cookie);
}
