#ifndef RULES_SIGNED_REQUEST_H
#define RULES_SIGNED_REQUEST_H
/*
 * Did the one who holds the secret send this? Two ways to sign:
 *
 *   standard-webhooks  https://www.standardwebhooks.com: webhook-id,
 *                      webhook-timestamp within 5 minutes of now, and
 *                      webhook-signature, one "v1,BASE64" or several
 *                      separated by blanks, of which one must fit. The key
 *                      is read from the secret as in signature.h.
 *   hmac-sha256-hex    X-Signature, the HMAC-SHA256 of the body in hex, with
 *                      or without "sha256=" in front. The key is the secret
 *                      by its bytes, whatever it starts with.
 *
 * Signatures are compared in constant time. sodium_init comes first.
 */
#include <stddef.h>
#include <stdint.h>

#define SIGNED_REQUEST_TOLERANCE_S 300
#define SIGNED_REQUEST_ID_MAX 255 /* bytes of a webhook-id */

enum signed_scheme {
	SIGNED_NOT, /* nobody need sign */
	SIGNED_STANDARD,
	SIGNED_HEX
};
/* "standard-webhooks", "hmac-sha256-hex"; SIGNED_NOT for anything else. */
enum signed_scheme signed_scheme_of(const char *name);

/* All borrowed; NULL: that header is absent. */
struct signed_request {
	const char *id, *timestamp, *signature; /* webhook-... */
	const char *x_signature;
	const void *body;
	size_t length;
};

enum signed_verdict {
	SIGNED_WELL,
	SIGNED_MISSING,	 /* a header that the scheme needs is absent */
	SIGNED_STALE,	 /* too old, too new, or no time at all */
	SIGNED_OTHERWISE /* no signature of it fits */
};
/* now_s: seconds since 1970. */
enum signed_verdict signed_request_check(enum signed_scheme scheme,
    const struct signed_request *request, const char *secret, int64_t now_s);
#endif
