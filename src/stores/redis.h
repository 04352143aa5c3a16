#ifndef STORES_REDIS_H
#define STORES_REDIS_H
/*
 * One connection to Redis that never blocks: redis_send appends, redis_step
 * moves bytes and hands out the answers in order. Only redis.c includes
 * hiredis. Any fault (a missed deadline, a broken stream, an answer that says
 * "not now": LOADING, MISCONF, READONLY, NOAUTH, MOVED, ...) closes the
 * connection, since its stream of answers may be out of step; then it rests,
 * longer with each fault. The log has a line when the state changes, not one
 * a call.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct redis;
struct redis_reply; /* borrowed, for the length of a callback */

struct redis_user {
	const char *name;      /* for the log; a literal */
	int64_t rest_least_ms; /* after the first fault */
	int64_t rest_most_ms;
	/* A connection was begun: what has to be sent first; may be NULL. */
	void (*opened)(void *context);
	/* reply NULL: the connection was lost, nobody knows what became of
	 * the command. May call redis_send. */
	void (*answered)(
	    void *context, int tag, const struct redis_reply *reply);
	void *context;
};

/* A url that cannot be read is logged here, and there is never a connection.
 * Opens nothing. */
struct redis *redis_new(const char *url, const struct redis_user *user);
/* Tries once to send what is still unsent. Nothing is answered any more. */
void redis_free(struct redis *redis);

struct redis_part {
	const void *bytes;
	size_t length;
};
#define REDIS_LITERAL(text) ((struct redis_part){ text, sizeof(text) - 1 })
/* Appends a command; tag (0 or more) comes back with its answer, which must
 * come within deadline_ms of its turn. Begins a connection when there is none
 * and the rest is over. 0, or -1: not sent, and never answered. */
int redis_send(struct redis *redis, int tag, int64_t deadline_ms,
    const struct redis_part *parts, size_t count);

/* 0, or -1 while there is no connection. */
int redis_step(struct redis *redis);
int redis_socket(const struct redis *redis); /* -1 while there is none */
short redis_events(const struct redis *redis);
int64_t redis_wait_ms(const struct redis *redis); /* 60,000: nothing due */
bool redis_is_up(const struct redis *redis);	  /* it answers */
/* From `answered`: this error is a fault of the server, not of the command. It
 * closes the connection. */
void redis_refused(struct redis *redis, const struct redis_reply *reply);
/* Why a connection was last closed; "" if none ever was. */
const char *redis_reason(const struct redis *redis);

/* Steps until `done` is set, by answered. 0; -1 when the connection was lost or
 * the deadline passed, which closes it. */
int redis_await(struct redis *redis, int64_t deadline_ms, const bool *done);
/* Sends, and waits for the answer in this way. */
int redis_ask(struct redis *redis, int tag, int64_t deadline_ms,
    const struct redis_part *parts, size_t count, const bool *done);

/* Reading a reply; NULL is a reply of no kind. */
bool redis_is_error(const struct redis_reply *reply);
/* Whether it is an error that begins with this word. */
bool redis_error_is(const struct redis_reply *reply, const char *word);
/* Of a string, a status or an error, else NULL. NUL-terminated. */
const char *redis_string(const struct redis_reply *reply, size_t *length);
int64_t redis_integer(const struct redis_reply *reply); /* else 0 */
/* Of a list, else 0 and NULL. */
size_t redis_count(const struct redis_reply *reply);
const struct redis_reply *redis_at(const struct redis_reply *reply, size_t i);
#endif
