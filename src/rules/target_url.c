#include "rules/target_url.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <curl/curl.h>
#include <idn2.h>

#include "ground/config.h"
#include "ground/text.h"
#include "rules/egress.h"

/* What a browser does before it parses: blanks and control bytes around the
 * URL go, and tabs and line ends within it. */
static void
url_trim(const char *url, struct text *trimmed)
{
	const unsigned char *at = (const unsigned char *)url;
	size_t length;

	while (*at != '\0' && *at <= ' ')
		at++;
	length = strlen((const char *)at);
	while (length != 0 && at[length - 1] <= ' ')
		length--;
	for (size_t i = 0; i < length; i++)
		if (strchr("\t\n\r", at[i]) == NULL)
			text_add(trimmed, at + i, 1);
}

/* The length of the scheme, 0 when the URL is relative. */
static size_t
scheme_length(const char *url)
{
	size_t length = 0;

	if (!isalpha((unsigned char)url[0]))
		return 0;
	while (isalnum((unsigned char)url[length]) ||
	    (url[length] != '\0' && strchr("+-.", url[length]) != NULL))
		length++;
	return url[length] == ':' ? length : 0;
}

/* Adds `length` bytes with what its part of a URL may not hold as %XX. */
static void
add_encoded(
    struct text *url, const char *bytes, size_t length, const char *unsafe)
{
	for (size_t i = 0; i < length; i++) {
		unsigned char byte = (unsigned char)bytes[i];

		if (byte <= ' ' || byte > '~' || strchr(unsafe, byte) != NULL)
			text_addf(url, "%%%02X", byte);
		else
			text_add(url, &byte, 1);
	}
}

/* Scheme, authority as it came, then path, query and fragment encoded: the
 * form that libcurl's parser takes. Backslashes count as slashes there. */
static void
url_prepare(const char *scheme, char *rest, struct text *url)
{
	size_t length, query;

	query = strcspn(rest, "?#");
	for (size_t i = 0; i < query; i++)
		if (rest[i] == '\\')
			rest[i] = '/';
	rest += strspn(rest, "/");
	text_addf(url, "%s://", scheme);
	length = strcspn(rest, "/?#");
	text_add(url, rest, length);
	rest += length;
	if (*rest != '/')
		text_adds(url, "/");
	length = strcspn(rest, "?#");
	add_encoded(url, rest, length, "\"<>`{}^");
	rest += length;
	length = strcspn(rest, "#");
	add_encoded(url, rest, length, "\"<>'");
	rest += length;
	add_encoded(url, rest, strlen(rest), "\"<>`");
}

static const char *
curl_reason(CURLUcode code)
{
	switch (code) {
	case CURLUE_BAD_PORT_NUMBER: return "invalid port number";
	case CURLUE_NO_HOST: return "empty host";
	case CURLUE_BAD_IPV6: return "invalid IPv6 address";
	case CURLUE_USER_NOT_ALLOWED:
		return "user name and password are not accepted";
	default: return "invalid domain character";
	}
}

/* A host that ends in a number is an IPv4 address or nothing. */
static bool
host_is_broken_address(const char *host)
{
	const char *dot = strrchr(host, '.');
	const char *last = dot != NULL ? dot + 1 : host;
	struct in_addr address;

	if (last[0] == '\0' || inet_pton(AF_INET, host, &address) == 1)
		return false;
	if (strncasecmp(last, "0x", 2) == 0)
		return strspn(last + 2, "0123456789abcdefABCDEF") ==
		    strlen(last + 2);
	return strspn(last, "0123456789") == strlen(last);
}

static bool
host_is_ascii(const char *host)
{
	for (; *host != '\0'; host++)
		if ((unsigned char)*host >= 0x80)
			return false;
	return true;
}

static char *
ipv6_normal(const char *host, const char **reason)
{
	char address[INET6_ADDRSTRLEN + 2];
	struct in6_addr bytes;
	size_t length = strlen(host) - 2;

	*reason = "invalid IPv6 address";
	if (length >= INET6_ADDRSTRLEN)
		return NULL;
	memcpy(address, host + 1, length);
	address[length] = '\0';
	if (inet_pton(AF_INET6, address, &bytes) != 1)
		return NULL;
	address[0] = '[';
	inet_ntop(AF_INET6, &bytes, address + 1, INET6_ADDRSTRLEN);
	strcat(address, "]");
	return memory_copy_string(address);
}

/* UTS 46 maps these four otherwise than IDNA 2003 did: ß, ς, and the zero width
 * joiners. A label without them is the same transitional or not. */
static bool
has_deviation(const char *label)
{
	static const char *const deviations[] = { "\u00df", "\u03c2", "\u200c",
		"\u200d", NULL };

	for (int i = 0; deviations[i] != NULL; i++)
		if (strstr(label, deviations[i]) != NULL)
			return true;
	return false;
}

