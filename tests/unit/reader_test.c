#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../../worker/reader.c"

static bool
read_lines(struct reader *reader, const char *const *lines)
{
	for (; *lines != NULL; lines++)
		if (!reader_header(reader, *lines, strlen(*lines)))
			return false;
	return true;
}

static const struct {
	const char *lines[6];
	bool fine, done;
	int status;
} cases[] = {
	{ { "HTTP/1.1 200 OK\r\n", "A: b\r\n", "\r\n" }, true, true, 200 },
	{ { "HTTP/1.0 204\r\n", "\r\n" }, true, true, 204 },
	{ { "HTTP/1.1 503 x\n", "\n" }, true, true, 503 },
	{ { "HTTP/1.1 200 OK\r\n", "A: b\r\n" }, true, false, 200 },
	{ { "HTTP/1.1 102 x\r\n", "\r\n" }, true, false, 102 },
	{ { "HTTP/1.1 102 x\r\n", "\r\n", "HTTP/1.1 201 y\r\n", "\r\n" }, true,
	    true, 201 },
	{ { "HTTP/1.1 101 x\r\n" }, false, false, 101 },
	{ { "HTTP/1.1 000 x\r\n" }, false, false, 0 },
	{ { "HTTP/1.1 abc\r\n" }, false, false, 0 },
	/* a trailer that looks like an answer is none */
	{ { "HTTP/1.1 200 OK\r\n", "\r\n", "HTTP/1.1 500 x\r\n", "\r\n" }, true,
	    true, 200 },
};

static void
reads_headers(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct reader reader = { 0 };

		assert_int_equal(
		    read_lines(&reader, cases[i].lines), cases[i].fine);
		assert_int_equal(reader.header_done, cases[i].done);
		assert_int_equal(reader.malformed, !cases[i].fine);
		assert_int_equal(reader.status, cases[i].status);
		text_free(&reader.headers);
	}
}

/* Where the body ends must be clear to anybody, or what follows is not known to
 * be an answer of its own. */
static const struct {
	const char *lines[6];
	bool framed;
} framings[] = {
	{ { "HTTP/1.1 200 OK\r\n", "Content-Length: 2\r\n", "\r\n" }, true },
	{ { "HTTP/1.1 200 OK\r\n", "content-length:2\r\n", "\r\n" }, true },
	{ { "HTTP/1.1 200 OK\r\n", "Transfer-Encoding: chunked\r\n", "\r\n" },
	    true },
	{ { "HTTP/1.1 204 No\r\n", "A: b\r\n", "\r\n" }, true },
	{ { "HTTP/1.1 204 No\r\n", "Content-Length: 0\r\n", "\r\n" }, true },
	{ { "HTTP/1.1 103 x\r\n", "Content-Length: 9\r\n", "\r\n",
	      "HTTP/1.1 204 No\r\n", "\r\n" },
	    true },
	{ { "HTTP/1.1 204 No\r\n", "Content-Length: 2\r\n", "\r\n" }, false },
	{ { "HTTP/1.1 204 No\r\n", "Transfer-Encoding: chunked\r\n", "\r\n" },
	    false },
	{ { "HTTP/1.1 304 No\r\n", "Content-Length: 5\r\n", "\r\n" }, false },
	{ { "HTTP/1.1 200 OK\r\n", "\r\n" }, false },
	{ { "HTTP/1.1 200 OK\r\n", "Content-Length: 2\r\n",
	      "Content-Length: 2\r\n", "\r\n" },
	    false },
	{ { "HTTP/1.1 200 OK\r\n", "Content-Length: 2, 2\r\n", "\r\n" },
	    false },
	{ { "HTTP/1.1 200 OK\r\n", "Content-Length: +2\r\n", "\r\n" }, false },
	{ { "HTTP/1.1 200 OK\r\n", "Content-Length : 2\r\n", "\r\n" }, false },
	{ { "HTTP/1.1 200 OK\r\n", "Content-Length: 2\r\n", " 3\r\n", "\r\n" },
	    false },
	{ { "HTTP/1.1 200 OK\r\n", "Content-Length: 2\r\n",
	      "Transfer-Encoding: chunked\r\n", "\r\n" },
	    false },
	{ { "HTTP/1.1 200 OK\r\n", "Transfer-Encoding: gzip, chunked\r\n",
	      "\r\n" },
	    false },
};

static void
tells_whether_the_body_has_a_clear_end(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(framings) / sizeof(framings[0]); i++) {
		struct reader reader = { 0 };

		assert_true(read_lines(&reader, framings[i].lines));
		assert_true(reader.header_done);
		if (reader.framed != framings[i].framed)
			fail_msg("%zu: %s", i, framings[i].lines[1]);
		text_free(&reader.headers);
	}
}

static void
a_final_header_over_a_bound_has_a_status(void **state)
{
	struct reader reader = { 0 };

	(void)state;
	assert_true(reader_header(&reader, "HTTP/1.1 503 x\r\n", 16));
	while (reader_header(&reader, "A: b\r\n", 6))
		assert_true(reader.lines <= HEADER_LINES_MAX);
	assert_int_equal(reader.lines, HEADER_LINES_MAX + 1);
	assert_int_equal(reader.status, 503);
	assert_true(reader.cut);
	assert_false(reader.malformed);
	assert_false(reader.header_done);
	text_free(&reader.headers);
}

static void
keeps_the_final_header_only(void **state)
{
	static const char *const lines[] = { "HTTP/1.1 103 x\r\n",
		"Link: y\r\n", "\r\n", "HTTP/1.1 200 OK\r\n", "A: b\r\n",
		"\r\n", "Trailer: t\r\n", NULL };
	struct reader reader = { 0 };

	(void)state;
	assert_true(read_lines(&reader, lines));
	assert_string_equal(
	    text_string(&reader.headers), "HTTP/1.1 200 OK\r\nA: b\r\n");
	reader_clear(&reader);
	assert_int_equal(reader.status, 0);
	assert_int_equal(reader.headers.length, 0);
	text_free(&reader.headers);
}

static int
lines_until_refused(const char *line, size_t length)
{
	struct reader reader = { 0 };
	int count = 0;

	while (reader_header(&reader, line, length))
		count++;
	assert_true(reader.malformed);
	assert_true(reader.headers.length <= HEADERS_KEPT);
	text_free(&reader.headers);
	return count;
}

static void
headers_are_bounded(void **state)
{
	static const char interim[] = "HTTP/1.1 102 x\r\n";
	static char big[1024 + 1];

	(void)state;
	memset(big, 'x', sizeof(big));
	assert_int_equal(lines_until_refused("A: b\r\n", 6), 100);
	assert_int_equal(lines_until_refused(big, 1024), 32);
	assert_int_equal(lines_until_refused(interim, strlen(interim)), 20);
}

static void
bodies_are_bounded(void **state)
{
	static char block[4096];
	struct reader reader = { 0 };
	int count = 0;

	(void)state;
	assert_true(reader_body(&reader, "abc", 3));
	while (reader_body(&reader, block, sizeof(block)))
		count++;
	assert_int_equal(count, 15);
	assert_int_equal(reader.body.length, BODY_KEPT);
	text_free(&reader.body);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_headers),
		cmocka_unit_test(tells_whether_the_body_has_a_clear_end),
		cmocka_unit_test(a_final_header_over_a_bound_has_a_status),
		cmocka_unit_test(keeps_the_final_header_only),
		cmocka_unit_test(headers_are_bounded),
		cmocka_unit_test(bodies_are_bounded),
	};

	return cmocka_run_group_tests_name("reader", tests, NULL, NULL);
}
