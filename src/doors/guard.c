#include "doors/guard.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <strings.h>

#include "doors/cors.h"
#include "ground/config.h"

#define HOST_SIZE 64
#define ADVICE \
	" To serve others set AUTH=token and make a token: " \
	"postrider-admin token create."

static bool
is_loopback4(const char *text)
{
	struct in_addr address;

	return inet_pton(AF_INET, text, &address) == 1 &&
	    ntohl(address.s_addr) >> 24 == 127;
}

static bool
is_loopback6(const char *text)
{
	struct in6_addr address;

	if (inet_pton(AF_INET6, text, &address) != 1)
		return false;
	return IN6_IS_ADDR_LOOPBACK(&address) ||
	    (IN6_IS_ADDR_V4MAPPED(&address) && address.s6_addr[12] == 127);
}

bool
guard_is_loopback(const char *address)
{
	return address != NULL &&
	    (is_loopback4(address) || is_loopback6(address));
}

/* Where the host ends and ":port", or nothing, follows; NULL when what
 * follows is something else (RFC 3986, 3.2). */
static const char *
host_end(const char *host)
{
	const char *end = host + strcspn(host, host[0] == '[' ? "]" : ":");

	if (*end == ']')
		end++;
	if (*end == ':')
		return end[1 + strspn(end + 1, "0123456789")] == '\0' ? end
								      : NULL;
	return *end == '\0' ? end : NULL;
}

bool
guard_is_local_host(const char *host)
{
	const char *end = host == NULL ? NULL : host_end(host);
	size_t length = end == NULL ? 0 : (size_t)(end - host);
	char name[HOST_SIZE];

	if (length == 0 || length >= sizeof(name))
		return false;
	memcpy(name, host, length);
	name[length] = '\0';
	if (name[0] != '[')
		return strcasecmp(name, "localhost") == 0 || is_loopback4(name);
	if (name[length - 1] != ']')
		return false;
	name[length - 1] = '\0';
	return is_loopback6(name + 1);
}

static bool
came_through_proxy(const struct request *request)
{
	return request_variable(request, "HTTP_FORWARDED") != NULL ||
	    request_variable(request, "HTTP_VIA") != NULL ||
	    request_variable(request, "HTTP_X_REAL_IP") != NULL ||
	    request_has_prefix(request, "HTTP_X_FORWARDED");
}

bool
guard_is_own_origin(const struct request *request, const char *origin)
{
	const char *scheme = request_is_https(request) ? "https://" : "http://";
	const char *host = request_variable(request, "HTTP_HOST");
	size_t length = strlen(scheme);

	return host != NULL && strncasecmp(origin, scheme, length) == 0 &&
	    strcasecmp(origin + length, host) == 0;
}

static bool
only_reads(const struct request *request)
{
	return strcmp(request->method, "GET") == 0 ||
	    strcmp(request->method, "OPTIONS") == 0;
}

/* Browsers name the page that asks whenever the method may change
 * something; what names none is no browser. */
static bool
origin_may(const struct request *request)
{
	const char *origin = request_variable(request, "HTTP_ORIGIN");

	return origin == NULL || only_reads(request) ||
	    guard_is_own_origin(request, origin) ||
	    cors_lists(config.cors_origins, origin);
}

bool
guard_admits(const struct request *request, const char **why)
{
	const char *host = request_variable(request, "HTTP_HOST");

	*why = NULL;
	if (config.auth != AUTH_OPEN)
		return true;
	if (!guard_is_loopback(request_variable(request, "REMOTE_ADDR")))
		*why = "This service answers only its own machine "
		       "(AUTH=open)." ADVICE;
	else if (came_through_proxy(request))
		*why = "This service does not answer through a proxy "
		       "(AUTH=open)." ADVICE;
	else if (!guard_is_local_host(host))
		*why = "This service answers only as localhost, 127.0.0.1 or "
		       "[::1] (AUTH=open): use one of these in the URL." ADVICE;
	else if (!origin_may(request))
		*why = "A page of another site may not do that. Name its "
		       "origin in CORS_ORIGINS if it is yours.";
	return *why == NULL;
}
