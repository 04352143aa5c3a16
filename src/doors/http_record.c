#include "doors/http_record.h"

#include <stdbool.h>
#include <string.h>

#define HEADER_BYTES 8
#define FCGI_VERSION 1

enum { TYPE_BEGIN = 1, TYPE_PARAMS = 4, TYPE_STDIN = 5 };

/* The type that may come in a state. */
static const unsigned char expected[] = {
	[HTTP_RECORD_BEGIN] = TYPE_BEGIN,
	[HTTP_RECORD_PARAMS] = TYPE_PARAMS,
	[HTTP_RECORD_STDIN] = TYPE_STDIN,
};

static bool
header_fits(const struct http_record *record, uint16_t id, size_t length)
{
	const unsigned char *header = record->header;

	if (header[0] != FCGI_VERSION || header[1] != expected[record->state])
		return false;
	/* libfcgi 2.4.2 takes padding for data behind these two; no server
	 * pads them. */
	if (record->state == HTTP_RECORD_BEGIN)
		return id != 0 && length == 8 && header[6] == 0;
	if (record->state == HTTP_RECORD_PARAMS && length == 0)
		return id == record->id && header[6] == 0;
	return id == record->id;
}

/* The header is whole: what does its record mean? */
static void
header_read(struct http_record *record)
{
	const unsigned char *header = record->header;
	uint16_t id = (uint16_t)(header[2] << 8 | header[3]);
	size_t length = (size_t)(header[4] << 8 | header[5]);

	if (record->skips && header[1] == TYPE_BEGIN) {
		record->state = HTTP_RECORD_NEXT;
		return;
	}
	record->header_length = 0;
	if (!header_fits(record, id, length)) {
		record->state = HTTP_RECORD_BAD;
		return;
	}
	record->id = id;
	record->left = length + header[6];
	record->padding = header[6];
	record->is_last = record->state == HTTP_RECORD_BEGIN || length == 0;
}

static size_t
header_fill(
    struct http_record *record, const unsigned char *bytes, size_t length)
{
	size_t missing = HEADER_BYTES - record->header_length;
	size_t count = length < missing ? length : missing;

	memcpy(record->header + record->header_length, bytes, count);
	record->header_length += count;
	return count;
}

/* The next bytes of the record; false when they are no pairs. */
static bool
content_take(
    struct http_record *record, const unsigned char *bytes, size_t length)
{
	size_t content = record->left - record->padding;

	if (content > length)
		content = length;
	if (record->state == HTTP_RECORD_PARAMS)
		record->params_bytes += content;
	else if (record->state == HTTP_RECORD_STDIN)
		record->stdin_bytes += content;
	if (record->state == HTTP_RECORD_STDIN && record->body != NULL &&
	    record->stdin_bytes <= record->body_most)
		text_add(record->body, bytes, content);
	record->left -= length;
	if (record->left < record->padding)
		record->padding = record->left;
	if (record->state != HTTP_RECORD_PARAMS)
		return true;
	if (record->is_last)
		return http_pairs_are_whole(&record->pairs);
	return http_pairs_scan(
	    &record->pairs, bytes, content, HTTP_RECORD_PARAMS_BYTES);
}

static bool
is_over(const struct http_record *record)
{
	return record->state >= HTTP_RECORD_WHOLE;
}

size_t
http_record_scan(struct http_record *record, const void *bytes, size_t length)
{
	const unsigned char *from = bytes;
	size_t at = 0, count;

	while (at < length && !is_over(record)) {
		if (record->left == 0) {
			at += header_fill(record, from + at, length - at);
			if (record->header_length < HEADER_BYTES)
				break;
			header_read(record);
			if (is_over(record))
				break;
		}
		count = length - at;
		if (count > record->left)
			count = record->left;
		if (!content_take(record, from + at, count)) {
			record->state = HTTP_RECORD_BAD;
		} else if (record->left == 0 && record->is_last) {
			record->is_last = 0;
			record->state++;
		}
		at += count;
		if (record->pauses && record->state == HTTP_RECORD_STDIN)
			break;
	}
	return at;
}
