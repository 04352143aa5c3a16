#ifndef STORES_WEBHOOK_H
#define STORES_WEBHOOK_H
/*
 * Webhooks and their outbox in PostgreSQL: the write that a 202 stands for,
 * and what can be asked about one webhook afterwards.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ground/uuid.h"
#include "rules/fingerprint.h"
#include "rules/signed_request.h"
#include "stores/db.h"

#define WEBHOOK_EVENT_TYPE_BYTES 255 /* at most; of the events wanted too */
/* Can the header X-Event-Type hold it? Not if it is empty, is no text, or has
 * control characters, or blanks around it, which are no part of the value. */
bool webhook_event_type_fits(const char *type);

/* An event on its way in. All pointers borrowed. */
struct incoming {
	struct uuid subscription_id;
	const char *event_type;	  /* NULL: none; UTF-8 */
	const char *signature;	  /* X-Signature as it came, or NULL */
	const char *content_type; /* NULL: application/json */
	const void *payload;
	size_t payload_length;
	int hops;	 /* see rules/request_fields.h */
	const char *key; /* Idempotency-Key, NULL: none */
	/* what tells a repeat of a signed request, "" when nothing does: it
	 * takes the place of the key; and the header that it is from */
	char once[SIGNED_ONCE_SIZE];
	enum signed_field once_field;
	/* with either: tells a repeat from another request */
	unsigned char fingerprint[FINGERPRINT_BYTES];
	bool needs_signature; /* nothing else says who sends it */
	/* by which version of its subscription's rule it was verified
	 * (producer.h); 0: by none */
	int64_t verified_as;
	/* the answer */
	struct uuid id;
	enum {
		INCOMING_FAILED,     /* not stored: 503, try again */
		INCOMING_UNKNOWN,    /* no such subscription: 404 */
		INCOMING_FILTERED,   /* stored, never to be delivered */
		INCOMING_PENDING,    /* stored, and in the outbox */
		INCOMING_REPEATED,   /* its key was: id is of what was stored */
		INCOMING_CLASHED,    /* its key was, for another request: 422 */
		INCOMING_UNVERIFIED, /* not stored: verified_as is not of now */
		INCOMING_REFUSED     /* not stored: see verdict: 401 */
	} result;
	enum signed_verdict verdict;
};

/* Stores all of them, up to 8 MiB of payload with one statement and one
 * commit, and fills in id and result of each. Of those with one key, or of
 * one signed request, only the first is stored within 24 h.
 * When the batch fails for a reason of one row, the rows are tried one by
 * one. */
void webhook_store(struct db *db, struct incoming *const *batch, size_t count);

/* One webhook as GET /webhooks/{id} shows it. */
struct webhook {
	struct uuid id, subscription_id;
	char *event_type; /* NULL: none */
	char *content_type;
	char *target_url; /* NULL once the subscription's row is gone */
	char *subscription_state;
	size_t payload_length;
	int64_t accepted_at; /* ms */
	bool filtered;
	bool pending;
	int64_t due_at;	 /* ms, when pending */
	bool in_flight;	 /* when pending: leased now */
	int attempts;	 /* made so far, when pending */
	char *signature; /* X-Signature as it came; NULL: none */
	bool cancelled;	 /* by a person, when not pending */
	int hops;	 /* see rules/request_fields.h */
};

/* 1 found (release it), 0 none or past the retention, -1 error. */
int webhook_get(struct db *db, const struct uuid *id, struct webhook *found);
void webhook_release(struct webhook *webhook);

/* The whole payload; the bytes are yours to free(). 1, 0 none, -1 error. */
int webhook_payload(
    struct db *db, const struct uuid *id, char **payload, size_t *length);
#endif