/* The length of a label, and of the dot behind it: the WHATWG knows four. */
static size_t
label_length(const char *host, size_t *dot)
{
	static const char *const dots[] = { ".", "\u3002", "\uff0e", "\uff61" };
	size_t length = 0;

	for (; host[length] != '\0'; length++)
		for (size_t i = 0; i < sizeof(dots) / sizeof(dots[0]); i++) {
			*dot = strlen(dots[i]);
			if (strncmp(host + length, dots[i], *dot) == 0)
				return length;
		}
	*dot = 0;
	return length;
}

/* As browsers do: UTS 46, nontransitional, without STD3's rules. It takes
 * symbols such as a snowman, which IDNA 2008 and so libidn2 refuse; its
 * transitional processing does not ask IDNA 2008. */
static int
label_to_ascii(const char *label, char **ascii)
{
	int code = idn2_to_ascii_8z(
	    label, ascii, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);

	if (code == IDN2_DISALLOWED && !has_deviation(label))
		code = idn2_to_ascii_8z(
		    label, ascii, IDN2_NFC_INPUT | IDN2_TRANSITIONAL);
	if (code == IDN2_MALLOC)
		memory_out();
	return code;
}

/* NULL when a label has no such form; else the caller's to free. */
static char *
host_to_ascii(const char *host)
{
	struct text whole = { 0 };
	size_t length, dot;
	char *label, *ascii;
	int code;

	for (; *host != '\0'; host += length + dot) {
		length = label_length(host, &dot);
		label = memory_copy(host, length);
		ascii = NULL;
		code =
		    label[0] == '\0' ? IDN2_OK : label_to_ascii(label, &ascii);
		text_adds(&whole, ascii != NULL ? ascii : "");
		text_adds(&whole, dot != 0 ? "." : "");
		idn2_free(ascii);
		free(label);
		if (code != IDN2_OK) {
			text_free(&whole);
			return NULL;
		}
	}
	return text_take(&whole);
}

/* An address loses the dot that a name may end in. */
static void
host_cut_dot(char *host)
{
	size_t length = strlen(host);
	struct in_addr address;

	if (length < 2 || host[length - 1] != '.')
		return;
	host[length - 1] = '\0';
	if (inet_aton(host, &address) == 0 && !host_is_broken_address(host))
		host[length - 1] = '.';
}

/* The one spelling of a name or address. NULL, and *reason, when there is
 * none; else the caller's to free. */
static char *
host_normal(const char *host, const char **reason)
{
	char *normal;

	if (host[0] == '[')
		return ipv6_normal(host, reason);
	*reason = "invalid domain character";
	if (strpbrk(host, "%|\x7f") != NULL)
		return NULL;
	*reason = "invalid international domain name";
	normal = host_is_ascii(host) ? memory_copy_string(host)
				     : host_to_ascii(host);
	/* What a character was mapped to: a/c of U+2100. */
	if (normal != NULL && strpbrk(normal, " \"#/:<>?@[\\]^`{|}%") != NULL) {
		free(normal);
		normal = NULL;
	}
	if (normal == NULL)
		return NULL;
	for (char *at = normal; *at != '\0'; at++)
		*at = (char)tolower((unsigned char)*at);
	host_cut_dot(normal);
	return normal;
}

/* No memory is no fault of the URL's. */
static CURLUcode
url_code(CURLUcode code)
{
	if (code == CURLUE_OUT_OF_MEMORY)
		memory_out();
	return code;
}

static const char *
part_of(CURLU *parts, CURLUPart which, char **part)
{
	curl_free(*part);
	*part = NULL;
	url_code(curl_url_get(parts, which, part,
	    which == CURLUPART_PORT ? CURLU_NO_DEFAULT_PORT : 0));
	return *part != NULL ? *part : "";
}

/* Only the host changes; libcurl puts the URL together again, and so reads
 * once more a host that became an address: 127。0。0。1. */
static CURLUcode
url_set_host(CURLU *parts, const char *host)
{
	struct text url = { 0 };
	char *part = NULL;
	CURLUcode code;

	text_addf(&url, "%s://", part_of(parts, CURLUPART_SCHEME, &part));
	text_adds(&url, host);
	if (*part_of(parts, CURLUPART_PORT, &part) != '\0')
		text_addf(&url, ":%s", part);
	text_adds(&url, part_of(parts, CURLUPART_PATH, &part));
	if (*part_of(parts, CURLUPART_QUERY, &part) != '\0')
		text_addf(&url, "?%s", part);
	if (*part_of(parts, CURLUPART_FRAGMENT, &part) != '\0')
		text_addf(&url, "#%s", part);
	curl_free(part);
	code =
	    url_code(curl_url_set(parts, CURLUPART_URL, text_string(&url), 0));
	text_free(&url);
	return code;
}

