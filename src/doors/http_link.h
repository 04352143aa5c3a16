#ifndef DOORS_HTTP_LINK_H
#define DOORS_HTTP_LINK_H
/*
 * What the http_*.c files share: a link carries one request and its answer,
 * over libfcgi or as a plain CGI program. For the http room alone.
 *
 *	begin ─► read variables and body ─► (reply_on) ─► write ─► finish
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/types.h>

#include "doors/http.h"

/* The listening socket that a FastCGI program is started with. */
#define HTTP_LISTEN_FD 0
/* A peer that is silent for so long in the middle of a request is gone. */
#define HTTP_SILENCE_MS 20000
/* So much of a body over the limit is read and thrown away, so that the web
 * server gets to read the 413. */
#define HTTP_DRAIN_BYTES ((size_t)64 << 20)

struct http_link;

/* Sets libfcgi up. 0; 1: we were started as a plain CGI program; -1, logged. */
int http_link_init(void);
struct http_link *http_link_new(void);
void http_link_free(struct http_link *link); /* closes what is open */

/* The one request of a CGI program. */
void http_link_begin_cgi(struct http_link *link);
/* Reads the request's variables from fd, a connection that holds all of them
 * or a file. 0, or -1 for what is no request, and fd was closed. */
int http_link_begin(struct http_link *link, int fd);
const char *http_link_variable(const struct http_link *link, const char *name);
bool http_link_has_prefix(const struct http_link *link, const char *prefix);
const char *http_link_variable_at(const struct http_link *link, size_t i);
/* Bytes of the body: 0 at its end, -1 when it ends too early. */
ssize_t http_link_read(struct http_link *link, void *bytes, size_t size);
/* The request came from a file: its answer goes to this connection. */
void http_link_reply_on(struct http_link *link, int fd);
void http_link_write(struct http_link *link, const void *bytes, size_t length);
/* Not all was read: the connection cannot carry another request. */
void http_link_spoil(struct http_link *link);
/* Sends what is left. true: the connection stays open for the next request;
 * false: it was closed. */
bool http_link_finish(struct http_link *link);
/* The same before all of the request has come: the connection stays open for
 * the rest. false: it was closed. *closes: the other side wants it closed
 * behind the rest. */
bool http_link_finish_early(struct http_link *link, bool *closes);
/* A request that was begun is not going to be answered. */
void http_link_abandon(struct http_link *link);
int64_t http_link_age_ms(const struct http_link *link); /* since begin */

/* http_request.c: everything of the request is read here; release it after
 * the answer. */
void http_request_read(
    struct request *request, struct http_link *link, size_t max_body);
/* The same in two steps, where the body is gathered apart: body_state is
 * BODY_COMING, or already what refuses it; then request->body is all of it, or
 * is_over says that more came than was kept. */
void http_request_head(
    struct request *request, struct http_link *link, size_t max_body);
void http_request_end(struct request *request, bool is_over);
void http_request_release(struct request *request);

/* http_answer.c: sends the answer, logs it, and releases the response. */
void http_answer_send(const struct request *request, struct response *response,
    struct http_link *link);

/* http_process.c: SIGTERM and SIGINT ask a process to stop; they arrive only
 * inside http_process_wait. */
int http_process_start(void); /* 0, or -1 and logged */
bool http_process_stopping(void);
/* epoll_wait that a signal ends: the count of events, 0 for none. */
int http_process_wait(
    int epoll, struct epoll_event *events, int room, int timeout_ms);
/* Watches HTTP_LISTEN_FD so that one process of the pool wakes up. */
int http_process_listen(int epoll, void *mark); /* 0, -1 */
/* A new connection with its time limits set, -1 when none waits. */
int http_process_accept(void);
/* Gives the listening socket up: once nobody else has it either, callers are
 * refused at once, instead of waiting in its backlog for us to end. */
void http_process_deafen(void);

/* http_path.c: the path of a REQUEST_URI (which may be an absolute URI),
 * decoded once; %2F stays encoded, so that no segment falls apart. "" when it
 * is malformed or holds a NUL: no route has that path. Yours to free(). */
char *http_path_of(const char *uri);
const char *http_path_query(const char *uri); /* borrowed; "" for none */
/* Value of a hexadecimal digit pair, -1 when it is none. */
int http_path_octet(const char *digits);
#endif
