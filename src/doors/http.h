#ifndef DOORS_HTTP_H
#define DOORS_HTTP_H
/*
 * One HTTP request and its answer, over FastCGI or, run from a shell, plain
 * CGI. Only http.c includes libfcgi.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ground/text.h"

enum http_body {
	BODY_NONE, /* no body came */
	BODY_WHOLE,
	BODY_TOO_LARGE, /* over the limit: 413 */
	BODY_CUT,	/* not all of it came: 400, nothing is stored */
	BODY_COMING	/* for `head` alone: it is still being sent */
};

struct request {
	const char *method; /* GET for HEAD too: see is_head */
	bool is_head;
	char *path;	   /* of REQUEST_URI, percent-decoded, without a
				   trailing slash ("/" stays); owned */
	const char *query; /* raw, "" when there is none */
	enum http_body body_state;
	struct text body;
	char id[33];  /* request id, also in the log */
	void *source; /* http.c's own */
};

/* The value of a request header or CGI variable, NULL when absent; lives
 * until the answer is sent. name: "HTTP_X_EVENT_TYPE", "CONTENT_TYPE". */
const char *request_variable(const struct request *request, const char *name);
/* Is there one whose name begins so? */
bool request_has_prefix(const struct request *request, const char *prefix);

/* The i-th of all, as "NAME=value"; NULL behind the last. */
const char *request_variable_at(const struct request *request, size_t i);

/* Did it come over TLS? As the web server says, by HTTPS=on; what the client
 * says in X-Forwarded-Proto counts for nothing. */
bool request_is_https(const struct request *request);

/* A parameter of the query or of a form body (application/x-www-form-
 * urlencoded), decoded into `value`; the last one wins. 1 found, 0 not. */
int form_value(const char *form, const char *name, struct text *value);
/* The first of that name; what is behind it, for the next one. NULL: none. */
const char *form_next(const char *form, const char *name, struct text *value);

struct response {
	int status;
	const char *content_type; /* NULL with an empty body */
	struct text headers;	  /* "Name: value\r\n" lines, ours only */
	struct text body;
};

/* Names and values are literals or checked: a CR or LF ends the value. */
void
response_header(struct response *response, const char *name, const char *value);

/*
 * Serves until SIGTERM (exit 0) or, run from a shell, the one request.
 * handle fills in the response; http sends it with Content-Length, request id
 * and the security headers, and logs it. One request at a time; one that has
 * not all come is gathered beside it and holds nobody, and a connection that is
 * silent in the middle of it for 20 s is closed. Returns what main returns.
 * max_body: BODY_TOO_LARGE above it.
 *
 * head sees a request whose body is still to come (BODY_COMING) and may answer
 * it then: the body is not kept. Where it sets no status, what it did to the
 * response is forgotten, and handle gets the whole request. One that comes in
 * one piece is not shown to head: handle checks all of it again. When too much
 * is being gathered, whoever sends most slowly gets a 503.
 */
int http_serve(size_t max_body,
    void (*head)(const struct request *, struct response *, void *context),
    void (*handle)(const struct request *, struct response *, void *context),
    void *context);

/*
 * The ingest loop: as http_serve, but takes every request that is ready, so
 * that they share one commit, and waits up to 2 ms for as many as came together
 * lately, six at most; a request whose body has not all come is
 * gathered beside it and holds nobody. A connection that is silent in the
 * middle of a request for 20 s is closed.
 *
 * handle is told of a batch that waited: its first request was there before
 * the loop began to wait, so it came while an earlier batch was handled.
 */
#define HTTP_BATCH_MAX 256

struct exchange {
	struct request request;
	struct response response;
	/* heads may set it: nothing tells yet whether he may ask, so when too
	 * much is being gathered he is refused before anyone else */
	bool is_stranger;
};
int http_serve_batches(size_t max_body,
    void (*heads)(struct exchange *const *batch, size_t count, bool waited,
	void *context),
    void (*handle)(struct exchange *const *batch, size_t count, bool waited,
	void *context),
    void (*idle)(void *context), /* once a turn; may be NULL */
    void *context);
#endif
