#ifndef RULES_RETRY_AFTER_H
#define RULES_RETRY_AFTER_H
/*
 * How long a receiver asks to be left alone: the Retry-After field, whole
 * seconds or an HTTP date in any of its three forms (RFC 9110, 10.2.3 and
 * 5.6.7).
 */
#include <stdint.h>

/*
 * headers: an answer's header lines, NULL when there are none. now_ms: since
 * 1970. The first Retry-After counts. The delay in ms, from 0 (a date that is
 * past) to most_ms (all that is longer), or -1 when there is none that can be
 * read.
 */
int64_t retry_after_ms(const char *headers, int64_t now_ms, int64_t most_ms);
#endif
