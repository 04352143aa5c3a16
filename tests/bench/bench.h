#ifndef TESTS_BENCH_BENCH_H
#define TESTS_BENCH_BENCH_H
/* What the programs of the benchmarks share. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <time.h>

#define ID_SIZE 37
#define BUFFER_SIZE 4096 /* a request of ours, or an answer */

static inline int64_t
now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

/* How many bytes the HTTP message has that begins there: 0 when not all of it
 * has come, -1 when it has no length or will not fit. NUL-terminated. */
static inline ssize_t
message_length(const char *bytes, size_t length)
{
	const char *end = strstr(bytes, "\r\n\r\n");
	const char *field = strcasestr(bytes, "\r\nContent-Length:");
	size_t whole;

	if (end == NULL)
		return length < BUFFER_SIZE - 1 ? 0 : -1;
	if (field == NULL || field > end)
		return -1;
	whole = (size_t)(end + 4 - bytes) +
	    strtoul(field + strlen("\r\nContent-Length:"), NULL, 10);
	if (whole >= BUFFER_SIZE)
		return -1;
	return whole <= length ? (ssize_t)whole : 0;
}
#endif
