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

bool
url_holds_password(const char *url)
{
	const char *word = url;

	while ((word = strstr(word, "password")) != NULL) {
		word += strlen("password");
		if (word[strspn(word, " \t")] == '=')
			return true;
	}
	return userinfo_holds_password(url);
}
