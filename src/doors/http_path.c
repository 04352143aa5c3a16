#include <stdlib.h>
#include <string.h>

#include "doors/http_link.h"

int
http_path_octet(const char *digits)
{
	int high = text_hex(digits[0]), low;

	if (high == -1)
		return -1;
	low = text_hex(digits[1]);
	return low == -1 ? -1 : high << 4 | low;
}

/* RFC 9112, 3.2.2: a client may send the whole URI. */
static const char *
skip_authority(const char *uri)
{
	const char *colon = strstr(uri, "://");

	if (uri[0] == '/' || colon == NULL)
		return uri;
	colon += 3;
	colon += strcspn(colon, "/?#");
	return *colon == '/' ? colon : "/";
}

/* Decodes in place, which only ever shortens. -1: malformed. */
static int
path_decode(char *path)
{
	const char *from = path;
	char *to = path;
	int octet;

	for (; *from != '\0'; from++) {
		if (*from != '%') {
			*to++ = *from;
			continue;
		}
		octet = http_path_octet(from + 1);
		if (octet <= 0)
			return -1;
		if (octet == '/') {
			memcpy(to, "%2F", 3);
			to += 3;
		} else {
			*to++ = (char)octet;
		}
		from += 2;
	}
	*to = '\0';
	return 0;
}

char *
http_path_of(const char *uri)
{
	const char *start = skip_authority(uri);
	size_t length = strcspn(start, "?#");
	char *path = memory_copy(start, length);

	if (path_decode(path) == -1)
		path[0] = '\0';
	length = strlen(path);
	while (length > 1 && path[length - 1] == '/')
		path[--length] = '\0';
	return path;
}

const char *
http_path_query(const char *uri)
{
	const char *mark = strchr(uri, '?');

	return mark == NULL ? "" : mark + 1;
}
