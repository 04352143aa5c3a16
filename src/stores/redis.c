#include "stores/redis.h"

#include <errno.h>
#include <fcntl.h>
#include <hiredis/hiredis.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "ground/clock.h"
#include "ground/log.h"
#include "ground/text.h"
#include "stores/redis_url.h"

#define OUTPUT_MAX_BYTES (1024 * 1024)
#define OUTSTANDING_MAX 16384
#define GREETING_MS 1000
#define CALM_MS 2000 /* without a fault, before all is well again */
#define NOTHING_DUE_MS 60000
#define REASON_SIZE 160
#define TELL_AGAIN_MS 3000 /* between two log lines of one trouble */
#define TAG_GREETING -1

/* A command that is not answered yet. */
struct waiting {
	int tag;
	int64_t deadline_ms; /* of its turn */
};

struct redis {
	struct redis_url url;
	bool url_is_bad;
	struct redis_user user;
	redisContext *connection; /* NULL: none */
	struct waiting *waiting;  /* a ring of a power of two */
	size_t first, count, room;
	int64_t turn_at;	  /* since when the first is waited for; 0: not
				   yet sent */
	bool answers;		  /* on this connection */
	bool trouble;		  /* as last logged */
	char told[REASON_SIZE];	  /* the reason that was logged */
	char reason[REASON_SIZE]; /* of the last fault */
	int64_t told_at, opened_at, rest_until, rest_ms;
};

struct redis *
redis_new(const char *url, const struct redis_user *user)
{
	struct redis *redis = memory_get(sizeof(*redis));
	struct sigaction action;
	const char *reason;

	redis->user = *user;
	if (redis_url_parse(url, &redis->url, &reason) == -1) {
		log_error("cannot use Redis: REDIS_URL %s for=%s", reason,
		    user->name);
		redis->url_is_bad = true;
		snprintf(redis->reason, sizeof(redis->reason), "REDIS_URL %s",
		    reason);
	}
	/* hiredis writes to sockets that the peer may have closed. */
	if (sigaction(SIGPIPE, NULL, &action) == 0 &&
	    action.sa_handler == SIG_DFL)
		signal(SIGPIPE, SIG_IGN);
	return redis;
}

void
redis_free(struct redis *redis)
{
	int done;

	if (redis == NULL)
		return;
	if (redis->connection != NULL) {
		if (sdslen(redis->connection->obuf) != 0)
			redisBufferWrite(redis->connection, &done);
		redisFree(redis->connection);
	}
	redis_url_release(&redis->url);
	free(redis->waiting);
	free(redis);
}

/* Once a trouble, and again when its reason is another one. */
static void
redis_tell_trouble(struct redis *redis)
{
	int64_t now = clock_monotonic_ms();

	if (redis->trouble &&
	    (now - redis->told_at < TELL_AGAIN_MS ||
		strcmp(redis->reason, redis->told) == 0))
		return;
	redis->trouble = true;
	redis->told_at = now;
	memcpy(redis->told, redis->reason, sizeof(redis->told));
	log_warning("lost Redis, going on without it for=%s reason=\"%s\"",
	    redis->user.name, redis->reason);
}

/* The connection ends here, and all that waits is answered with "lost". */
static void
redis_close(struct redis *redis, const char *reason)
{
	size_t lost = redis->count;

	snprintf(redis->reason, sizeof(redis->reason), "%s", reason);
	redis_tell_trouble(redis);
	if (redis->connection != NULL)
		redisFree(redis->connection);
	redis->connection = NULL;
	redis->answers = false;
	redis->turn_at = 0;
	redis->rest_ms *= 2;
	if (redis->rest_ms < redis->user.rest_least_ms)
		redis->rest_ms = redis->user.rest_least_ms;
	if (redis->rest_ms > redis->user.rest_most_ms)
		redis->rest_ms = redis->user.rest_most_ms;
	redis->rest_until = clock_monotonic_ms() + redis->rest_ms;
	while (lost-- > 0) {
		struct waiting *first = &redis->waiting[redis->first];

		redis->first = (redis->first + 1) & (redis->room - 1);
		redis->count--;
		if (first->tag != TAG_GREETING)
			redis->user.answered(
			    redis->user.context, first->tag, NULL);
	}
}

static void
redis_push_waiting(struct redis *redis, int tag, int64_t deadline_ms)
{
	if (redis->count == redis->room) {
		size_t room = redis->room != 0 ? redis->room * 2 : 64;
		struct waiting *ring = memory_get(room * sizeof(*ring));

		for (size_t i = 0; i < redis->count; i++)
			ring[i] = redis->waiting[(redis->first + i) &
			    (redis->room - 1)];
		free(redis->waiting);
		redis->waiting = ring;
		redis->room = room;
		redis->first = 0;
	}
	redis->waiting[(redis->first + redis->count++) & (redis->room - 1)] =
	    (struct waiting){ tag, deadline_ms };
}

