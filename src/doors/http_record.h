#ifndef DOORS_HTTP_RECORD_H
#define DOORS_HTTP_RECORD_H
/*
 * Finds the end of a request in a run of FastCGI records (FastCGI 1.0,
 * section 3.3) that comes in pieces:
 *
 *	BEGIN_REQUEST, PARAMS ..., an empty PARAMS, STDIN ..., an empty STDIN
 *
 * It looks at the records' headers and at the lengths of the pairs in PARAMS;
 * libfcgi reads what is in them.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "doors/http_pairs.h"
#include "ground/text.h"

/* Of all pairs of a request; what announces more is BAD. */
#define HTTP_RECORD_PARAMS_BYTES ((size_t)256 << 10)

enum http_record_state {
	HTTP_RECORD_BEGIN,
	HTTP_RECORD_PARAMS,
	HTTP_RECORD_STDIN,
	HTTP_RECORD_WHOLE, /* all of it is here */
	HTTP_RECORD_BAD,   /* no request of a web server's: hang up */
	HTTP_RECORD_NEXT   /* where it skips: another request begins */
};

/* { 0 } is before the first byte. The caller may set what is marked so. */
struct http_record {
	enum http_record_state state;
	unsigned char header[8];
	size_t header_length;
	size_t left;	/* bytes of the record yet to come */
	size_t padding; /* the last of them */
	struct http_pairs pairs;
	int is_last; /* the record that is under way is the end */
	uint16_t id;
	size_t params_bytes, stdin_bytes; /* come, without headers */
	/* Set: where STDIN goes, so many bytes at most; NULL: nowhere. */
	struct text *body;
	size_t body_most;
	bool
	    pauses; /* set: stop behind the header, which the empty PARAMS ends */
	/* Set: the request was answered before its end, which may never come.
	 * In the state NEXT the bytes of `header` are the next request's. */
	bool skips;
};

/* Takes bytes up to the request's end; the count taken, which is all of them
 * unless the state is WHOLE or BAD. */
size_t
http_record_scan(struct http_record *record, const void *bytes, size_t length);
#endif
