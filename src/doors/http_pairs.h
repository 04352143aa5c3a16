#ifndef DOORS_HTTP_PAIRS_H
#define DOORS_HTTP_PAIRS_H
/*
 * Holds the lengths in a stream of name-value pairs (FastCGI 1.0, section 3.4)
 * against what may come: libfcgi gets as much memory as a pair announces, up
 * to 2 GiB, before it has seen a byte of it.
 */
#include <stdbool.h>
#include <stddef.h>

/* { 0 } is before the first byte. */
struct http_pairs {
	size_t taken;	/* bytes of the stream so far */
	size_t length;	/* the number under way: of a name or of its value */
	int missing;	/* its bytes yet to come */
	bool has_name;	/* the name's length is known */
	size_t pending; /* bytes of the pair yet to come, as far as known */
};

/* Takes the next bytes of the stream. false, for good: a pair announces more
 * than a stream of `most` bytes still has room for. */
bool http_pairs_scan(struct http_pairs *pairs, const unsigned char *bytes,
    size_t length, size_t most);
/* Whether the stream may end here. */
bool http_pairs_are_whole(const struct http_pairs *pairs);
#endif