static int
redis_append(struct redis *redis, int tag, int64_t deadline_ms,
    const struct redis_part *parts, size_t count)
{
	const char **argv = memory_get(count * sizeof(*argv));
	size_t *lengths = memory_get(count * sizeof(*lengths));
	int rc;

	for (size_t i = 0; i < count; i++) {
		argv[i] = parts[i].bytes;
		lengths[i] = parts[i].length;
	}
	rc = redisAppendCommandArgv(
	    redis->connection, (int)count, argv, lengths);
	free(argv);
	free(lengths);
	if (rc != REDIS_OK) {
		redis_close(redis, redis->connection->errstr);
		return -1;
	}
	redis_push_waiting(redis, tag, deadline_ms);
	return 0;
}

static int
redis_say(struct redis *redis, const char *first, const char *second,
    const char *third)
{
	const char *const words[] = { first, second, third };
	struct redis_part parts[3];
	size_t count = 0;

	for (size_t i = 0; i < 3; i++)
		if (words[i] != NULL)
			parts[count++] =
			    (struct redis_part){ words[i], strlen(words[i]) };
	return redis_append(redis, TAG_GREETING, GREETING_MS, parts, count);
}

/* The PING makes an idle connection show whether anybody is there. */
static int
redis_greet(struct redis *redis)
{
	const struct redis_url *url = &redis->url;
	char db[16];

	if (url->password != NULL && url->user != NULL &&
	    redis_say(redis, "AUTH", url->user, url->password) == -1)
		return -1;
	if (url->password != NULL && url->user == NULL &&
	    redis_say(redis, "AUTH", url->password, NULL) == -1)
		return -1;
	snprintf(db, sizeof(db), "%d", url->db);
	if (url->db != 0 && redis_say(redis, "SELECT", db, NULL) == -1)
		return -1;
	return redis_say(redis, "PING", NULL, NULL);
}

static int
redis_open(struct redis *redis)
{
	redisContext *connection;

	if (redis->url_is_bad || clock_monotonic_ms() < redis->rest_until)
		return -1;
	connection = redis->url.path != NULL
	    ? redisConnectUnixNonBlock(redis->url.path)
	    : redisConnectNonBlock(redis->url.host, redis->url.port);
	if (connection == NULL || connection->err != 0) {
		redis_close(redis,
		    connection == NULL ? "no memory" : connection->errstr);
		if (connection != NULL)
			redisFree(connection);
		return -1;
	}
	fcntl(connection->fd, F_SETFD, FD_CLOEXEC);
	redis->connection = connection;
	redis->opened_at = clock_monotonic_ms();
	if (redis_greet(redis) == -1)
		return -1;
	if (redis->user.opened != NULL)
		redis->user.opened(redis->user.context);
	return redis->connection != NULL ? 0 : -1;
}

/* A server that went away while we were idle has closed the socket: seen here,
 * so that the first call after its return works. */
static void
redis_drop_dead(struct redis *redis)
{
	struct pollfd fd;

	if (redis->connection == NULL || redis->count != 0)
		return;
	fd = (struct pollfd){ .fd = redis->connection->fd, .events = POLLIN };
	if (poll(&fd, 1, 0) <= 0)
		return;
	redisFree(redis->connection);
	redis->connection = NULL;
	redis->answers = false;
}

int
redis_send(struct redis *redis, int tag, int64_t deadline_ms,
    const struct redis_part *parts, size_t count)
{
	redis_drop_dead(redis);
	if (redis->connection == NULL && redis_open(redis) == -1)
		return -1;
	if (sdslen(redis->connection->obuf) > OUTPUT_MAX_BYTES ||
	    redis->count >= OUTSTANDING_MAX) {
		redis_close(redis, "it takes too little of what is sent");
		return -1;
	}
	return redis_append(redis, tag, deadline_ms, parts, count);
}

/* Errors that say: not now, not here, or not to you. OOM is none of them: what
 * needs no memory goes on. */
static bool
says_unavailable(const char *error)
{
	static const char *const prefixes[] = { "LOADING", "MISCONF",
		"READONLY", "NOAUTH", "WRONGPASS", "NOPERM", "MASTERDOWN",
		"CLUSTERDOWN", "MOVED", "ASK ", "TRYAGAIN", "CROSSSLOT",
		"NOREPLICAS", "DENIED", "BUSY ", "UNKILLABLE",
		"ERR max number of clients" };

	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
		if (strncmp(error, prefixes[i], strlen(prefixes[i])) == 0)
			return true;
	return false;
}

/* The first connection is trusted at once, one after a fault in a while. */
static void
redis_note_health(struct redis *redis, int64_t now)
{
	redis->answers = true;
	if (redis->rest_ms == 0 || now - redis->opened_at < CALM_MS)
		return;
	redis->rest_ms = 0;
	if (redis->trouble) {
		redis->trouble = false;
		log_info("Redis answers again for=%s", redis->user.name);
	}
}

