#ifndef RULES_CSRF_H
#define RULES_CSRF_H
/*
 * The token of a form, which a page of another site cannot know. By OWASP's
 * cross-site request forgery cheat sheet: HMAC-SHA256 over the session and a
 * random value, and that value behind it, so that a token fits one session
 * and no two are alike (BREACH). sodium_init comes first.
 */
#include <stdbool.h>

#define CSRF_KEY_BYTES 32
#define CSRF_TOKEN_SIZE (64 + 1 + 32 + 1) /* both in hexadecimal, a dot, NUL */

void csrf_make(const unsigned char key[CSRF_KEY_BYTES], const char *session,
    char token[CSRF_TOKEN_SIZE]);
/* Compared in constant time. */
bool csrf_fits(const unsigned char key[CSRF_KEY_BYTES], const char *session,
    const char *token);
#endif
