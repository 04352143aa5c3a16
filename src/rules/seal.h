#ifndef RULES_SEAL_H
#define RULES_SEAL_H
/*
 * Secrets at rest: XChaCha20-Poly1305-IETF (libsodium) under a key that is
 * not in the database. A sealed secret is text,
 *
 *   v1.KEY-ID.BASE64URL(nonce of 24 bytes, ciphertext, tag of 16)
 *
 * whose associated data name its purpose, its subscription and its key: in
 * another row it does not open. The empty secret, which signs nothing, stays
 * empty. sodium_init comes first.
 */
#include <stdbool.h>
#include <stddef.h>

#include "ground/uuid.h"

#define SEAL_KEY_BYTES 32
#define SEAL_ID_MAX 32 /* bytes of a key's id */

struct seal_key {
	char id[SEAL_ID_MAX + 1]; /* 1 to 32 of A-Z a-z 0-9 - _ */
	unsigned char bytes[SEAL_KEY_BYTES];
};

bool seal_id_fits(const char *id);
/* The id of the key that sealed it; false when it is no sealed secret. */
bool seal_id_of(const char *sealed, char id[SEAL_ID_MAX + 1]);

/* Yours to free(). */
char *seal_make(const struct seal_key *key, const struct uuid *subscription_id,
    const char *secret);
/* The secret, for seal_forget; NULL when the key is another, or a bit of it
 * or of what it is bound to was changed. */
char *seal_open(const struct seal_key *key, const struct uuid *subscription_id,
    const char *sealed);
void seal_forget(char *secret); /* wipes and frees; NULL is fine */
#endif