static const char *
url_normalise_host(CURLU *parts)
{
	const char *reason = NULL;
	char *host = NULL, *normal = NULL;
	CURLUcode code;

	if (*part_of(parts, CURLUPART_ZONEID, &host) != '\0') {
		reason = "invalid IPv6 address";
		goto out;
	}
	part_of(parts, CURLUPART_HOST, &host);
	if (host == NULL || host[0] == '\0') {
		reason = "empty host";
		goto out;
	}
	normal = host_normal(host, &reason);
	if (normal == NULL)
		goto out;
	reason = NULL;
	code = url_set_host(parts, normal);
	if (code != CURLUE_OK) {
		reason = curl_reason(code);
		goto out;
	}
	if (host_is_broken_address(part_of(parts, CURLUPART_HOST, &host)))
		reason = "invalid IPv4 address";
out:
	curl_free(host);
	free(normal);
	return reason;
}

static const char *
url_parse(const char *url, char **normal)
{
	CURLU *parts = curl_url();
	char *whole = NULL;
	const char *reason = NULL;
	CURLUcode code;

	if (parts == NULL)
		memory_out();
	code = url_code(
	    curl_url_set(parts, CURLUPART_URL, url, CURLU_DISALLOW_USER));
	if (code != CURLUE_OK) {
		reason = curl_reason(code);
		goto out;
	}
	reason = url_normalise_host(parts);
	if (reason != NULL)
		goto out;
	if (url_code(curl_url_get(parts, CURLUPART_URL, &whole,
		CURLU_NO_DEFAULT_PORT)) != CURLUE_OK)
		reason = "invalid domain character";
	else if (strlen(whole) > TARGET_URL_BYTES)
		reason = "longer than 2048 bytes";
	else
		*normal = memory_copy_string(whole);
out:
	curl_free(whole);
	curl_url_cleanup(parts);
	return reason;
}

/* http or https in lower case, NULL for another. */
static const char *
scheme_known(const char *url, size_t length)
{
	if (length == 4 && strncasecmp(url, "http", 4) == 0)
		return "http";
	if (length == 5 && strncasecmp(url, "https", 5) == 0)
		return "https";
	return NULL;
}

enum target_url_fault
target_url_parse(const char *text, char **normal, const char **reason)
{
	enum target_url_fault fault = TARGET_URL_MALFORMED;
	struct text trimmed = { 0 }, url = { 0 };
	const char *scheme;
	size_t length;

	*normal = NULL;
	*reason = NULL;
	url_trim(text, &trimmed);
	length = scheme_length(text_string(&trimmed));
	scheme = scheme_known(text_string(&trimmed), length);
	if (trimmed.length > TARGET_URL_BYTES) {
		*reason = "longer than 2048 bytes";
	} else if (trimmed.length == 0) {
		*reason = "input is empty";
	} else if (length == 0) {
		*reason = "relative URL without a base";
	} else if (scheme == NULL) {
		*reason = "scheme is neither http nor https";
		fault = TARGET_URL_SCHEME;
	} else {
		url_prepare(scheme, trimmed.bytes + length + 1, &url);
		*reason = url_parse(text_string(&url), normal);
	}
	if (*reason == NULL)
		fault = TARGET_URL_OK;
	text_free(&trimmed);
	text_free(&url);
	return fault;
}

/* As far as the host says, in a URL of the one spelling: "[::1]",
 * "127.0.0.1", "127.0.0.1.", a name. */
static bool
host_is_allowed(const char *url)
{
	const char *from = strstr(url, "://") + 3;
	bool is_v6 = from[0] == '[';
	char *host = is_v6 ? memory_copy(from + 1, strcspn(from, "]") - 1)
			   : memory_copy(from, strcspn(from, ":/"));
	size_t length = strlen(host);
	struct in_addr v4;
	bool allowed;

	if (length != 0 && host[length - 1] == '.')
		host[length - 1] = '\0';
	if (is_v6 || inet_pton(AF_INET, host, &v4) == 1)
		allowed = egress_allows_text(host);
	else
		allowed = egress_allows_name(host);
	free(host);
	return allowed;
}

/* Of a URL of the one spelling, which names no default port. */
static int64_t
port_of(const char *url)
{
	const char *host = strstr(url, "://") + 3;
	const char *at = host + (*host == '[' ? strcspn(host, "]") : 0);

	at += strcspn(at, ":/?#");
	if (*at == ':')
		return strtol(at + 1, NULL, 10);
	return strncmp(url, "https:", 6) == 0 ? 443 : 80;
}

enum target_url_fault
target_url_admit(
    const char *text, bool https_only, char **normal, const char **reason)
{
	enum target_url_fault fault = target_url_parse(text, normal, reason);

	if (fault != TARGET_URL_OK)
		return fault;
	if (https_only && strncmp(*normal, "https:", 6) != 0)
		fault = TARGET_URL_SCHEME;
	else if (!host_is_allowed(*normal))
		fault = TARGET_URL_ADDRESS;
	else if (!config_allows_port(port_of(*normal)))
		fault = TARGET_URL_PORT;
	if (fault != TARGET_URL_OK) {
		free(*normal);
		*normal = NULL;
	}
	return fault;
}

char *
target_url_host(const char *normal, uint16_t *port)
{
	const char *host = strstr(normal, "://") + 3;

	*port = (uint16_t)port_of(normal);
	return memory_copy(host,
	    host[0] == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":/?#"));
}
