#ifndef STORES_INTERVENTION_H
#define STORES_INTERVENTION_H
/*
 * What a person does to a webhook:
 *
 *   pending --cancel--> Cancelled     Success, Failure, Cancelled --resend-->
 *   (the row goes, leased or not)         due again, with all retries
 *
 * One that is in flight when it is cancelled may still arrive; its result is
 * then logged as late and changes nothing.
 */
#include <stdint.h>

#include "ground/uuid.h"
#include "stores/db.h"

/* 1 done, 0 it is not pending, -1 error. */
int intervention_cancel(struct db *db, const struct uuid *webhook_id);

/* Attempt numbers go on. 1 done and *due_at is when, 0 there is none, it is
 * pending, filtered, or its subscription deleted; -1 error. */
int intervention_resend(
    struct db *db, const struct uuid *webhook_id, int64_t *due_at);

/* Was it ever sent again: then its attempts may be at any time. 1, 0, -1. */
int intervention_reopened(struct db *db, const struct uuid *webhook_id);
#endif
