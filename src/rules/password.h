#ifndef RULES_PASSWORD_H
#define RULES_PASSWORD_H
/*
 * The passwords of people, as Argon2id by libsodium with 19 MiB and two passes
 * (OWASP's least). Making or checking one takes some 40 ms of a core: whoever
 * lets strangers ask bounds how many at once. sodium_init comes first.
 */
#include <stdbool.h>
#include <stddef.h>

#define PASSWORD_LEAST_BYTES 12
#define PASSWORD_MOST_BYTES 512
#define PASSWORD_HASH_SIZE 128
#define PASSWORD_MADE_SIZE 25 /* 144 random bits in base64url, NUL */

/* NULL when it may be a password, else what is wrong with it, a sentence. */
const char *password_fault(const char *password, size_t length);
/* 0, or -1 when there is no memory for it. */
int password_hash(
    const char *password, size_t length, char hash[PASSWORD_HASH_SIZE]);
/* hash: NULL when nobody has set one; costs the same and is false. */
bool password_fits(const char *hash, const char *password, size_t length);
/* A new one that nobody could guess. */
void password_make(char password[PASSWORD_MADE_SIZE]);
#endif
