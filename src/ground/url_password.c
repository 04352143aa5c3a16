#include "ground/url_password.h"

#include <libpq-fe.h>
#include <string.h>

#define SHOWN "***" /* for a password */

/* As libpq reads it, which marks what nobody should see. False too for what is
 * no URL of libpq's. */
static bool
libpq_finds_password(const char *url)
{
	PQconninfoOption *options = PQconninfoParse(url, NULL);
	bool found = false;

	if (options == NULL)
		return false;
	for (const PQconninfoOption *o = options; o->keyword != NULL; o++)
		found |= strchr(o->dispchar, '*') != NULL && o->val != NULL &&
		    o->val[0] != '\0' && strcmp(o->val, SHOWN) != 0;
	PQconninfoFree(options);
	return found;
}

/* A password may hold / ? # @, though it should not. */
static bool
userinfo_holds_password(const char *url)
{
	const char *authority = strstr(url, "://");
	const char *colon, *at;

	if (authority == NULL)
		return false;
	authority += 3;
	at = strrchr(authority, '@');
	if (at == NULL)
		return false;
	colon = memchr(authority, ':', (size_t)(at - authority));
	return colon != NULL && colon + 1 < at;
}

/* Behind the = of the first `password=`; NULL when there is none. */
static const char *
parameter_of(const char *url)
{
	const char *word = url;

	while ((word = strstr(word, "password")) != NULL) {
		word += strlen("password");
		word += strspn(word, " \t");
		if (*word == '=')
			return word + 1;
	}
	return NULL;
}

bool
url_holds_password(const char *url)
{
	return libpq_finds_password(url) || parameter_of(url) != NULL ||
	    userinfo_holds_password(url);
}

static void
mask(struct text *out, const char *url)
{
	const char *authority = strstr(url, "://");
	const char *parameter = parameter_of(url);
	const char *end = parameter == NULL ? url + strlen(url) : parameter;
	const char *at, *colon = NULL;

	if (authority != NULL && authority < end &&
	    (at = memrchr(authority, '@', (size_t)(end - authority))) != NULL)
		colon = memchr(authority + 3, ':',
		    at > authority + 3 ? (size_t)(at - authority - 3) : 0);
	if (colon != NULL) {
		text_add(out, url, (size_t)(colon + 1 - url));
		text_adds(out, SHOWN);
		url = at;
	}
	text_add(out, url, (size_t)(end - url));
	if (parameter != NULL)
		text_adds(out, SHOWN);
}

/* Where the keyword is percent-encoded, nothing of it can be shown. */
void
url_without_password(struct text *out, const char *url)
{
	struct text masked = { 0 };

	mask(&masked, url);
	if (libpq_finds_password(text_string(&masked)))
		text_adds(out, SHOWN);
	else
		text_add(out, text_string(&masked), masked.length);
	text_free(&masked);
}
