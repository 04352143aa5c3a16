#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>

#include "doors/http_link.h"

#define READ_BYTES 65536

const char *
request_variable(const struct request *request, const char *name)
{
	return http_link_variable(request->source, name);
}

bool
request_has_prefix(const struct request *request, const char *prefix)
{
	return http_link_has_prefix(request->source, prefix);
}

const char *
request_variable_at(const struct request *request, size_t i)
{
	return http_link_variable_at(request->source, i);
}

bool
request_is_https(const struct request *request)
{
	const char *https = request_variable(request, "HTTPS");

	return https != NULL && strcasecmp(https, "on") == 0;
}

/* Apache's UNIQUE_ID where it is one, so that both logs name it alike. */
static void
request_name(struct request *request)
{
	static const char digits[] = "0123456789abcdef";
	const char *given = request_variable(request, "UNIQUE_ID");
	unsigned char random[16];
	size_t length = given == NULL ? 0 : strlen(given);

	if (length >= 8 && length < sizeof(request->id) &&
	    strspn(given,
		"abcdefghijklmnopqrstuvwxyz0123456789@_-"
		"ABCDEFGHIJKLMNOPQRSTUVWXYZ") == length) {
		memcpy(request->id, given, length + 1);
		return;
	}
	if (getrandom(random, sizeof(random), 0) != sizeof(random))
		memset(random, 0, sizeof(random));
	for (size_t i = 0; i < sizeof(random); i++) {
		request->id[i * 2] = digits[random[i] >> 4];
		request->id[i * 2 + 1] = digits[random[i] & 15];
	}
	request->id[32] = '\0';
}

/* SCRIPT_NAME and PATH_INFO are decoded by the server (RFC 3875, 4.1). */
static void
request_path_of_cgi(struct request *request)
{
	const char *query = request_variable(request, "QUERY_STRING");
	struct text path = { 0 };

	text_adds(&path, request_variable(request, "SCRIPT_NAME"));
	text_adds(&path, request_variable(request, "PATH_INFO"));
	while (path.length > 1 && path.bytes[path.length - 1] == '/')
		path.bytes[--path.length] = '\0';
	if (path.length == 0)
		text_adds(&path, "/");
	request->path = text_take(&path);
	request->query = query == NULL ? "" : query;
}

static void
request_line(struct request *request)
{
	const char *method =
	    request_variable(request, "REDIRECT_REQUEST_METHOD");
	const char *uri = request_variable(request, "REQUEST_URI");

	/* Apache refused it, and asks us (apache-conf, ErrorDocument 405). */
	if (method == NULL)
		method = request_variable(request, "REQUEST_METHOD");
	request->method = method == NULL ? "" : method;
	request->is_head = strcmp(request->method, "HEAD") == 0;
	if (request->is_head)
		request->method = "GET";
	if (uri == NULL) {
		request_path_of_cgi(request);
		return;
	}
	request->path = http_path_of(uri);
	request->query = http_path_query(uri);
}

/* 1 and *length, 0 when none was announced, -1 when it is no number. */
static int
announced_length(const struct request *request, unsigned long long *length)
{
	const char *text = request_variable(request, "CONTENT_LENGTH");
	char *end;

	*length = 0;
	if (text == NULL || text[0] == '\0')
		return 0;
	if (!isdigit((unsigned char)text[0]))
		return -1;
	errno = 0;
	*length = strtoull(text, &end, 10);
	return *end != '\0' || errno != 0 ? -1 : 1;
}

/* Reads on without keeping anything. */
static void
body_drain(struct http_link *link)
{
	char bytes[READ_BYTES];
	size_t seen = 0;
	ssize_t count;

	while ((count = http_link_read(link, bytes, sizeof(bytes))) > 0) {
		seen += (size_t)count;
		if (seen > HTTP_DRAIN_BYTES) {
			http_link_spoil(link);
			break;
		}
	}
	if (count == -1)
		http_link_spoil(link);
}

/* Keeps at most that many bytes, reads to the end, and says what came. */
static enum http_body
body_read(struct text *body, struct http_link *link, size_t most)
{
	char bytes[READ_BYTES];
	ssize_t count;

	while ((count = http_link_read(link, bytes, sizeof(bytes))) > 0 &&
	    (size_t)count <= most - body->length)
		text_add(body, bytes, (size_t)count);
	if (count == 0)
		return body->length == 0 ? BODY_NONE : BODY_WHOLE;
	text_free(body);
	if (count == -1)
		http_link_spoil(link);
	else
		body_drain(link);
	return count == -1 ? BODY_CUT : BODY_TOO_LARGE;
}

/* A chunked body has no announced length: its end is that of FastCGI's input,
 * which a web server marks only when the client ended the body. */
static enum http_body
body_take(struct request *request, struct http_link *link, size_t max_body)
{
	unsigned long long announced;
	int known = announced_length(request, &announced);
	bool is_over = known == 1 && announced > max_body;
	enum http_body state;

	if (known == -1 || is_over) {
		body_drain(link);
		return is_over ? BODY_TOO_LARGE : BODY_CUT;
	}
	state = body_read(
	    &request->body, link, known == 1 ? (size_t)announced : max_body);
	if (known == 0 ||
	    (state != BODY_TOO_LARGE && request->body.length == announced))
		return state;
	text_free(&request->body);
	return BODY_CUT;
}

void
http_request_read(
    struct request *request, struct http_link *link, size_t max_body)
{
	memset(request, 0, sizeof(*request));
	request->source = link;
	request_name(request);
	request_line(request);
	request->body_state = body_take(request, link, max_body);
}

void
http_request_head(
    struct request *request, struct http_link *link, size_t max_body)
{
	unsigned long long announced;
	int known;

	memset(request, 0, sizeof(*request));
	request->source = link;
	request_name(request);
	request_line(request);
	known = announced_length(request, &announced);
	request->body_state = known == -1 ? BODY_CUT
	    : announced > max_body	  ? BODY_TOO_LARGE
					  : BODY_COMING;
}

void
http_request_end(struct request *request, bool is_over)
{
	unsigned long long announced;
	int known = announced_length(request, &announced);

	request->body_state = is_over			      ? BODY_TOO_LARGE
	    : known == 1 && request->body.length != announced ? BODY_CUT
	    : request->body.length == 0			      ? BODY_NONE
							      : BODY_WHOLE;
	if (request->body_state != BODY_WHOLE)
		text_free(&request->body);
}

void
http_request_release(struct request *request)
{
	free(request->path);
	text_free(&request->body);
	memset(request, 0, sizeof(*request));
}
