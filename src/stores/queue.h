#ifndef STORES_QUEUE_H
#define STORES_QUEUE_H
/*
 * The dispatch queue in Redis: only ids, only a hint. PostgreSQL decides
 * every claim, so the queue may hold an id twice, or one that is done, or
 * none. hiredis is included by redis.c alone.
 *
 * A queue is one connection that never blocks: calls append to an output
 * buffer (bounded; over 1 MiB the connection is dropped and the sweep covers
 * it), queue_step moves bytes. Times are clock_database_ms().
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ground/uuid.h"

struct queue;

/* url: redis://[user:password@]host:port[/db] or unix:///path, borrowed.
 * share_dir holds lua/; both as in config. Opens nothing yet. NULL and logged
 * when the functions cannot be read: it could then neither push nor take. */
struct queue *queue_new(const char *url, const char *share_dir);
void queue_free(struct queue *queue);

struct queue_entry {
	struct uuid webhook_id, subscription_id;
	int64_t due_at;
};
/* Enqueueing an id that is there already moves it to the given time. */
void queue_push(struct queue *queue, const struct queue_entry *entries,
    size_t count, int64_t now_ms);

/* How a subscription's last attempt ended. */
enum queue_class {
	QUEUE_QUICK,   /* with an answer that came soon */
	QUEUE_UNTRIED, /* otherwise, or it is not known */
	QUEUE_SLOW,    /* with a time-out */
	QUEUE_CLASSES
};

/* How many ids a take may give. */
struct queue_quota {
	size_t count;
	size_t untried; /* of them, those of untried and slow subscriptions */
	size_t slow;	/* of these, those of slow subscriptions */
	size_t each; /* a subscription that has so many in flight gets none */
};

/* Asks for due ids. The answer comes out of queue_answer. */
void queue_take(struct queue *queue, const struct queue_quota *quota,
    int64_t now_ms, int64_t lease_ms, int64_t window_max);

/* What became of a taken id. due_at 0: it is done. */
struct queue_settled {
	struct uuid webhook_id, subscription_id;
	int64_t due_at;
	enum {
		QUEUE_WELL,
		QUEUE_LATE,	/* well, but it took long */
		QUEUE_ANSWERED, /* soon, with an error (4xx) */
		QUEUE_SICK,	/* refused, reset, too busy */
		QUEUE_TIMED_OUT,
		QUEUE_NEUTRAL /* not attempted: says nothing of its health */
	} health;
};
void queue_settle(struct queue *queue, const struct queue_settled *settled,
    size_t count, int64_t now_ms, int64_t window_max);

/* Takes a subscription out of the cache: it is not what it was. */
void queue_uncache(struct queue *queue, const struct uuid *subscription_id);

/* Waits for a wake token (BLPOP, on a queue of its own that does only this):
 * the answer shows in queue_taken as woken. */
void queue_wait(struct queue *queue, int64_t seconds);

/* Moves bytes without blocking. 0, or -1 while there is no connection (a new
 * one is tried after 50 ms growing to 2 s). */
int queue_step(struct queue *queue);
int queue_socket(const struct queue *queue); /* -1 while there is none */
short queue_events(const struct queue *queue);
/* Milliseconds until queue_step or queue_answer must be called although
 * nothing came. */
int64_t queue_wait_ms(const struct queue *queue);
/* Sends what is still to be sent, before one leaves; waits that long at most.
 * What Redis has not been told the keeper finds, but seconds later. */
void queue_flush(struct queue *queue, int64_t most_ms);
/* It can do all of its work: a function that writes was answered on this
 * connection. Until then, and whenever Redis refuses (READONLY, MISCONF, NOPERM,
 * BUSY, a cluster's redirects, ...), it is down. */
bool queue_is_up(const struct queue *queue);
/* Full (OOM): what it holds can be taken and settled, which frees memory, but
 * nothing new gets in; so what is due must be looked for in PostgreSQL too. */
bool queue_is_full(const struct queue *queue);
size_t queue_outstanding(const struct queue *queue); /* takes, waits */

/* The next answer to a take or a wait: 1 and *taken, 0 none yet. */
struct queue_taken {
	bool woken;		     /* an answer to queue_wait */
	bool failed;		     /* refused, or the connection was lost */
	struct queue_entry *entries; /* yours to free(); due_at unset */
	enum queue_class *classes;   /* yours: of their subscriptions */
	size_t count;
	int64_t next_due; /* of what is not due yet; 0: none */
};
int queue_answer(struct queue *queue, struct queue_taken *taken);

/* These wait for the answer, for a second at most. */

/* What Redis holds is unknown after a restart or FLUSHALL: run id and epoch
 * key tell. 1 same as last time, 0 changed, -1 it is not up. */
int queue_check_epoch(struct queue *queue);
/* Whether it can do all of its work, by doing a little; all that was pushed
 * before has arrived then. 0, or -1. */
int queue_probe(struct queue *queue);
/* Why it is not up, in a word of Redis's such as READONLY or in a few; "" when
 * it is. Valid until the next call. */
const char *queue_trouble(struct queue *queue);
#endif
