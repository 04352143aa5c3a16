#ifndef WORKER_READER_H
#define WORKER_READER_H
/*
 * Reads an answer as it comes, within bounds: 32 KiB and 100 lines of header,
 * 20 answers of 1xx before the final one, 64 KiB of body. Keeps what is shown
 * later: 8 KiB of the final header, 4 KiB of the body.
 *
 * `framed` is stricter than libcurl: one Content-Length, or one
 * Transfer-Encoding that is "chunked", or a status that has no body and neither
 * of them (RFC 9112, 6.3). Of anything else two readers may think differently.
 */
#include <stdbool.h>
#include <stddef.h>

#include "ground/text.h"

struct reader {		  /* { 0 } has read nothing */
	int status;	  /* of the latest header */
	bool header_done; /* a final one (200 or more) is complete */
	bool malformed;	  /* not HTTP, or 1xx without end */
	bool cut;	  /* a final header was over a bound */
	bool framed;	  /* of a complete one: where its body ends is clear */
	int interim, lines;
	int final_lines; /* of the final header so far */
	int lengths, codings;
	bool odd, chunked, bodiless;
	size_t header_bytes, body_bytes;
	struct text headers, body;
};

/* A line of header or trailer, with its line end. False: stop reading. */
bool reader_header(struct reader *reader, const char *line, size_t length);
bool reader_body(struct reader *reader, const char *bytes, size_t length);
/* To { 0 }, but keeps the texts' memory. */
void reader_clear(struct reader *reader);
#endif
