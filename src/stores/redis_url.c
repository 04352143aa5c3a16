#include "stores/redis_url.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "ground/text.h"

#define REDIS_PORT 6379
#define REDIS_DB_MOST 65535

void
redis_url_release(struct redis_url *url)
{
	free(url->path);
	free(url->host);
	free(url->user);
	free(url->password);
	memset(url, 0, sizeof(*url));
}

static int
hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)tolower((unsigned char)c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* A copy with %XX decoded; NULL when that is malformed or a NUL. */
static char *
url_decode(const char *from, size_t length)
{
	char *decoded = memory_copy(from, length), *to = decoded;

	for (size_t i = 0; i < length; i++) {
		int high, low;

		if (from[i] != '%') {
			*to++ = from[i];
			continue;
		}
		if (i + 2 >= length || (high = hex_value(from[i + 1])) == -1 ||
		    (low = hex_value(from[i + 2])) == -1 || high + low == 0) {
			free(decoded);
			return NULL;
		}
		*to++ = (char)(high * 16 + low);
		i += 2;
	}
	*to = '\0';
	return decoded;
}

/* A whole number from 0 to most, -1 when it is none. */
static int
url_number(const char *text, size_t length, int most)
{
	int number = 0;

	if (length == 0 || length > 5)
		return -1;
	for (size_t i = 0; i < length; i++) {
		if (!isdigit((unsigned char)text[i]))
			return -1;
		number = number * 10 + (text[i] - '0');
	}
	return number <= most ? number : -1;
}

/* user:password, :password, or, as Redis's own tools read it, user alone. */
static bool
url_credentials(struct redis_url *url, const char *from, size_t length)
{
	const char *colon = memchr(from, ':', length);
	size_t user = colon == NULL ? length : (size_t)(colon - from);

	if (user != 0 && (url->user = url_decode(from, user)) == NULL)
		return false;
	if (colon == NULL)
		return true;
	url->password = url_decode(colon + 1, length - user - 1);
	return url->password != NULL;
}

/* Takes "user:password@" off the authority that ends at `end`. */
static bool
url_authority(struct redis_url *url, const char **rest, const char *end)
{
	const char *at = memrchr(*rest, '@', (size_t)(end - *rest));

	if (at == NULL)
		return true;
	if (!url_credentials(url, *rest, (size_t)(at - *rest)))
		return false;
	*rest = at + 1;
	return true;
}

static const char *
url_host(struct redis_url *url, const char *from, const char *end)
{
	const char *close =
	    *from == '[' ? memchr(from, ']', (size_t)(end - from)) : NULL;
	const char *colon = memchr(close != NULL ? close : from, ':',
	    (size_t)(end - (close != NULL ? close : from)));
	const char *host_end = colon != NULL ? colon : end;

	url->port = REDIS_PORT;
	if (colon != NULL) {
		url->port =
		    url_number(colon + 1, (size_t)(end - colon - 1), 65535);
		if (url->port <= 0)
			return "has an invalid port";
	}
	if (close != NULL) {
		if (close + 1 != host_end)
			return "has a malformed host";
		url->host = memory_copy(from + 1, (size_t)(close - from - 1));
	} else {
		url->host = memory_copy(from, (size_t)(host_end - from));
	}
	return url->host[0] == '\0' ? "has no host" : NULL;
}

static const char *
url_tcp(struct redis_url *url, const char *rest)
{
	const char *end = rest + strcspn(rest, "/?#");
	const char *reason;

	if (!url_authority(url, &rest, end))
		return "has malformed credentials";
	if ((reason = url_host(url, rest, end)) != NULL)
		return reason;
	if (end[0] == '\0' || strcmp(end, "/") == 0)
		return NULL;
	url->db = *end == '/'
	    ? url_number(end + 1, strlen(end + 1), REDIS_DB_MOST)
	    : -1;
	return url->db < 0 ? "has a database that is not a number" : NULL;
}

static const char *
url_unix(struct redis_url *url, const char *rest)
{
	const char *end = rest + strcspn(rest, "/?#");
	const char *query = strchr(end, '?');
	size_t length = query == NULL ? strlen(end) : (size_t)(query - end);

	if (!url_authority(url, &rest, end) || rest != end || *end != '/')
		return "has malformed credentials, or a path without /";
	url->path = url_decode(end, length);
	if (url->path == NULL)
		return "has a malformed path";
	if (query == NULL)
		return NULL;
	if (strncmp(query, "?db=", 4) != 0)
		return "has a parameter other than db";
	url->db = url_number(query + 4, strlen(query + 4), REDIS_DB_MOST);
	return url->db < 0 ? "has a database that is not a number" : NULL;
}

int
redis_url_parse(const char *text, struct redis_url *url, const char **reason)
{
	memset(url, 0, sizeof(*url));
	if (strncmp(text, "redis://", 8) == 0)
		*reason = url_tcp(url, text + 8);
	else if (strncmp(text, "unix://", 7) == 0)
		*reason = url_unix(url, text + 7);
	else
		*reason = "begins neither with redis:// nor with unix://";
	return *reason == NULL ? 0 : -1;
}
