/* A receiver's answer as libcurl hands it over, a line of header at a time and
 * then the body: all bounds hold, and "no" stays "no". */
#include "../../worker/reader.c"

#include "fuzz.h"
#include "rules/retry_after.h"

static void
bounds_check(const struct reader *reader)
{
	MUST(reader->headers.length <= HEADERS_KEPT);
	MUST(reader->body.length <= BODY_KEPT);
	MUST(reader->status == 0 ||
	    (reader->status >= 100 && reader->status <= 999));
	MUST(!reader->header_done || reader->status >= 200);
	MUST(!(reader->header_done && reader->malformed));
	MUST(!reader->framed || (reader->header_done && !reader->odd));
}

/* Up to the line that ends the final header. */
static bool
header_feed(struct reader *reader, struct input *input)
{
	const uint8_t *end;
	size_t length;
	bool fine = true;

	while (fine && !reader->header_done && input->left != 0) {
		end = memchr(input->at, '\n', input->left);
		length =
		    end == NULL ? input->left : (size_t)(end - input->at) + 1;
		fine = reader_header(reader, (const char *)input->at, length);
		MUST(fine == !(reader->malformed || reader->cut) ||
		    reader->header_done);
		bounds_check(reader);
		input->at += length;
		input->left -= length;
	}
	MUST(!fine || reader->lines <= HEADER_LINES_MAX);
	MUST(!fine || reader->header_bytes <= HEADER_BYTES_MAX);
	MUST(!fine || reader->interim <= INTERIM_MAX);
	return fine && reader->header_done;
}

/* The rest again and again, as a receiver without end would. */
static void
body_feed(struct reader *reader, const struct input *input)
{
	size_t sent = 0;
	bool fine = true;

	while (fine && input->left != 0) {
		fine =
		    reader_body(reader, (const char *)input->at, input->left);
		sent += input->left;
		MUST(fine == (sent <= BODY_BYTES_MAX));
		bounds_check(reader);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static struct reader reader; /* one after the other, as in transfer.c */
	struct input input = { bytes, size };

	reader_clear(&reader);
	if (header_feed(&reader, &input)) {
		retry_after_ms(text_string(&reader.headers), 0, 3600000);
		if (input.left > 64) /* else it takes too long */
			body_feed(&reader, &input);
	}
	return 0;
}
