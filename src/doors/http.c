#include "doors/http.h"

#include <errno.h>
#include <fcgiapp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "doors/http_link.h"
#include "ground/clock.h"
#include "ground/heartbeat.h"
#include "ground/log.h"

/* Who takes an answer slowly may hold us for HTTP_SILENCE_MS with each. */
#define WRITE_BYTES 8192

struct http_link {
	FCGX_Request fcgi;
	bool is_cgi;
	bool is_kept;		     /* by the caller's wish */
	char **variables;	     /* libfcgi's or environ */
	unsigned long long cgi_left; /* of CONTENT_LENGTH */
	int64_t begun_ms;
};

int
http_link_init(void)
{
	if (setenv("LIBFCGI_IS_AF_UNIX_KEEPER_POLL_TIMEOUT", "100", 0) == -1 ||
	    setenv("LIBFCGI_OS_CLOSE_POLL_TIMEOUT", "100", 0) == -1)
		memory_out();
	if (FCGX_Init() != 0) {
		log_error("libfcgi cannot be set up");
		return -1;
	}
	/* After a malformed request it would accept by itself, and block:
	 * its listening socket is -1, and this keeps it from complaining. */
	FCGX_ShutdownPending();
	return FCGX_IsCGI() != 0 ? 1 : 0;
}

struct http_link *
http_link_new(void)
{
	struct http_link *link = memory_get(sizeof(*link));

	FCGX_InitRequest(&link->fcgi, -1, FCGI_FAIL_ACCEPT_ON_INTR);
	return link;
}

void
http_link_free(struct http_link *link)
{
	int fd;

	if (link == NULL)
		return;
	fd = link->fcgi.ipcFd;
	FCGX_Free(&link->fcgi, 0);
	if (fd != -1)
		close(fd);
	free(link);
}

void
http_link_begin_cgi(struct http_link *link)
{
	const char *length = getenv("CONTENT_LENGTH");

	link->is_cgi = true;
	link->variables = environ;
	link->cgi_left = length == NULL ? 0 : strtoull(length, NULL, 10);
	link->begun_ms = clock_monotonic_ms();
}

int
http_link_begin(struct http_link *link, int fd)
{
	link->fcgi.ipcFd = fd;
	/* Else FCGX_Accept_r closes fd before it reads from it. */
	link->fcgi.keepConnection = 1;
	/* Else it would wait for the other side before it closes. */
	FCGX_Detach(&link->fcgi);
	link->begun_ms = clock_monotonic_ms();
	if (FCGX_Accept_r(&link->fcgi) != 0)
		return -1;
	link->is_kept = link->fcgi.keepConnection != 0;
	link->variables = link->fcgi.envp;
	return 0;
}

/* The value in "NAME=value", NULL when it has another name. */
static const char *
value_of(const char *variable, const char *name)
{
	while (*name != '\0' && *variable == *name) {
		variable++;
		name++;
	}
	return *name == '\0' && *variable == '=' ? variable + 1 : NULL;
}

/* FCGX_GetParam calls strncmp for each; almost all differ early. */
const char *
http_link_variable(const struct http_link *link, const char *name)
{
	const char *value = NULL;

	for (char **at = link->variables;
	     at != NULL && *at != NULL && value == NULL; at++)
		value = value_of(*at, name);
	return value;
}

static ssize_t
cgi_read(struct http_link *link, void *bytes, size_t size)
{
	ssize_t count;

	if (size > link->cgi_left)
		size = (size_t)link->cgi_left;
	if (size == 0)
		return 0;
	do
		count = read(STDIN_FILENO, bytes, size);
	while (count == -1 && errno == EINTR);
	if (count <= 0)
		return -1;
	link->cgi_left -= (unsigned long long)count;
	return count;
}

bool
http_link_has_prefix(const struct http_link *link, const char *prefix)
{
	size_t length = strlen(prefix);

	for (char **at = link->variables; at != NULL && *at != NULL; at++)
		if (strncmp(*at, prefix, length) == 0)
			return true;
	return false;
}

const char *
http_link_variable_at(const struct http_link *link, size_t i)
{
	char **at = link->variables;

	while (at != NULL && *at != NULL && i-- != 0)
		at++;
	return at == NULL ? NULL : *at;
}

ssize_t
http_link_read(struct http_link *link, void *bytes, size_t size)
{
	int count;

	if (link->is_cgi)
		return cgi_read(link, bytes, size);
	count = FCGX_GetStr(bytes, (int)size, link->fcgi.in);
	if (count == 0 && FCGX_GetError(link->fcgi.in) != 0)
		return -1;
	return count;
}

void
http_link_reply_on(struct http_link *link, int fd)
{
	link->fcgi.ipcFd = fd;
}

static void
cgi_write(const char *bytes, size_t length)
{
	ssize_t count;

	while (length != 0) {
		count = write(STDOUT_FILENO, bytes, length);
		if (count == -1 && errno == EINTR)
			continue;
		if (count == -1)
			return; /* the caller went away */
		bytes += count;
		length -= (size_t)count;
	}
}

void
http_link_write(struct http_link *link, const void *bytes, size_t length)
{
	const char *at = bytes;
	size_t part;

	if (link->is_cgi) {
		cgi_write(bytes, length);
		return;
	}
	for (; length != 0; at += part, length -= part) {
		part = length < WRITE_BYTES ? length : WRITE_BYTES;
		heartbeat();
		if (FCGX_PutStr(at, (int)part, link->fcgi.out) == -1)
			return; /* http_link_finish sees it */
	}
}

void
http_link_spoil(struct http_link *link)
{
	link->is_kept = false;
}

/* Sends what is left. */
static void
finish(struct http_link *link)
{
	/* libfcgi would wait for the other side before it closes. */
	FCGX_ClearError(link->fcgi.in);
	link->fcgi.keepConnection = 1;
	FCGX_Finish_r(&link->fcgi);
	link->variables = NULL;
}

void
http_link_abandon(struct http_link *link)
{
	FCGX_Free(&link->fcgi, 0);
	link->fcgi.ipcFd = -1;
	link->variables = NULL;
}

bool
http_link_finish_early(struct http_link *link, bool *closes)
{
	*closes = !link->is_kept;
	if (FCGX_GetError(link->fcgi.out) != 0) {
		close(link->fcgi.ipcFd);
		http_link_abandon(link);
		return false;
	}
	finish(link);
	return link->fcgi.ipcFd != -1;
}

bool
http_link_finish(struct http_link *link)
{
	if (link->is_cgi)
		return false;
	if (FCGX_GetError(link->fcgi.out) != 0)
		link->is_kept = false;
	finish(link);
	if (link->fcgi.ipcFd == -1)
		return false;
	if (link->is_kept)
		return true;
	close(link->fcgi.ipcFd);
	link->fcgi.ipcFd = -1;
	return false;
}

int64_t
http_link_age_ms(const struct http_link *link)
{
	return clock_monotonic_ms() - link->begun_ms;
}
