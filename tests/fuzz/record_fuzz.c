/* A run of FastCGI records: whole or in pieces the scan says the same, and
 * what it takes for a request, libfcgi reads without waiting. */
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "doors/http_link.h"
#include "doors/http_record.h"
#include "fuzz.h"

#define MAX_BODY 100
#define KEEP_AT 10 /* the flags of BEGIN_REQUEST: 1 keeps the connection */

static struct http_link *reader;

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	MUST(http_link_init() != -1);
	reader = http_link_new();
	return 0;
}

/* In pieces of `step` bytes; how many were taken. */
static size_t
scan(struct http_record *record, const uint8_t *bytes, size_t size, size_t step)
{
	size_t at = 0, length, taken;

	do {
		length = size - at < step ? size - at : step;
		taken = http_record_scan(record, bytes + at, length);
		at += taken;
	} while (taken == length && at < size);
	return at;
}

/* What the records of parameters hold. */
static void
params_gather(const uint8_t *bytes, size_t size, struct text *params)
{
	size_t length;

	for (size_t at = 0; at < size; at += 8 + length + bytes[at + 6]) {
		length = (size_t)(bytes[at + 4] << 8 | bytes[at + 5]);
		if (bytes[at + 1] == 4)
			text_add(params, bytes + at + 8, length);
	}
}

/* Takes a length of a name or value, of one or four bytes, from `at`. */
static size_t
length_take(const struct text *params, size_t *at)
{
	const uint8_t *from = (const uint8_t *)text_string(params) + *at;
	size_t left = params->length - *at;

	if (left == 0 || (from[0] >> 7 != 0 && left < 4)) {
		*at = params->length;
		return 0;
	}
	*at += from[0] >> 7 != 0 ? 4 : 1;
	if (from[0] >> 7 == 0)
		return from[0];
	return (size_t)(from[0] & 0x7f) << 24 | (size_t)from[1] << 16 |
	    (size_t)from[2] << 8 | from[3];
}

/* libfcgi gets as much memory as a pair announces: no more than was sent. */
static bool
pairs_fit(const uint8_t *bytes, size_t size)
{
	struct text params = { 0 };
	size_t at = 0, length;
	bool fit = true;

	params_gather(bytes, size, &params);
	while (fit && at < params.length) {
		length = length_take(&params, &at);
		length += length_take(&params, &at);
		fit = length <= params.length - at;
		at += length;
	}
	text_free(&params);
	return fit;
}

static void
request_read(const uint8_t *bytes, size_t size)
{
	int memory = memfd_create("request", 0);
	struct request request;
	int null;

	MUST(write(memory, bytes, size) == (ssize_t)size);
	MUST(lseek(memory, 0, SEEK_SET) == 0);
	if (http_link_begin(reader, memory) == -1)
		return;
	http_request_read(&request, reader, MAX_BODY);
	MUST(request.path != NULL && request.query != NULL);
	MUST(request.body.length <= MAX_BODY);
	MUST(request.body.length == 0 || request.body_state == BODY_WHOLE);
	http_request_release(&request);
	null = open("/dev/null", O_WRONLY);
	http_link_reply_on(reader, null);
	/* On a connection it would wait for more: it must find the end. */
	MUST(http_link_finish(reader) == (bytes[KEEP_AT] & 1));
	if (bytes[KEEP_AT] & 1)
		close(null);
	http_link_reply_on(reader, -1);
	close(memory);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct http_record whole = { 0 }, pieces = { 0 };
	size_t taken = scan(&whole, bytes, size, size);
	size_t in_pieces = scan(&pieces, bytes, size, size % 7 + 1);

	MUST(pieces.state == whole.state);
	if (whole.state == HTTP_RECORD_BAD)
		return 0;
	MUST(in_pieces == taken && pieces.left == whole.left);
	MUST(pieces.params_bytes == whole.params_bytes);
	MUST(pieces.stdin_bytes == whole.stdin_bytes);
	MUST(taken == size || whole.state >= HTTP_RECORD_WHOLE);
	if (whole.state != HTTP_RECORD_WHOLE)
		return 0;
	MUST(whole.params_bytes + whole.stdin_bytes + 4 * 8 <= taken);
	MUST(whole.params_bytes <= HTTP_RECORD_PARAMS_BYTES);
	MUST(pairs_fit(bytes, taken));
	request_read(bytes, taken);
	return 0;
}
