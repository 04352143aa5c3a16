#ifndef STORES_SUBSCRIPTION_H
#define STORES_SUBSCRIPTION_H
/*
 * Subscriptions in PostgreSQL: who gets what, where. A deleted one is only
 * marked and is found by nobody but the settling of what it leaves.
 *
 * Secrets come in as clear text, are stored sealed (keyring.h) and are read
 * sealed; whoever shows or uses one opens it.
 */
#include <stdbool.h>
#include <stdint.h>

#include "ground/uuid.h"
#include "rules/secret.h"
#include "stores/db.h"

struct subscription {
	struct uuid id;
	char *target_url;
	char *sealed_secret;	      /* NULL: unsigned */
	int64_t secret_overlap_until; /* ms: the secret before it is valid
					  till then; 0: there is none */
	char *verify_ingest; /* how producers sign: signed_request.h; NULL:
				 they need not */
	bool has_ingest_secret;
	int64_t ingest_overlap_until; /* as secret_overlap_until */
	char *made_ingest_secret;     /* made by the call that gave this: to be
				     shown once; else NULL */
	enum secret_fault ingest_fault; /* of SUBSCRIPTION_BAD_SECRET */
	char **events;	    /* one block; NULL when events_count <= 0 */
	int events_count;   /* -1: null, as it was given */
	char *state;	    /* "active", "paused", "disabled" */
	char *state_reason; /* NULL when there is none */
	int64_t created_at; /* ms */
	int64_t updated_at;
};

/* Frees what it holds and sets it to { 0 }; NULL is fine. */
void subscription_release(struct subscription *subscription);

#define SUBSCRIPTION_EVENTS 1000 /* at most */

/* What a PATCH changes; the rest stays. For a new one all is given. */
struct subscription_change {
	bool target_url_given, secret_given, events_given, verify_ingest_given,
	    ingest_secret_given;
	const char *target_url;
	const char *secret; /* NULL clears */
	const char *verify_ingest;
	const char *ingest_secret; /* NULL clears */
	const char *const *events;
	int events_count; /* -1 clears */
};

/* All return 1 done, 0 there is none, -1 error (db_error tells), and those
 * that store a secret one of these. The result is the caller's to release. */
enum {
	SUBSCRIPTION_NO_KEY = -2,    /* to seal it with: keyring_reason */
	SUBSCRIPTION_BAD_SECRET = -3 /* the result's ingest_fault: why */
};
/* What subscription_create would refuse. */
enum secret_fault
subscription_new_fault(const struct subscription_change *given);
int subscription_create(struct db *db, const struct subscription_change *given,
    struct subscription *created);
int subscription_get(
    struct db *db, const struct uuid *id, struct subscription *found);
/* Another secret replaces all that were valid, at once. Where producers are to
 * sign from now on and there is no ingest secret, one is made. */
int subscription_update(struct db *db, const struct uuid *id,
    const struct subscription_change *change, struct subscription *updated);
/* Puts `secret` before those that are valid: the newest two of them stay so
 * for overlap_hours at most, and any more end. */
int subscription_rotate(struct db *db, const struct uuid *id,
    const char *secret, int64_t overlap_hours, struct subscription *rotated);
/* The same of the ingest secret. given: NULL makes one. */
int subscription_rotate_ingest(struct db *db, const struct uuid *id,
    const char *given, int64_t overlap_hours, struct subscription *rotated);
/* active -> paused; paused or disabled -> active, and what is pending is due
 * at once, in the order of acceptance. In another state it stays as it is:
 * the result's state tells. */
int subscription_pause(
    struct db *db, const struct uuid *id, struct subscription *paused);
int subscription_resume(
    struct db *db, const struct uuid *id, struct subscription *resumed);
int subscription_delete(struct db *db, const struct uuid *id);
/* In order of creation. The vector is yours: subscription_list_free. -1 on
 * error, else the count. */
int subscription_list(
    struct db *db, int64_t skip, int64_t limit, struct subscription **list);
bool subscription_is_same(
    const struct subscription *a, const struct subscription *b);
void subscription_list_free(struct subscription *list, int count);
#endif
