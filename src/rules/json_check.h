#ifndef RULES_JSON_CHECK_H
#define RULES_JSON_CHECK_H
#include <stdbool.h>
#include <stddef.h>

/* Is it exactly one JSON value by the grammar of RFC 8259, in well-formed
 * UTF-8? Numbers of any size, duplicate keys, any depth; nothing is built. */
bool json_check(const void *bytes, size_t length);
#endif
