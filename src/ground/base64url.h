#ifndef GROUND_BASE64URL_H
#define GROUND_BASE64URL_H
/* The alphabet of RFC 4648, section 5, without padding: for ids and tokens
 * that go into URLs, headers and cookies as they are; and base64 of any kind
 * read. */
#include <stdbool.h>
#include <stddef.h>

extern const char base64url_characters[];
/* Has it so many of these characters, and no other? */
bool base64url_is(const char *text, size_t length);
/* So many random bytes (libsodium's), 64 at most: 4 characters for every 3
 * bytes, rounded up, and a NUL must fit into size. */
void base64url_random(char *text, size_t size, size_t bytes);

/* What all of the text stands for, in libsodium's variant, into `room` bytes;
 * characters of `skipped` (NULL: none) count for nothing. */
bool base64_read(const char *text, const char *skipped, int variant,
    unsigned char *bytes, size_t room, size_t *length);
#endif
