/* A run of FastCGI records: whole or in pieces the scan says the same, and
 * what it takes for a request, libfcgi reads without waiting. */
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "doors/http_link.h"
#include "doors/http_record.h"
#include "fuzz.h"

#define MAX_BODY 100

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

static void
request_read(const uint8_t *bytes, size_t size)
{
	int memory = memfd_create("request", 0);
	struct request request;

	MUST(write(memory, bytes, size) == (ssize_t)size);
	MUST(lseek(memory, 0, SEEK_SET) == 0);
	if (http_link_begin(reader, memory) == -1)
		return;
	http_request_read(&request, reader, MAX_BODY);
	MUST(request.path != NULL && request.query != NULL);
	MUST(request.body.length <= MAX_BODY);
	MUST(request.body.length == 0 || request.body_state == BODY_WHOLE);
	http_request_release(&request);
	http_link_reply_on(reader, open("/dev/null", O_WRONLY));
	http_link_spoil(reader);
	http_link_finish(reader);
	close(memory);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct http_record whole = { 0 }, pieces = { 0 };
	size_t taken = scan(&whole, bytes, size, size);

	MUST(scan(&pieces, bytes, size, size % 7 + 1) == taken);
	MUST(pieces.state == whole.state && pieces.left == whole.left);
	MUST(pieces.params_bytes == whole.params_bytes);
	MUST(pieces.stdin_bytes == whole.stdin_bytes);
	MUST(taken == size || whole.state >= HTTP_RECORD_WHOLE);
	if (whole.state != HTTP_RECORD_WHOLE)
		return 0;
	MUST(whole.params_bytes + whole.stdin_bytes + 4 * 8 <= taken);
	request_read(bytes, taken);
	return 0;
}
