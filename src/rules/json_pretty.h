#ifndef RULES_JSON_PRETTY_H
#define RULES_JSON_PRETTY_H
#include <stdbool.h>
#include <stddef.h>

#include "ground/text.h"

/*
 * Adds a JSON text, a value a line and indented, for a reader. Only the blanks
 * between tokens change: a parser would alter large numbers, escapes and
 * duplicate keys. It must be valid (json_check.h); of anything else come some
 * of its bytes. Ends after a token once `most` bytes are exceeded: false, it
 * is not whole.
 */
bool
json_pretty(struct text *out, const void *bytes, size_t length, size_t most);
#endif
