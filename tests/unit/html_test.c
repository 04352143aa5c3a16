#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "doors/html.h"

struct escaping {
	const char *shows;
	const char *in;
	size_t length;
	const char *want;
};

#define BYTES(literal) literal, sizeof(literal) - 1

static void
text_is_never_markup(void **state)
{
	static const struct escaping cases[] = {
		{ "nothing", BYTES(""), "" },
		{ "plain", BYTES("order.created"), "order.created" },
		{ "a tag", BYTES("\"><script>alert('1')</script>"),
		    "&quot;&gt;&lt;script&gt;alert(&#39;1&#39;)"
		    "&lt;/script&gt;" },
		{ "an entity", BYTES("&amp;"), "&amp;amp;" },
		{ "all UTF-8", BYTES("é \xe2\x82\xac \xf0\x9f\x90\x8e"),
		    "é \xe2\x82\xac \xf0\x9f\x90\x8e" },
		{ "white space", BYTES("a\tb\r\nc"), "a\tb\r\nc" },
		{ "a NUL", BYTES("a\0<"), "a\xef\xbf\xbd&lt;" },
		{ "an escape", BYTES("\x1b[2J\x7f"),
		    "\xef\xbf\xbd[2J\xef\xbf\xbd" },
		{ "a cut sequence", BYTES("a\xe2\x82"),
		    "a\xef\xbf\xbd\xef\xbf\xbd" },
		{ "an overlong <", BYTES("\xc0\xbc"),
		    "\xef\xbf\xbd\xef\xbf\xbd" },
		{ "a lead before <", BYTES("\xe2<b"), "\xef\xbf\xbd&lt;b" },
		{ "bidi overrides and isolates",
		    BYTES("a\xe2\x80\xaegpj.exe\xe2\x81\xa6<"),
		    "a\\u202egpj.exe\\u2066&lt;" },
		{ "marks of direction", BYTES("\xe2\x80\x8f\xd8\x9c"),
		    "\\u200f\\u061c" },
		{ "C1, which terminals obey",
		    BYTES("\xc2\x9b"
			  "2J\xc2\x85"),
		    "\\u009b2J\\u0085" },
		{ "what has no width",
		    BYTES("a\xe2\x80\x8b\xef\xbb\xbf"
			  "b"),
		    "a\\u200b\\ufeffb" },
		{ "a tag of the plane 14", BYTES("\xf3\xa0\x81\x81"),
		    "\\udb40\\udc41" },
		{ "joiners of emoji", BYTES("\xf0\x9f\x91\xa9\xe2\x80\x8d"),
		    "\xf0\x9f\x91\xa9\xe2\x80\x8d" },
		{ "a surrogate", BYTES("\xed\xa0\x80"),
		    "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd" },
	};
	struct text out = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		text_clear(&out);
		html_bytes(&out, cases[i].in, cases[i].length);
		print_message("escapes %s\n", cases[i].shows);
		assert_string_equal(text_string(&out), cases[i].want);
	}
	text_free(&out);
}

static void
null_adds_nothing(void **state)
{
	struct text out = { 0 };

	(void)state;
	html_text(&out, NULL);
	html_url_arg(&out, NULL);
	assert_int_equal(out.length, 0);
	text_free(&out);
}

static void
url_arguments_hold_one_value(void **state)
{
	struct text out = { 0 };

	(void)state;
	html_url_arg(&out, "a-b._~9");
	assert_string_equal(text_string(&out), "a-b._~9");
	text_clear(&out);
	html_url_arg(&out, "a b&c=\"d\"/é%+#?");
	assert_string_equal(
	    text_string(&out), "a%20b%26c%3D%22d%22%2F%C3%A9%25%2B%23%3F");
	text_free(&out);
}

static void
numbers_are_grouped(void **state)
{
	static const struct {
		int64_t in;
		const char *want;
	} cases[] = {
		{ 0, "0" },
		{ 999, "999" },
		{ 1000, "1,000" },
		{ -1234567, "-1,234,567" },
		{ -100, "-100" },
		{ INT64_MAX, "9,223,372,036,854,775,807" },
	};
	struct text out = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		text_clear(&out);
		html_number(&out, cases[i].in);
		assert_string_equal(text_string(&out), cases[i].want);
	}
	text_free(&out);
}

static void
times_are_in_utc(void **state)
{
	struct text out = { 0 };

	(void)state;
	html_time(&out, INT64_C(1769903999123));
	assert_string_equal(text_string(&out),
	    "<time datetime=\"2026-01-31T23:59:59.123Z\">"
	    "2026-01-31 23:59:59 <abbr>UTC</abbr></time>");
	text_clear(&out);
	html_time_exact(&out, INT64_C(1769903999123));
	assert_string_equal(text_string(&out),
	    "<time datetime=\"2026-01-31T23:59:59.123Z\" data-exact>"
	    "2026-01-31 23:59:59 <abbr>UTC</abbr></time>");
	text_free(&out);
}

static void
a_page_escapes_its_title(void **state)
{
	const struct request request = { .id = "0123" };
	struct response response = { 0 };
	const char *page;

	(void)state;
	page_begin(&response, 404, "<b>", PAGE_WEBHOOKS);
	page_end(&response, &request);
	page = text_string(&response.body);
	assert_int_equal(response.status, 404);
	assert_string_equal(response.content_type, "text/html; charset=utf-8");
	assert_null(strstr(page, "<b>"));
	assert_non_null(strstr(page, "<title>Error: &lt;b&gt; · Postrider"));
	assert_non_null(strstr(page, "<h1>&lt;b&gt;</h1>"));
	assert_non_null(
	    strstr(page, "href=\"/ui/webhooks\" aria-current=\"page\""));
	assert_non_null(strstr(page, "Request <code>0123</code>"));
	assert_non_null(strstr(page, "</html>\n"));
	text_free(&response.headers);
	text_free(&response.body);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_is_never_markup),
		cmocka_unit_test(null_adds_nothing),
		cmocka_unit_test(url_arguments_hold_one_value),
		cmocka_unit_test(numbers_are_grouped),
		cmocka_unit_test(times_are_in_utc),
		cmocka_unit_test(a_page_escapes_its_title),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
