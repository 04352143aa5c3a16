#ifndef RULES_SECRET_H
#define RULES_SECRET_H
/*
 * Is this text good as a secret? Judged where one is set: what passes means
 * the same key to us and to the libraries of receivers and producers.
 */
#include <stdbool.h>
#include <stddef.h>

#define SECRET_BYTES_MAX 1024	 /* of the text */
#define SECRET_INGEST_KEY_MIN 16 /* bytes of a key that verifies producers */

enum secret_fault {
	SECRET_FINE,
	SECRET_NO_KEY,	 /* "whsec_" alone */
	SECRET_PREFIX,	 /* "whsec_" in other letters, or behind a blank */
	SECRET_BLANK,	 /* a blank or line break in its base64 */
	SECRET_URL_SAFE, /* - or _ in its base64 */
	SECRET_PADDING, /* its base64 lacks an =, has one too many, or is cut */
	SECRET_NO_BASE64, /* another character there */
	SECRET_SHORT, /* its key has fewer bytes than SECRET_INGEST_KEY_MIN */
	/* of what producers sign with, beside others */
	SECRET_ABSENT, /* there has to be one */
	SECRET_THEIRS, /* and the producer makes it */
	SECRET_SAME    /* deliveries are signed with it */
};

/* Of one that signs as Standard Webhooks: "whsec_" and the standard base64 of
 * a key, padding included; any other text is the key by its bytes, whatever
 * they are. */
enum secret_fault secret_fault(const char *secret);
/* Of one that producers sign with. by_bytes: the scheme takes every text as
 * the key itself, "whsec_" included. */
enum secret_fault secret_ingest_fault(const char *secret, bool by_bytes);

/* What is wrong and what to do, as a sentence without the secret. */
const char *secret_fault_text(enum secret_fault fault);
#endif
