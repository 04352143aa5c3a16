#ifndef WORKER_DELIVERY_H
#define WORKER_DELIVERY_H
/*
 * A delivery process. Its loop: settle, claim, dispatch, poll.
 *
 *   queue_take -> wanted ids -> claim -> jobs in flight -> jobs done
 *       ^           ^            |                             |
 *       |           `-- large <--'                             |
 *       `------ queue_settle <--- commit <--- settle batch <---'
 *
 * A claim takes what has a small payload, and gives the size of each other:
 * that one is claimed once its share (share.h) has room. So a claim is bounded
 * in rows and in bytes; after one that failed the next is half as large.
 *
 * Settles have a connection of their own, all else another; one statement is
 * under way on each. A job is freed only once its result is committed.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "stores/db.h"
#include "stores/delivery.h"
#include "share.h"
#include "stores/queue.h"
#include "transfer.h"
#include "window.h"

/* One webhook in our hands. */
struct job {
	struct job *next;
	struct claimed *claimed;
	enum queue_class class; /* of its subscription */
	struct uuid log_id;
	struct text signatures; /* no bytes: unsigned */
	struct transfer_answer answer;
	struct outcome outcome;
	struct result result; /* points into the rest of the job */
};

struct jobs { /* first in, first out */
	struct job *first, *last;
	size_t count;
};
void jobs_add(struct jobs *jobs, struct job *job);
struct job *jobs_take(struct jobs *jobs); /* NULL when empty */
/* Puts `from` before all of `to`, in order. */
void jobs_put_back(struct jobs *to, struct jobs *from);
void job_free(struct job *job);

struct wanted { /* an id to be claimed */
	struct uuid webhook_id, subscription_id;
	enum queue_class class;
	size_t bytes;  /* of a large payload; 0: not known, or small */
	int64_t since; /* monotonic: when its size came to be known */
};

#define WANTS_MOST 256 /* in one claim */
#define LARGE_MOST 1024

struct wants {
	struct wanted list[WANTS_MOST];
	size_t count;
	bool large; /* of known size */
};

/* How much one claim may bring, and how claims went lately. */
struct pace {
	size_t rows, bytes;
	size_t failed; /* in a row */
	int64_t failing_since, failed_at, tell_at;
};

struct delivery {
	struct db *db;	       /* claims, and all but results */
	struct db *results_db; /* settles: neither waits for the other */
	struct queue *queue;   /* takes and settles */
	struct queue *bell;    /* only waits to be woken */
	struct transfers *transfers;
	struct window *window;
	struct lease lease; /* of the latest claim */
	struct share share; /* what is in flight */
	struct pace pace;
	bool stops;

	enum {
		DOING_NOTHING,
		DOING_CLAIM,
		DOING_PICK,
		DOING_CLOCK,
		DOING_RETURN,
		DOING_PARTITIONS
	} doing;
	bool settles;	    /* a batch of results is being committed */
	bool database_away; /* the last statement on db found none */
	bool results_away;  /* the same of results_db */
	bool lacks_partition;

	struct wants wants;		 /* to be claimed, or being claimed */
	struct wanted large[LARGE_MOST]; /* to be claimed once there is room */
	size_t large_count;
	bool large_next;    /* of the two sources of wants it is their turn */
	struct jobs alone;  /* claimed; each runs with no other */
	struct jobs unsent; /* claimed, and not to be sent now */
	struct jobs locked; /* the same: a secret cannot be opened */
	int64_t locked_tell_at;
	/* What is being given back: some of those, or a claim that may have
	 * been committed, or not. Nothing is claimed meanwhile. */
	struct wants returns;
	struct lease returns_lease;
	int64_t returns_at;
	bool returns_later;  /* not to be tried again at once */
	bool returns_locked; /* and due only when somebody may have mended it */
	bool alone_runs;
	struct jobs done;   /* to be committed */
	struct jobs batch;  /* being committed */
	int64_t done_since; /* monotonic: when the first of them came */
	int64_t settle_at;  /* not before: monotonic */
	size_t batch_most;

	bool take_is_out, bell_is_out;
	bool rang;				     /* since the last take */
	int64_t take_at, pick_at, bell_at, clock_at; /* monotonic */
	bool clock_doubted; /* a claim came too early */
	int64_t clock_begun_us;
	int clock_tries;
	int64_t pick_wait_ms;
};

/* Runs until SIGTERM. Exit status for main. */
int delivery_run(int slot, uint64_t incarnation);

/* dispatch.c: what is due, from the queue, or without Redis from PostgreSQL. */
void dispatch_step(struct delivery *delivery, int64_t now);
void dispatch_picked(struct delivery *delivery, bool well);
int64_t dispatch_wait_ms(const struct delivery *delivery, int64_t now);

/* claim.c: from an id that is wanted to a request in flight, or back. */
void claim_begin_pace(struct delivery *delivery); /* once */
/* Failures of claims count no more once there is nothing to claim. */
void claim_idle_step(struct delivery *delivery, int64_t now);
bool claim_is_wanted(const struct delivery *delivery);
/* Back to the queue, due then (0: it is done). */
void claim_unwant(
    struct delivery *delivery, const struct wanted *wanted, int64_t due_at);
int claim_begin(struct delivery *delivery); /* 0 begun, -1 */
void claim_ended(struct delivery *delivery, bool well);
void claim_alone_step(struct delivery *delivery);
void claim_stop(struct delivery *delivery); /* nothing is sent any more */
/* Milliseconds until claims are to be given back, INT64_MAX when none are. */
int64_t claim_return_wait_ms(struct delivery *delivery, int64_t now);
int claim_return_begin(struct delivery *delivery); /* 0 begun, -1 */
void claim_return_ended(struct delivery *delivery, bool well);

/* large.c: what waits for bytes. */
void
large_add(struct delivery *delivery, const struct wanted *wanted, size_t bytes);
bool large_has(const struct delivery *delivery, const struct uuid *webhook);
bool large_is_ready(const struct delivery *delivery); /* one has room */
bool large_pick(struct delivery *delivery); /* into wants: true if any */
/* Those that waited for long, and all when the process stops. */
void large_give_back(struct delivery *delivery, int64_t now);

/* settle.c: from an answer to its commit, and only then to the queue. */
void settle_answers(struct delivery *delivery);
void settle_step(struct delivery *delivery);
/* Milliseconds until settle_step must be called although nothing came. */
int64_t settle_wait_ms(const struct delivery *delivery, int64_t now);

/* delivery.c: a statement on db has ended; *away is kept of that connection. */
void delivery_seen(
    struct delivery *delivery, bool *away, const struct db *db, bool well);
#endif
