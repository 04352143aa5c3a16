#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "doors/http_record.h"
#include "ground/text.h"

enum { BEGIN = 1, ABORT = 2, PARAMS = 4, STDIN = 5, VALUES = 9 };

/* Whole pairs: an odd count of bytes begins with a name of one. */
static void
content_add(struct text *bytes, size_t length)
{
	static const char name[] = { 1, 0, 'n' };

	for (size_t i = 0; i < length; i++)
		text_add(bytes, length % 2 == 1 && i < 3 ? &name[i] : "", 1);
}

static void
record_add(struct text *bytes, int type, int id, size_t length, size_t padding)
{
	const unsigned char header[8] = { 1, (unsigned char)type,
		(unsigned char)(id >> 8), (unsigned char)id,
		(unsigned char)(length >> 8), (unsigned char)length,
		(unsigned char)padding, 0 };

	text_add(bytes, header, sizeof(header));
	content_add(bytes, length);
	for (size_t i = 0; i < padding; i++)
		text_add(bytes, "\377", 1);
}

struct piece {
	int type, id;
	size_t length, padding;
};

static const struct {
	const char *shows;
	enum http_record_state state;
	size_t params_bytes, stdin_bytes;
	size_t surplus; /* bytes not taken */
	struct piece pieces[8];
} cases[] = {
	{ "nothing yet", HTTP_RECORD_BEGIN, 0, 0, 0, { { 0 } } },
	{ "a begun request", HTTP_RECORD_PARAMS, 0, 0, 0,
	    { { BEGIN, 1, 8, 0 } } },
	{ "no body yet", HTTP_RECORD_STDIN, 5, 0, 0,
	    { { BEGIN, 1, 8, 0 }, { PARAMS, 1, 5, 3 }, { PARAMS, 1, 0, 0 } } },
	{ "a request without a body", HTTP_RECORD_WHOLE, 5, 0, 0,
	    { { BEGIN, 1, 8, 0 }, { PARAMS, 1, 5, 3 }, { PARAMS, 1, 0, 0 },
		{ STDIN, 1, 0, 0 } } },
	{ "a body in two records", HTTP_RECORD_WHOLE, 65535, 65536, 0,
	    { { BEGIN, 1, 8, 0 }, { PARAMS, 1, 65535, 255 },
		{ PARAMS, 1, 0, 0 }, { STDIN, 1, 65535, 1 }, { STDIN, 1, 1, 7 },
		{ STDIN, 1, 0, 0 } } },
	{ "padding behind the end", HTTP_RECORD_WHOLE, 0, 0, 0,
	    { { BEGIN, 1, 8, 0 }, { PARAMS, 1, 0, 0 }, { STDIN, 1, 0, 8 } } },
	{ "padding that libfcgi misreads", HTTP_RECORD_BAD, 0, 0, 16,
	    { { BEGIN, 1, 8, 8 } } },
	{ "more of it", HTTP_RECORD_BAD, 0, 0, 8,
	    { { BEGIN, 1, 8, 0 }, { PARAMS, 1, 0, 8 } } },
	{ "another request behind it", HTTP_RECORD_WHOLE, 0, 0, 16,
	    { { BEGIN, 1, 8, 0 }, { PARAMS, 1, 0, 0 }, { STDIN, 1, 0, 0 },
		{ BEGIN, 1, 8, 0 } } },
	{ "an id of two bytes", HTTP_RECORD_WHOLE, 0, 0, 0,
	    { { BEGIN, 258, 8, 0 }, { PARAMS, 258, 0, 0 },
		{ STDIN, 258, 0, 0 } } },
	{ "no begin", HTTP_RECORD_BAD, 0, 0, 0, { { PARAMS, 1, 0, 0 } } },
	{ "a begin of another size", HTTP_RECORD_BAD, 0, 0, 9,
	    { { BEGIN, 1, 9, 0 } } },
	{ "a begin without an id", HTTP_RECORD_BAD, 0, 0, 8,
	    { { BEGIN, 0, 8, 0 } } },
	{ "a management record", HTTP_RECORD_BAD, 0, 0, 3,
	    { { VALUES, 0, 3, 0 } } },
	{ "a change of id", HTTP_RECORD_BAD, 0, 0, 0,
	    { { BEGIN, 1, 8, 0 }, { PARAMS, 2, 0, 0 } } },
	{ "a body before its time", HTTP_RECORD_BAD, 0, 0, 0,
	    { { BEGIN, 1, 8, 0 }, { STDIN, 1, 0, 0 } } },
	{ "an abort", HTTP_RECORD_BAD, 0, 0, 0,
	    { { BEGIN, 1, 8, 0 }, { PARAMS, 1, 0, 0 }, { ABORT, 1, 0, 0 } } },
};

/* The same in steps of every size that matters. */
static size_t
scan_in_steps(struct http_record *record, const struct text *bytes, size_t step)
{
	size_t at = 0, length, used;

	while (at < bytes->length) {
		length = bytes->length - at < step ? bytes->length - at : step;
		used = http_record_scan(record, bytes->bytes + at, length);
		at += used;
		if (used < length)
			break;
	}
	return at;
}

