#ifndef DOORS_JSON_READ_H
#define DOORS_JSON_READ_H
/*
 * Reads a JSON document by the grammar of RFC 8259, with the words and the
 * offsets of the reference service's parser for what is none. jansson's own
 * parser refuses documents that are JSON: big numbers, \u0000 in a key, lone
 * surrogates.
 *
 * What a json_t cannot hold becomes something that no check lets through
 * where it matters: a lone surrogate becomes U+0000 in its string, a number
 * beyond int64 or double a string of its digits.
 */
#include <stddef.h>

#include <jansson.h>

#define JSON_READ_DEPTH 500

/* NULL when it is no JSON, or nested deeper than JSON_READ_DEPTH: *reason
 * (a literal) says why, *offset where, counted in characters. */
json_t *json_read(
    const char *bytes, size_t length, const char **reason, size_t *offset);

/* A JSON string of any bytes: what is no UTF-8 becomes U+FFFD. */
json_t *json_lossy_string(const char *bytes, size_t length);
#endif
