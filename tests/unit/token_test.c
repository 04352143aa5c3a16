#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "rules/token.h"

/* RFC 4648's alphabet at its ends, and the length without padding. */
static void
texts(void **state)
{
	unsigned char random[TOKEN_RANDOM_BYTES];
	char text[TOKEN_SIZE];

	(void)state;
	memset(random, 0xff, sizeof(random));
	token_text(random, text);
	assert_string_equal(
	    text, "pr___________________________________________8");
	memset(random, 0, sizeof(random));
	random[0] = 0xfb;
	token_text(random, text);
	assert_string_equal(
	    text, "pr_-wAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
}

#define TOKEN "pr_-wAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

static void
hashes(void **state)
{
	/* printf %s TOKEN | sha256sum */
	static const unsigned char start[] = { 0x59, 0x31, 0x32, 0xff, 0x58,
		0x3c, 0x0b, 0x89 };
	struct token_hash hash, other;

	(void)state;
	assert_true(token_hash_of(TOKEN, &hash));
	assert_memory_equal(hash.bytes, start, sizeof(start));
	other = hash;
	assert_true(token_hash_equal(&hash, &other));
	for (size_t i = 0; i < TOKEN_HASH_BYTES; i++) {
		other.bytes[i] ^= 1;
		assert_false(token_hash_equal(&hash, &other));
		other = hash;
	}
}

static void
forms(void **state)
{
	static const char *const wrong[] = { "", "pr_", "pr_x", TOKEN "A",
		TOKEN " ", " " TOKEN, "PR" TOKEN,
		"Pr_-wAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
		"pr_-wAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
		"pr_-wAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
		"pr_+wAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
		"pr_/wAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
		"pr--wAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
		TOKEN ", Bearer " TOKEN };
	struct token_hash hash;

	(void)state;
	assert_false(token_hash_of(NULL, &hash));
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		if (token_hash_of(wrong[i], &hash))
			fail_msg("took %s", wrong[i]);
}

static void
scopes(void **state)
{
	static const struct {
		const char *list;
		unsigned scopes;
		const char *text;
	} cases[] = {
		{ "read", TOKEN_READ, "read" },
		{ "ingest,read", TOKEN_READ | TOKEN_INGEST, "read,ingest" },
		{ "write,write", TOKEN_WRITE, "write" },
		{ "read,write,ingest", 7, "read,write,ingest" },
		{ "", 0, "" },
		{ ",", 0, "" },
		{ "read,", 0, "" },
		{ "read, write", 0, "" },
		{ "READ", 0, "" },
		{ "admin", 0, "" },
		{ "rea", 0, "" },
		{ "readx", 0, "" },
	};
	struct text text = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (token_scopes_of(cases[i].list) != cases[i].scopes)
			fail_msg("%s", cases[i].list);
		token_scopes_text(cases[i].scopes, &text);
		assert_string_equal(text_string(&text), cases[i].text);
	}
	text_free(&text);
}

static void
refusals(void **state)
{
	struct token_claim claim = { 0 };
	struct uuid one = { { 1 } }, two = { { 2 } };

	(void)state;
	assert_int_equal(token_refusal(&claim, TOKEN_READ), 401);
	claim.state = TOKEN_UNCHECKED;
	claim.grant.scopes = TOKEN_READ;
	assert_int_equal(token_refusal(&claim, TOKEN_READ), 503);
	claim.state = TOKEN_KNOWN;
	assert_int_equal(token_refusal(&claim, TOKEN_READ), 0);
	assert_int_equal(token_refusal(&claim, TOKEN_READ | TOKEN_WRITE), 0);
	assert_int_equal(token_refusal(&claim, TOKEN_WRITE), 403);
	assert_int_equal(token_refusal(&claim, TOKEN_INGEST), 403);
	assert_true(token_reaches(&claim, &one));
	claim.grant.is_bound = true;
	claim.grant.subscription_id = two;
	assert_false(token_reaches(&claim, &one));
	assert_true(token_reaches(&claim, &two));
}

static void
names(void **state)
{
	char name[TOKEN_NAME_BYTES + 2];

	(void)state;
	memset(name, 'n', sizeof(name));
	name[TOKEN_NAME_BYTES] = '\0';
	assert_true(token_name_fits(name));
	name[TOKEN_NAME_BYTES] = 'n';
	name[TOKEN_NAME_BYTES + 1] = '\0';
	assert_false(token_name_fits(name));
	assert_true(token_name_fits("the shop's, \xc3\xa4 <b>"));
	assert_false(token_name_fits(""));
	assert_false(token_name_fits(" a"));
	assert_false(token_name_fits("a "));
	assert_false(token_name_fits("a\nb"));
	assert_false(token_name_fits("a\x7f"));
	assert_false(token_name_fits("a\xff"));
	assert_false(token_name_fits("01890000-0000-7000-8000-000000000000"));
}

static void
lifetimes(void **state)
{
	static const struct {
		const char *text;
		int64_t ms;
	} cases[] = {
		{ "1s", 1000 },
		{ "90s", 90000 },
		{ "15m", 900000 },
		{ "12h", 43200000 },
		{ "30d", INT64_C(2592000000) },
		{ "3650d", INT64_C(315360000000) },
		{ "3651d", 0 },
		{ "0d", 0 },
		{ "", 0 },
		{ "d", 0 },
		{ "30", 0 },
		{ "-1d", 0 },
		{ " 1d", 0 },
		{ "1.5d", 0 },
		{ "1dd", 0 },
		{ "1w", 0 },
		{ "99999999999999999999d", 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (token_lifetime_ms(cases[i].text) != cases[i].ms)
			fail_msg("%s", cases[i].text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts),
		cmocka_unit_test(hashes),
		cmocka_unit_test(forms),
		cmocka_unit_test(scopes),
		cmocka_unit_test(refusals),
		cmocka_unit_test(names),
		cmocka_unit_test(lifetimes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
