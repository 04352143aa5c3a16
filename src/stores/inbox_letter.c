#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "stores/inbox.h"

void
inbox_letter_make(const struct inbox_letter *letter, struct text *out)
{
	text_addf(out, "%" PRId64 " %d %zu %zu\n", letter->at, letter->seal,
	    letter->length, letter->header.length);
	text_add(out, text_string(&letter->header), letter->header.length);
	text_add(out, text_string(&letter->body), letter->body.length);
}

/* "STATUS AT SEAL LENGTH HEADER-LENGTH\n" */
bool
inbox_letter_read(struct inbox_letter *letter, const char *bytes, size_t length)
{
	const char *line_end = memchr(bytes, '\n', length), *rest;
	size_t header, left;
	int seal;

	memset(letter, 0, sizeof(*letter));
	if (line_end == NULL ||
	    sscanf(bytes, "%d %" SCNd64 " %d %zu %zu", &letter->status,
		&letter->at, &seal, &letter->length, &header) != 5)
		return false;
	rest = line_end + 1;
	left = length - (size_t)(rest - bytes);
	if (header > left || left - header > INBOX_BODY_MAX ||
	    header > INBOX_HEADER_MAX || left - header > letter->length ||
	    seal < INBOX_UNSIGNED || seal > INBOX_UNKNOWN)
		return false;
	letter->seal = (enum inbox_seal)seal;
	text_add(&letter->header, rest, header);
	text_add(&letter->body, rest + header, left - header);
	return true;
}

void
inbox_letter_release(struct inbox_letter *letter)
{
	text_free(&letter->header);
	text_free(&letter->body);
}