static void
record_cases(void **state)
{
	static const size_t steps[] = { 1, 3, 7, 8, 9, 4096, 1 << 20 };
	const struct piece *piece;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct text bytes = { 0 };

		for (piece = cases[i].pieces; piece->type != 0; piece++)
			record_add(&bytes, piece->type, piece->id,
			    piece->length, piece->padding);
		for (size_t j = 0; j < sizeof(steps) / sizeof(steps[0]); j++) {
			struct http_record record = { 0 };
			size_t used = scan_in_steps(&record, &bytes, steps[j]);

			if (record.state != cases[i].state)
				print_error("%s\n", cases[i].shows);
			assert_int_equal(record.state, cases[i].state);
			assert_int_equal(
			    record.params_bytes, cases[i].params_bytes);
			assert_int_equal(
			    record.stdin_bytes, cases[i].stdin_bytes);
			assert_int_equal(bytes.length - used, cases[i].surplus);
		}
		text_free(&bytes);
	}
}

/* What a record of parameters holds, and what becomes of it and of the end. */
static const struct {
	const char *shows;
	enum http_record_state state, ended;
	size_t length;
	const char *content;
} pairs[] = {
#define CONTENT(text) sizeof(text) - 1, text
	{ "a name without a value", HTTP_RECORD_PARAMS, HTTP_RECORD_STDIN,
	    CONTENT("\1\0n") },
	{ "lengths of four bytes", HTTP_RECORD_PARAMS, HTTP_RECORD_STDIN,
	    CONTENT("\200\0\0\1\200\0\0\2nvw\1\1nv") },
	{ "half a length", HTTP_RECORD_PARAMS, HTTP_RECORD_BAD,
	    CONTENT("\200\0") },
	{ "a length alone", HTTP_RECORD_PARAMS, HTTP_RECORD_BAD,
	    CONTENT("\1") },
	{ "a value that ends early", HTTP_RECORD_PARAMS, HTTP_RECORD_BAD,
	    CONTENT("\1\2nv") },
	{ "as much as fits", HTTP_RECORD_PARAMS, HTTP_RECORD_BAD,
	    CONTENT("\200\2\0\0\200\1\377\370") },
	{ "a byte more", HTTP_RECORD_BAD, HTTP_RECORD_BAD,
	    CONTENT("\200\2\0\0\200\1\377\371") },
	{ "a byte more behind another", HTTP_RECORD_BAD, HTTP_RECORD_BAD,
	    CONTENT("\1\0n\200\2\0\0\200\1\377\366") },
	{ "a name of 2 GiB", HTTP_RECORD_BAD, HTTP_RECORD_BAD,
	    CONTENT("\377\377\377\377") },
	{ "a value of 1.9 GB", HTTP_RECORD_BAD, HTTP_RECORD_BAD,
	    CONTENT("\1\361\77\131\0") },
#undef CONTENT
};

/* Each in one piece, and each byte by itself. */
static void
pairs_scan(
    const char *content, size_t length, size_t step, struct http_record *record)
{
	struct text bytes = { 0 };

	record_add(&bytes, BEGIN, 1, 8, 0);
	record_add(&bytes, PARAMS, 1, 0, 0);
	bytes.bytes[bytes.length - 3] = (char)length;
	text_add(&bytes, content, length);
	scan_in_steps(record, &bytes, step);
	text_free(&bytes);
}

static void
pairs_announce_no_more_than_fits(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		for (size_t step = 1; step <= 4096; step += 4095) {
			struct http_record record = { 0 };

			pairs_scan(
			    pairs[i].content, pairs[i].length, step, &record);
			if (record.state != pairs[i].state)
				print_error("%s\n", pairs[i].shows);
			assert_int_equal(record.state, pairs[i].state);
			http_record_scan(&record, "\1\4\0\1\0\0\0", 8);
			if (record.state != pairs[i].ended)
				print_error("%s, ended\n", pairs[i].shows);
			assert_int_equal(record.state, pairs[i].ended);
		}
	}
}

static void
pairs_in_many_records_have_one_limit(void **state)
{
	struct http_record record = { 0 };
	struct text bytes = { 0 };

	(void)state;
	record_add(&bytes, BEGIN, 1, 8, 0);
	for (int i = 0; i < 4; i++)
		record_add(&bytes, PARAMS, 1, 65534, 3);
	http_record_scan(&record, bytes.bytes, bytes.length);
	assert_int_equal(record.state, HTTP_RECORD_PARAMS);
	text_clear(&bytes);
	record_add(&bytes, PARAMS, 1, 8, 0);
	http_record_scan(&record, bytes.bytes, bytes.length);
	assert_int_equal(record.state, HTTP_RECORD_PARAMS);
	text_clear(&bytes);
	record_add(&bytes, PARAMS, 1, 2, 0);
	http_record_scan(&record, bytes.bytes, bytes.length);
	assert_int_equal(record.state, HTTP_RECORD_BAD);
	text_free(&bytes);
}

static void
record_is_of_version_1(void **state)
{
	struct http_record record = { 0 };

	(void)state;
	http_record_scan(&record, "\2\1\0\1\0\10\0\0", 8);
	assert_int_equal(record.state, HTTP_RECORD_BAD);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(record_cases),
		cmocka_unit_test(pairs_announce_no_more_than_fits),
		cmocka_unit_test(pairs_in_many_records_have_one_limit),
		cmocka_unit_test(record_is_of_version_1),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
