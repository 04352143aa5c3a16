#ifndef STORES_KEYRING_H
#define STORES_KEYRING_H
/*
 * The keys that secrets are sealed with (rules/seal.h). They stand in a file
 * outside the database, SECRET_KEY_FILE, a line each:
 *
 *   ID BASE64-OF-32-BYTES
 *
 * The first line's key seals; all of them open. Blank lines and # comments
 * are skipped. A file that others may read is refused.
 *
 * A process has one keyring, in locked memory that no core dump holds. It
 * reads the file again by itself when that has changed, so that a key may be
 * added while the service runs. A file that went bad leaves the keys as they
 * were.
 */
#include <stdbool.h>

#include "ground/uuid.h"
#include "rules/seal.h"

/* Reads the keys of `path` (borrowed), after fork and any change of user; also
 * hides this process (ground/core.h). 0, or -1 with keyring_reason: the process
 * goes on, and can neither seal nor open until there is a file. */
int keyring_load(const char *path);

/* Yours to free(); NULL when there is no key. */
char *keyring_seal(const struct uuid *subscription_id, const char *secret);
/* The secret, for seal_forget; NULL when it cannot be opened. */
char *keyring_open(const struct uuid *subscription_id, const char *sealed);
/* Why the last call failed and what to do, in words without a secret. */
const char *keyring_reason(void);

const char *keyring_first(void); /* id of the key that seals, or NULL */
bool keyring_holds(const char *id);

/*
 * The file itself; sodium_init comes first. keyring_create makes it with one
 * new key, for `user` (NULL: for who runs this) alone; an existing file is
 * left as it is. keyring_add puts a new key in front of those that are there.
 * 1 done, 0 it was there already, -1 with keyring_reason.
 */
int keyring_create(const char *path, const char *user);
int keyring_add(const char *path);
#endif