/* 0, or -1: it closed the connection. */
static int
redis_take_reply(struct redis *redis, redisReply *reply)
{
	int64_t now = clock_monotonic_ms();
	struct waiting first;

	if (reply->type == REDIS_REPLY_ERROR &&
	    (says_unavailable(reply->str) || redis->count == 0 ||
		redis->waiting[redis->first].tag == TAG_GREETING)) {
		redis_close(redis, reply->str);
		return -1;
	}
	if (redis->count == 0) {
		redis_close(redis, "it answered what was not asked");
		return -1;
	}
	first = redis->waiting[redis->first];
	redis->first = (redis->first + 1) & (redis->room - 1);
	redis->count--;
	redis->turn_at = redis->count != 0 ? now : 0;
	redis_note_health(redis, now);
	if (first.tag != TAG_GREETING)
		redis->user.answered(redis->user.context, first.tag,
		    (const struct redis_reply *)reply);
	return redis->connection != NULL ? 0 : -1;
}

static int
redis_take_replies(struct redis *redis)
{
	void *reply;
	int rc;

	for (;;) {
		if (redisGetReplyFromReader(redis->connection, &reply) !=
		    REDIS_OK) {
			redis_close(redis, redis->connection->errstr);
			return -1;
		}
		if (reply == NULL)
			return 0;
		rc = redis_take_reply(redis, reply);
		freeReplyObject(reply);
		if (rc == -1)
			return -1;
	}
}

/* Moves what can be moved now. 0, -1: it closed the connection. */
static int
redis_move(struct redis *redis)
{
	redisContext *connection = redis->connection;
	int done = sdslen(connection->obuf) == 0;

	if (!done && redisBufferWrite(connection, &done) != REDIS_OK) {
		redis_close(redis, connection->errstr);
		return -1;
	}
	if (redis->count != 0 && redis->turn_at == 0)
		redis->turn_at = clock_monotonic_ms();
	if (redisBufferRead(connection) != REDIS_OK) {
		redis_close(redis, connection->errstr);
		return -1;
	}
	return redis_take_replies(redis);
}

static int64_t
redis_deadline(const struct redis *redis)
{
	return redis->turn_at + redis->waiting[redis->first].deadline_ms;
}

int
redis_step(struct redis *redis)
{
	if (redis->connection == NULL && redis_open(redis) == -1)
		return -1;
	if (redis_move(redis) == -1)
		return -1;
	if (redis->count != 0 && redis->turn_at != 0 &&
	    clock_monotonic_ms() >= redis_deadline(redis)) {
		redis_close(redis, "no answer in time");
		return -1;
	}
	return 0;
}

int
redis_socket(const struct redis *redis)
{
	return redis->connection != NULL ? redis->connection->fd : -1;
}

short
redis_events(const struct redis *redis)
{
	if (redis->connection == NULL)
		return 0;
	return sdslen(redis->connection->obuf) != 0 ? POLLIN | POLLOUT : POLLIN;
}

int64_t
redis_wait_ms(const struct redis *redis)
{
	int64_t until = redis->rest_until;
	int64_t wait;

	if (redis->url_is_bad)
		return NOTHING_DUE_MS;
	if (redis->connection != NULL) {
		if (redis->count == 0)
			return NOTHING_DUE_MS;
		if (redis->turn_at == 0)
			return 0;
		until = redis_deadline(redis);
	}
	wait = until - clock_monotonic_ms();
	return wait > 0 ? wait : 0;
}

bool
redis_is_up(const struct redis *redis)
{
	return redis->connection != NULL && redis->answers;
}

void
redis_refused(struct redis *redis, const struct redis_reply *reply)
{
	redis_close(redis, redis_string(reply, NULL));
}

const char *
redis_reason(const struct redis *redis)
{
	return redis->reason;
}

int
redis_ask(struct redis *redis, int tag, int64_t deadline_ms,
    const struct redis_part *parts, size_t count, const bool *done)
{
	if (redis_send(redis, tag, deadline_ms, parts, count) == -1)
		return -1;
	return redis_await(redis, deadline_ms, done);
}

int
redis_await(struct redis *redis, int64_t deadline_ms, const bool *done)
{
	int64_t until = clock_monotonic_ms() + deadline_ms;

	while (redis_step(redis) == 0 && !*done) {
		struct pollfd ready = { .fd = redis_socket(redis),
			.events = redis_events(redis) };
		int64_t left = until - clock_monotonic_ms();

		if (left <= 0) {
			redis_close(redis, "no answer in time");
			return -1;
		}
		if (poll(&ready, 1, (int)left) == -1 && errno != EINTR) {
			redis_close(redis, strerror(errno));
			return -1;
		}
	}
	return redis->connection != NULL && *done ? 0 : -1;
}
