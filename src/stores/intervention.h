#ifndef STORES_INTERVENTION_H
#define STORES_INTERVENTION_H
/*
 * What a person does to a webhook:
 *
 *   pending --cancel--> Cancelled     Success, Failure, Cancelled --resend-->
 *   (the row goes)                        due again, with all retries
 *
 * What is in flight is not cancelled: it may arrive, and nothing could say so.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ground/uuid.h"
#include "stores/db.h"
#include "stores/queue.h"
#include "stores/webhook_list.h"

enum intervention {
	INTERVENTION_FAILED, /* the store's: db_error */
	INTERVENTION_DONE,
	INTERVENTION_UNKNOWN,	  /* no such webhook */
	INTERVENTION_TOO_OLD,	  /* its payload is about to go */
	INTERVENTION_PENDING,	  /* it is being delivered anyway */
	INTERVENTION_NOT_PENDING, /* it has ended */
	INTERVENTION_IN_FLIGHT,	  /* it is being sent this moment */
	INTERVENTION_HELD,	  /* its subscription is paused or disabled */
	INTERVENTION_FILTERED,
	INTERVENTION_DELETED /* its subscription is */
};
/* A sentence for who asked, without a full stop: "Webhook is pending". */
const char *intervention_words(enum intervention intervention);

/* DONE, NOT_PENDING, IN_FLIGHT, UNKNOWN, FAILED. */
enum intervention
intervention_cancel(struct db *db, const struct uuid *webhook_id);

/* Attempt numbers go on. DONE, PENDING, FILTERED, DELETED, TOO_OLD, UNKNOWN,
 * FAILED. The queue is told; without Redis the sweep finds it. */
enum intervention intervention_resend(
    struct db *db, struct queue *queue, const struct uuid *webhook_id);

/* What is pending is due now; uses up no retry more. DONE, NOT_PENDING,
 * IN_FLIGHT, HELD, UNKNOWN, FAILED. */
enum intervention intervention_retry_now(
    struct db *db, struct queue *queue, const struct uuid *webhook_id);

/* Many at once: those of the ids that may be sent again (RESEND_MOST at most),
 * in one statement. How many were, or -1. */
#define RESEND_MOST 500
int intervention_resend_ids(
    struct db *db, struct queue *queue, const struct uuid *ids, size_t count);

/* A page of what the filter finds, newest first, below `before` (NULL: from
 * the newest on). Repeat with `next` while there is more. 0, -1. */
struct resent {
	int found, resent;
	bool more;
	struct uuid next;
};
int intervention_resend_page(struct db *db, struct queue *queue,
    const struct webhook_filter *filter, const struct uuid *before,
    struct resent *resent);

/* Was it ever sent again: then its attempts may be at any time. 1, 0, -1. */
int intervention_reopened(struct db *db, const struct uuid *webhook_id);
#endif
