#include "ground/url_password.h"

#include <string.h>

static bool
userinfo_holds_password(const char *url)
{
	const char *authority = strstr(url, "://");
	const char *colon, *at;

	if (authority == NULL)
		return false;
	authority += 3;
	at = memrchr(authority, '@', strcspn(authority, "/?#"));
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
	return parameter_of(url) != NULL || userinfo_holds_password(url);
}

void
url_without_password(struct text *out, const char *url)
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
		text_adds(out, "***");
		url = at;
	}
	text_add(out, url, (size_t)(end - url));
	if (parameter != NULL)
		text_adds(out, "***");
}
