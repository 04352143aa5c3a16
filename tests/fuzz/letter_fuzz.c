/* What the inbox finds in Redis, where anybody may have written: it is no letter,
 * or one within its limits that comes back the same. */
#include "fuzz.h"
#include "stores/inbox.h"

static void
letter_check(const struct inbox_letter *letter)
{
	struct inbox_letter again;
	struct text bytes = { 0 };

	MUST(letter->header.length <= INBOX_HEADER_MAX);
	MUST(letter->body.length <= INBOX_BODY_MAX);
	MUST(letter->body.length <= letter->length);
	text_addf(&bytes, "%d ", letter->status);
	inbox_letter_make(letter, &bytes);
	MUST(inbox_letter_read(&again, bytes.bytes, bytes.length));
	MUST(again.status == letter->status && again.at == letter->at);
	MUST(again.seal == letter->seal && again.length == letter->length);
	MUST(again.header.length == letter->header.length);
	MUST(again.body.length == letter->body.length);
	MUST(memcmp(text_string(&again.body), text_string(&letter->body),
		 letter->body.length) == 0);
	inbox_letter_release(&again);
	text_free(&bytes);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	char *string = memory_copy(bytes, size);
	struct inbox_letter letter;

	if (inbox_letter_read(&letter, string, size))
		letter_check(&letter);
	inbox_letter_release(&letter);
	free(string);
	return 0;
}
