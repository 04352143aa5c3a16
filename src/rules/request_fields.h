#ifndef RULES_REQUEST_FIELDS_H
#define RULES_REQUEST_FIELDS_H
/*
 * The header fields of an attempt: Standard Webhooks' webhook-id,
 * webhook-timestamp and webhook-signature; what the producer sent along; and how
 * often Postrider has sent this on. The worker sends them, the admin pages show
 * them. A value with a control byte is left out: it could forge a header.
 */
#include <stdint.h>

#include "ground/text.h"
#include "ground/uuid.h"

#define REQUEST_USER_AGENT "Postrider/" POSTRIDER_VERSION

/*
 * How many deliveries by Postrider, on this installation or another, led to
 * this request. Ingest keeps the number and each delivery sends one more, so
 * that a loop of subscriptions ends: what has more hops is not accepted.
 */
#define REQUEST_HOPS_FIELD "Postrider-Hops"
#define REQUEST_HOPS_VARIABLE "HTTP_POSTRIDER_HOPS"
#define REQUEST_HOPS_MAX 5
/* The number that such a field holds; NULL: 0. -1 when it holds none. */
int request_hops(const char *value);

struct request_fields { /* all borrowed */
	struct uuid webhook_id;
	int64_t timestamp;	  /* s since 1970 */
	const char *signatures;	  /* NULL: unsigned */
	const char *content_type; /* NULL: application/json */
	const char *event_type;	  /* NULL: none */
	const char *signature;	  /* X-Signature; NULL: none */
	int hops;		  /* of the request that was ingested */
};

/* Calls `add` with each name and value; values may be empty, never NULL. */
void request_fields_each(const struct request_fields *fields,
    void (*add)(void *context, const char *name, const char *value),
    void *context);

/* webhook-signature: one signature of each secret in turn, separated by a
 * blank. */
void request_sign(struct text *signatures, char *const *secrets, int count,
    const struct uuid *webhook_id, int64_t timestamp, const void *payload,
    size_t length);
#endif
