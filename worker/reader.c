#include "reader.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define HEADER_BYTES_MAX (32 * 1024)
#define HEADER_LINES_MAX 100
#define INTERIM_MAX 20
#define BODY_BYTES_MAX (64 * 1024)
#define HEADERS_KEPT (8 * 1024)
#define BODY_KEPT (4 * 1024)

/* A status line begins a header: of the answer, or of a 1xx before it. */
static bool
header_begin(struct reader *reader, const char *line, size_t length)
{
	char start[32];
	int status = 0;

	length = length < sizeof(start) ? length : sizeof(start) - 1;
	memcpy(start, line, length);
	start[length] = '\0';
	if (sscanf(start, "HTTP/%*[0-9.] %3d", &status) != 1 || status < 100)
		return false;
	reader->status = status;
	text_clear(&reader->headers);
	if (status >= 200) {
		reader->bodiless = status == 204 || status == 304;
		return true;
	}
	/* Nothing that we asked for can follow a 101. */
	return status != 101 && ++reader->interim <= INTERIM_MAX;
}

/* The bytes of a line are not followed by a NUL. */
static bool
is_blank(char byte)
{
	return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

static bool
is_text(const char *bytes, size_t length, const char *text)
{
	return length == strlen(text) && strncasecmp(bytes, text, length) == 0;
}

static bool
is_number(const char *bytes, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (bytes[i] < '0' || bytes[i] > '9')
			return false;
	return length > 0;
}

static void
field_note(struct reader *reader, const char *line, size_t length)
{
	const char *value = memchr(line, ':', length);
	size_t name = value != NULL ? (size_t)(value - line) : 0;

	if (name == 0 || is_blank(line[0]) || is_blank(line[name - 1])) {
		reader->odd = true; /* folded, say */
		return;
	}
	for (length -= name + 1, value++; length > 0 && is_blank(value[0]);
	     length--)
		value++;
	while (length > 0 && is_blank(value[length - 1]))
		length--;
	if (is_text(line, name, "Content-Length")) {
		reader->lengths++;
		reader->odd |= reader->bodiless ? !is_text(value, length, "0")
						: !is_number(value, length);
	} else if (is_text(line, name, "Transfer-Encoding")) {
		reader->codings++;
		reader->odd |=
		    reader->bodiless || !is_text(value, length, "chunked");
	}
}

static void
header_end(struct reader *reader)
{
	if (reader->status < 200)
		return;
	reader->header_done = true;
	reader->framed = !reader->odd &&
	    reader->lengths + reader->codings <= 1 &&
	    (reader->bodiless || reader->lengths + reader->codings == 1);
}

bool
reader_header(struct reader *reader, const char *line, size_t length)
{
	bool fine = true;

	reader->header_bytes += length;
	reader->lines++;
	if (!reader->header_done && length > 5 && memcmp(line, "HTTP/", 5) == 0)
		fine = header_begin(reader, line, length);
	else if (length > 0 && (line[0] == '\r' || line[0] == '\n'))
		header_end(reader);
	else if (!reader->header_done && reader->status >= 200)
		field_note(reader, line, length);
	if (reader->status >= 200)
		reader->final_lines++;
	if (!reader->header_done &&
	    reader->headers.length + length <= HEADERS_KEPT)
		text_add(&reader->headers, line, length);
	if (fine && reader->header_bytes <= HEADER_BYTES_MAX &&
	    reader->lines <= HEADER_LINES_MAX)
		return true;
	if (fine && reader->status >= 200)
		reader->cut = !reader->header_done; /* its trailer harms none */
	else
		reader->malformed = true;
	return false;
}

bool
reader_body(struct reader *reader, const char *bytes, size_t length)
{
	size_t keep = BODY_KEPT - reader->body.length;

	text_add(&reader->body, bytes, length < keep ? length : keep);
	reader->body_bytes += length;
	return reader->body_bytes <= BODY_BYTES_MAX;
}

void
reader_clear(struct reader *reader)
{
	struct text headers = reader->headers, body = reader->body;

	text_clear(&headers);
	text_clear(&body);
	*reader = (struct reader){ .headers = headers, .body = body };
}
