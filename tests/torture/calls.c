/* The calls, each with the way in which it fails: as in life, so a connection
 * that breaks is shut down. */
#include "fail.h"

#include <errno.h>
#include <fcgiapp.h>
#include <hiredis/hiredis.h>
#include <libpq-fe.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

/* CALL(TYPE, NAME, PARAMETERS, ARGUMENTS, FAILURE): FAILURE is what it does and
 * returns instead. The Makefile reads the names; the type has no comma. */
#define CALL(type, name, parameters, arguments, failure) \
	type __real_##name parameters; \
	type __wrap_##name parameters; \
	type __wrap_##name parameters \
	{ \
		if (fails(#name, __builtin_frame_address(0))) \
			return failure; \
		return __real_##name arguments; \
	}

#define WITH(code, value) (errno = (code), (value))

/* ---- memory and files ---------------------------------------------------- */

CALL(void *, calloc, (size_t count, size_t size), (count, size),
    WITH(ENOMEM, NULL))
CALL(void *, realloc, (void *old, size_t size), (old, size), WITH(ENOMEM, NULL))
CALL(void *, mmap64,
    (void *at, size_t size, int protection, int flags, int fd, off_t offset),
    (at, size, protection, flags, fd, offset), WITH(ENOMEM, MAP_FAILED))
CALL(int, setenv, (const char *name, const char *value, int over),
    (name, value, over), WITH(ENOMEM, -1))

static int
spoiled_file(FILE *file)
{
	file->_flags |= 0x20; /* glibc's _IO_ERR_SEEN: what ferror() looks at */
	errno = EIO;
	return -1;
}

CALL(FILE *, fopen64, (const char *path, const char *mode), (path, mode),
    WITH(EMFILE, NULL))
CALL(size_t, fread, (void *to, size_t size, size_t count, FILE *file),
    (to, size, count, file), (spoiled_file(file), 0))
CALL(ssize_t, __getdelim, (char **line, size_t *room, int end, FILE *file),
    (line, room, end, file), spoiled_file(file))
CALL(ssize_t, getline, (char **line, size_t *room, FILE *file),
    (line, room, file), spoiled_file(file))
CALL(int, scandir64,
    (const char *path, void *entries, void *fits, void *compare),
    (path, entries, fits, compare), WITH(ENOMEM, -1))
CALL(int, open64, (const char *path, int flags, int mode), (path, flags, mode),
    WITH(EMFILE, -1))
CALL(ssize_t, read, (int fd, void *to, size_t size), (fd, to, size),
    WITH(EIO, -1))
CALL(ssize_t, write, (int fd, const void *from, size_t size), (fd, from, size),
    WITH(ENOSPC, -1))
CALL(ssize_t, pwrite64, (int fd, const void *from, size_t size, off_t at),
    (fd, from, size, at), WITH(ENOSPC, -1))
CALL(int, ftruncate64, (int fd, off_t size), (fd, size), WITH(ENOSPC, -1))
CALL(int, fcntl64, (int fd, int command, long argument),
    (fd, command, argument), WITH(EINVAL, -1))
CALL(int, mkdir, (const char *path, unsigned mode), (path, mode),
    WITH(ENOSPC, -1))
CALL(int, flock, (int fd, int operation), (fd, operation), WITH(ENOLCK, -1))
CALL(int, memfd_create, (const char *name, unsigned flags), (name, flags),
    WITH(EMFILE, -1))
CALL(int, eventfd, (unsigned int start, int flags), (start, flags),
    WITH(EMFILE, -1))
CALL(int, pipe2, (int ends[2], int flags), (ends, flags), WITH(EMFILE, -1))
CALL(int, dup2, (int from, int to), (from, to), WITH(EMFILE, -1))
CALL(ssize_t, getrandom, (void *to, size_t size, unsigned flags),
    (to, size, flags), WITH(EINTR, -1))

/* ---- processes and sockets ----------------------------------------------- */

CALL(int, execv, (const char *path, char *const arguments[]), (path, arguments),
    WITH(ENOMEM, -1))
CALL(int, socket, (int domain, int type, int protocol),
    (domain, type, protocol), WITH(EMFILE, -1))
CALL(int, socketpair, (int domain, int type, int protocol, int ends[2]),
    (domain, type, protocol, ends), WITH(EMFILE, -1))
CALL(int, connect, (int fd, const void *address, unsigned length),
    (fd, address, length), WITH(ENETUNREACH, -1))
CALL(int, bind, (int fd, const void *address, socklen_t length),
    (fd, address, length), WITH(EADDRINUSE, -1))
CALL(int, listen, (int fd, int backlog), (fd, backlog), WITH(EADDRINUSE, -1))
CALL(int, accept4, (int fd, void *address, socklen_t *length, int flags),
    (fd, address, length, flags), WITH(EMFILE, -1))
CALL(int, setsockopt,
    (int fd, int level, int name, const void *value, socklen_t length),
    (fd, level, name, value, length), WITH(ENOBUFS, -1))
CALL(ssize_t, recv, (int fd, void *to, size_t size, int flags),
    (fd, to, size, flags), WITH(ECONNRESET, -1))
CALL(ssize_t, sendto,
    (int fd, const void *from, size_t size, int flags, const void *address,
	socklen_t length),
    (fd, from, size, flags, address, length), WITH(ECONNREFUSED, -1))
CALL(int, poll, (struct pollfd * fds, nfds_t count, int timeout),
    (fds, count, timeout), WITH(ENOMEM, -1))
CALL(int, ppoll,
    (struct pollfd * fds, nfds_t count, const struct timespec *timeout,
	const sigset_t *open),
    (fds, count, timeout, open), WITH(ENOMEM, -1))
CALL(int, epoll_create1, (int flags), (flags), WITH(EMFILE, -1))
CALL(int, epoll_ctl, (int epoll, int what, int fd, struct epoll_event *event),
    (epoll, what, fd, event), WITH(ENOSPC, -1))
CALL(int, epoll_pwait,
    (int epoll, struct epoll_event *events, int room, int timeout,
	const sigset_t *open),
    (epoll, events, room, timeout, open), WITH(EINTR, -1))
CALL(int, getifaddrs, (void *all), (all), WITH(ENOBUFS, -1))

/* ---- libpq: out of memory, or the connection is gone --------------------- */

static int
broken(int fd, int value)
{
	shutdown(fd, SHUT_RDWR);
	return value;
}

PGresult *__real_PQgetResult(PGconn *conn);

/* As libpq does without memory: the true answer is lost, an error stands for
 * it. No answer at all stays none. */
static PGresult *
lost_result(PGconn *conn)
{
	PGresult *result = __real_PQgetResult(conn);

	if (result == NULL)
		return NULL;
	PQclear(result);
	return PQmakeEmptyPGresult(conn, PGRES_FATAL_ERROR);
}

CALL(PGconn *, PQconnectStartParams,
    (const char *const *keys, const char *const *values, int expand),
    (keys, values, expand), NULL)
CALL(PostgresPollingStatusType, PQconnectPoll, (PGconn * conn), (conn),
    (broken(PQsocket(conn), 0), __real_PQconnectPoll(conn)))
CALL(int, PQsetnonblocking, (PGconn * conn, int on), (conn, on), -1)
CALL(int, PQsendPrepare,
    (PGconn * conn, const char *name, const char *sql, int count,
	const Oid *types),
    (conn, name, sql, count, types), 0)
CALL(int, PQsendQuery, (PGconn * conn, const char *sql), (conn, sql), 0)
CALL(int, PQsendQueryPrepared,
    (PGconn * conn, const char *name, int count, const char *const *values,
	const int *lengths, const int *formats, int binary),
    (conn, name, count, values, lengths, formats, binary), 0)
CALL(int, PQflush, (PGconn * conn), (conn), broken(PQsocket(conn), -1))
CALL(int, PQconsumeInput, (PGconn * conn), (conn), broken(PQsocket(conn), 0))
CALL(PGresult *, PQgetResult, (PGconn * conn), (conn), lost_result(conn))

/* ---- hiredis ------------------------------------------------------------- */

static int
redis_error(redisContext *context, int error, const char *words)
{
	context->err = error;
	strncpy(context->errstr, words, sizeof(context->errstr) - 1);
	if (error == REDIS_ERR_IO)
		shutdown(context->fd, SHUT_RDWR);
	return REDIS_ERR;
}

CALL(redisContext *, redisConnectNonBlock, (const char *host, int port),
    (host, port), NULL)
CALL(redisContext *, redisConnectUnixNonBlock, (const char *path), (path), NULL)
CALL(int, redisAppendCommandArgv,
    (redisContext * context, int count, const char **words,
	const size_t *lengths),
    (context, count, words, lengths),
    redis_error(context, REDIS_ERR_OOM, "Out of memory"))
CALL(int, redisBufferRead, (redisContext * context), (context),
    redis_error(context, REDIS_ERR_IO, "Connection reset by peer"))
CALL(int, redisBufferWrite, (redisContext * context, int *done),
    (context, done), redis_error(context, REDIS_ERR_IO, "Broken pipe"))
CALL(int, redisGetReplyFromReader, (redisContext * context, void **reply),
    (context, reply), redis_error(context, REDIS_ERR_OOM, "Out of memory"))

/* ---- libfcgi: the server went away --------------------------------------- */

static FCGX_Request *
hung_up(FCGX_Request *request)
{
	if (shutdown(request->ipcFd, SHUT_RDWR) == -1)
		lseek(request->ipcFd, 0, SEEK_END); /* a file in memory */
	return request;
}

/* ipcFd is not to be had from a stream: the end of its bytes is. */
static int
cut(FCGX_Stream *stream)
{
	stream->isClosed = 1;
	stream->FCGI_errno = EPIPE;
	return -1;
}

CALL(int, FCGX_Init, (void), (), -1)
CALL(int, FCGX_Accept_r, (FCGX_Request * request), (request),
    __real_FCGX_Accept_r(hung_up(request)))
CALL(int, FCGX_GetStr, (char *to, int size, FCGX_Stream *stream),
    (to, size, stream), (cut(stream), 0))
CALL(int, FCGX_PutStr, (const char *from, int size, FCGX_Stream *stream),
    (from, size, stream), cut(stream))

/* ---- libcurl, by the numbers of its error codes -------------------------- */

enum {
	CURLE_FAILED_INIT = 2,
	CURLM_OUT_OF_MEMORY = 3,
	CURLUE_OUT_OF_MEMORY = 7,
	CURLE_OUT_OF_MEMORY = 27
};

CALL(int, curl_global_init, (long flags), (flags), CURLE_FAILED_INIT)
CALL(void *, curl_multi_init, (void), (), NULL)
CALL(void *, curl_easy_init, (void), (), NULL)
CALL(int, curl_easy_setopt, (void *easy, int option, long value),
    (easy, option, value), CURLE_OUT_OF_MEMORY)
CALL(int, curl_multi_add_handle, (void *multi, void *easy), (multi, easy),
    CURLM_OUT_OF_MEMORY)
CALL(int, curl_multi_perform, (void *multi, int *running), (multi, running),
    CURLM_OUT_OF_MEMORY)
CALL(int, curl_multi_poll,
    (void *multi, void *others, unsigned count, int timeout, int *ready),
    (multi, others, count, timeout, ready), CURLM_OUT_OF_MEMORY)
CALL(void *, curl_slist_append, (void *list, const char *line), (list, line),
    NULL)
CALL(void *, curl_url, (void), (), NULL)
CALL(int, curl_url_set,
    (void *url, int part, const char *value, unsigned flags),
    (url, part, value, flags), CURLUE_OUT_OF_MEMORY)
CALL(int, curl_url_get, (void *url, int part, char **value, unsigned flags),
    (url, part, value, flags), CURLUE_OUT_OF_MEMORY)

/* ---- c-ares -------------------------------------------------------------- */

enum { ARES_ENOMEM = 15 };

CALL(int, ares_init_options, (void *channel, void *options, int mask),
    (channel, options, mask), ARES_ENOMEM)
CALL(int, ares_save_options, (void *channel, void *options, int *mask),
    (channel, options, mask), ARES_ENOMEM)

/* ---- and the others ------------------------------------------------------ */

CALL(int, idn2_to_ascii_8z, (const char *from, char **to, int flags),
    (from, to, flags), -100) /* IDN2_MALLOC */
CALL(int, sodium_init, (void), (), -1)
