#ifndef STORES_DELIVERY_H
#define STORES_DELIVERY_H
/*
 * What the worker moves in PostgreSQL: claim, settle, break a lease. The
 * states and the legal moves:
 *
 *   ingest -> due --claim--> leased --2xx-----------> Success (row goes)
 *              ^              |  |---retry left-----> due, at the next time
 *              |              |  `---none left------> Failure (row goes)
 *              `-lease broken-'      (log row "interrupted", no retry used)
 *
 * What people move besides is in intervention.h. Only the webhooks of active
 * subscriptions are claimed; those of a paused or disabled one stay due.
 *
 * Claim and settle are begun with *_start and carried on with db_step, so
 * that HTTP in flight never waits for the database.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ground/uuid.h"
#include "stores/db.h"
#include "stores/queue.h"

/* A lease is a token with no clock in it: which process life, and which
 * claim of it. Stored as a uuid: incarnation, then sequence, big-endian. */
struct lease {
	uint64_t incarnation;
	uint64_t sequence;
};

/* A claimed webhook, ready to send. Strings and bytes are its own. */
struct claimed {
	struct uuid webhook_id, subscription_id;
	struct lease lease;
	int attempt_number; /* of the attempt to come, from 1 */
	int retries_used;
	int interruptions; /* in a row */
	char *target_url;
	char **sealed_secrets; /* one block */
	char **secrets;	       /* opened; else NULL */
	int secrets_count;     /* 0: unsigned */
	char *event_type;      /* NULL: none */
	char *signature;       /* NULL: none */
	char *content_type;
	char *payload;
	size_t payload_length;
	int hops; /* see rules/request_fields.h */
};
void claimed_release(struct claimed *claimed);
/* Opens its secrets for the moment of signing, and wipes them again. -1: one
 * cannot be opened, and keyring_reason says why; it must not be sent then. */
int claimed_open(struct claimed *claimed);
void claimed_seal(struct claimed *claimed);

/* Names of the connection that claims, as pg_stat_activity shows them: while
 * its claims keep failing it has the second. */
#define DELIVERY_NAME "postrider delivery"
#define DELIVERY_FAILING_NAME "postrider delivery failing"

/* Claims those of the ids that are due, free and active, and whose payload has
 * at most `bytes_most`. 0 begun, -1. */
int delivery_claim_start(struct db *db, const struct uuid *ids, size_t count,
    struct lease lease, size_t bytes_most);
/* After db_step gave 1. What was asked for comes back in one of these forms,
 * one element an id, in any order; the vector is yours to free(). */
struct claim_answer {
	enum { CLAIM_TAKEN, CLAIM_LARGE, CLAIM_EARLY, CLAIM_NOTHING } kind;
	struct uuid webhook_id;
	struct uuid subscription_id; /* but for CLAIM_NOTHING */
	int64_t due_at;		     /* CLAIM_EARLY: put it back for then */
	struct claimed *claimed;     /* CLAIM_TAKEN: yours */
	size_t bytes;		     /* CLAIM_LARGE: of its payload */
};
size_t delivery_claim_finish(
    struct db *db, struct lease lease, struct claim_answer **answers);

/* Without Redis: picks due and free ids, at most `window` a subscription.
 * Whether a subscription is slow, quick or neither is taken from what is on
 * record of it. Then db_step, delivery_pick_finish, delivery_claim_start. */
int delivery_pick_start(
    struct db *db, const struct queue_quota *quota, int64_t window);
struct picked {
	struct uuid webhook_id, subscription_id;
	enum queue_class class;
};
size_t delivery_pick_finish(struct db *db, struct picked **picked);

/* When an attempt had come so far, in us since it began. -1: never, or, of the
 * first three, its connection was a kept one. */
struct phases {
	int32_t dns_us, connect_us, tls_us, first_byte_us;
};

/* What became of one attempt. Pointers borrowed until settle_start returns. */
struct result {
	struct uuid log_id; /* made when the attempt started */
	struct uuid webhook_id, subscription_id;
	struct lease lease;
	const char *target_url;
	int attempt_number;
	enum {
		RESULT_SUCCESS, /* final */
		RESULT_RETRY,	/* due again at due_at, retries_used + 1 */
		RESULT_FAILURE	/* final */
	} kind;
	int64_t due_at;	   /* RESULT_RETRY */
	int status_code;   /* 0: none */
	const char *error; /* NULL: none */
	int64_t duration_ms;
	struct phases phases;
	const char *signatures;	      /* NULL: unsigned */
	const char *response_headers; /* NULL: none */
	const void *response_body;    /* NULL: none */
	size_t response_body_length;
	bool disable; /* 410: the receiver wants no more */
};
/* One transaction for all of them: log rows, next due times or deletes,
 * stats. Safe to repeat after a lost COMMIT. 0 begun, -1 error. */
int delivery_settle_start(
    struct db *db, const struct result *const *results, size_t count);
/* After db_step gave 1: how many came late (their lease was broken). */
size_t delivery_settle_finish(struct db *db);
/* And which of their subscriptions are disabled now: by a 410, or because
 * nothing succeeded for DISABLE_AFTER_HOURS. *ids is yours to free(). */
size_t delivery_settle_disabled(struct db *db, struct uuid **ids);

/* Gives claims back that were never sent, nothing logged: due as before, or
 * after delay_ms of which no attempt is used up. 0 begun, then db_step; -1. */
int delivery_unclaim_start(struct db *db, const struct uuid *webhook_ids,
    size_t count, struct lease lease, int64_t delay_ms);

/* The keeper's part; these wait for the database. */

/* Breaks leases of a dead process, `most` of them at once: an "interrupted" log
 * row each, due again after 0, 2, 10, 30, 60 s, Failure at the tenth in a row.
 * The count; the ids for the queue, with due_at (0: it has failed); *due is
 * yours to free(). -1 on error. */
struct due {
	struct uuid webhook_id, subscription_id;
	int64_t due_at;
};
int delivery_break_incarnation(
    struct db *db, uint64_t incarnation, size_t most, struct due **due);
/* Breaks this one lease of this webhook, if it still holds it. */
int delivery_break_lease(struct db *db, const struct uuid *webhook_id,
    struct lease lease, struct due **due);
struct held {
	struct uuid webhook_id;
	struct lease lease;
};
int delivery_leases(struct db *db, struct held **held); /* count, -1 */

/* Due and free rows for the queue. The count, or -1; *due yours. */
int delivery_recently_due(struct db *db, int64_t from_ms, int64_t to_ms,
    size_t most, struct due **due);
/* A page of the outbox by id, forward or backward from `cursor` (exclusive),
 * for the keeper's passes: a pass counts all rows, and gives the free ones of
 * active subscriptions in `due`. *scanned: rows seen, 0 at the end. */
int delivery_page(struct db *db, struct uuid *cursor, bool backward,
    size_t most, struct due **due, size_t *scanned);
/* A page of what is pending for a subscription that was resumed: due now, in
 * the order of acceptance. The count, or -1; *more: there may be others. */
int delivery_restart(struct db *db, size_t most, struct due **due, bool *more);
/* Ends, as Failure, what can never be delivered: `subscription deleted`, and
 * `expired while paused` (or disabled, or retrying) what is older than
 * `hours`: the keeper gives two less than the retention. How many, or -1. */
int delivery_expire(struct db *db, int64_t hours, size_t most);
#endif
