#ifndef RULES_SIGNED_REQUEST_H
#define RULES_SIGNED_REQUEST_H
/*
 * Did the holder of the secret send this? Ways to sign:
 *
 *   standard-webhooks  https://www.standardwebhooks.com: webhook-id,
 *                      webhook-timestamp, and webhook-signature, one
 *                      "v1,BASE64" or several separated by blanks, of which
 *                      one must fit. The key is read from the secret as in
 *                      signature.h.
 *   hmac-sha256-hex    X-Signature, the HMAC-SHA256 of the body in hex, with
 *                      or without "sha256=" in front.
 *   github             X-Hub-Signature-256, "sha256=" and the same in hex.
 *   stripe             Stripe-Signature, "t=SECONDS,v1=HEX" with one v1 or
 *                      several, of which one must fit: the HMAC-SHA256 of
 *                      SECONDS, a dot and the body.
 *   shopify            X-Shopify-Hmac-Sha256, the HMAC-SHA256 of the body in
 *                      base64.
 *
 * But for the first the key is the secret by its bytes, whatever it starts
 * with. Times must be within 5 minutes of now. Signatures are compared in
 * constant time. sodium_init comes first.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SIGNED_REQUEST_TOLERANCE_S 300
#define SIGNED_REQUEST_ID_MAX 255 /* bytes of a webhook-id */

enum signed_scheme {
	SIGNED_NOT, /* producers need not sign */
	SIGNED_STANDARD,
	SIGNED_HEX,
	SIGNED_GITHUB,
	SIGNED_STRIPE,
	SIGNED_SHOPIFY
};
/* The names above; SIGNED_NOT for anything else. */
enum signed_scheme signed_scheme_of(const char *name);
#define SIGNED_SCHEME_NAMES \
	"'standard-webhooks', 'hmac-sha256-hex', 'github', 'stripe' or " \
	"'shopify'"

/* Is a secret of this scheme the key by its bytes? */
bool signed_by_bytes(enum signed_scheme scheme);
/* Does the producer alone make the secret? Then we cannot. */
bool signed_secret_is_theirs(enum signed_scheme scheme);

/* Header fields. */
enum signed_field {
	SIGNED_FIELD_ID,
	SIGNED_FIELD_TIMESTAMP,
	SIGNED_FIELD_SIGNATURE,
	SIGNED_FIELD_X_SIGNATURE,
	SIGNED_FIELD_HUB,
	SIGNED_FIELD_HUB_DELIVERY,
	SIGNED_FIELD_STRIPE,
	SIGNED_FIELD_SHOPIFY,
	SIGNED_FIELD_SHOPIFY_ID,
	SIGNED_FIELDS
};
/* As CGI names it, "HTTP_WEBHOOK_ID", and as a client does, in lower case. */
const char *signed_field_variable(enum signed_field field);
const char *signed_field_name(enum signed_field field);
/* Does it hold a signature? */
bool signed_field_signs(enum signed_field field);

/* All borrowed. */
struct signed_request {
	const char *fields[SIGNED_FIELDS]; /* NULL: that header is absent */
	const void *body;
	size_t length;
};

enum signed_verdict {
	SIGNED_WELL,
	SIGNED_MISSING,	 /* a header that the scheme needs is absent */
	SIGNED_STALE,	 /* too old, too new, or no time at all */
	SIGNED_OTHERWISE /* no signature of it fits */
};
/* now_s: seconds since 1970. A secret without a key signs nothing. */
enum signed_verdict signed_request_check(enum signed_scheme scheme,
    const struct signed_request *request, const char *secret, int64_t now_s);

/*
 * What tells a repeat of a request that is SIGNED_WELL, printable ASCII: the
 * webhook-id; for stripe the time and a hash of the body, which are what is
 * signed; for github and shopify the id of the delivery, which is not. false
 * when there is none. *field: which header it is from.
 */
#define SIGNED_ONCE_SIZE (SIGNED_REQUEST_ID_MAX + 1)
bool signed_request_once(enum signed_scheme scheme,
    const struct signed_request *request, char once[SIGNED_ONCE_SIZE],
    enum signed_field *field);
#endif
