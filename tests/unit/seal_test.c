#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "rules/seal.h"

static const struct seal_key key = { .id = "2026-a", .bytes = { 1, 2, 3 } };
static const struct uuid one = { { 1 } }, two = { { 2 } };

static void
opens_what_it_sealed(void **state)
{
	static const char *const secrets[] = { "s", "whsec_AAAA",
		"пароль \"\\ 🎉 \001",
		"a longer one, of more than 64 bytes, "
		"so that the cipher needs a second block for it" };
	char id[SEAL_ID_MAX + 1], *sealed, *again, *opened;

	(void)state;
	for (size_t i = 0; i < sizeof(secrets) / sizeof(secrets[0]); i++) {
		sealed = seal_make(&key, &one, secrets[i]);
		again = seal_make(&key, &one, secrets[i]);
		assert_string_not_equal(sealed, again); /* the nonce */
		if (strlen(secrets[i]) > 8) /* else it may be there by chance */
			assert_null(strstr(sealed, secrets[i]));
		assert_true(seal_id_of(sealed, id));
		assert_string_equal(id, key.id);
		opened = seal_open(&key, &one, sealed);
		assert_non_null(opened);
		assert_string_equal(opened, secrets[i]);
		seal_forget(opened);
		free(sealed);
		free(again);
	}
}

static void
is_bound_to_its_row_and_its_key(void **state)
{
	struct seal_key other = key, renamed = key;
	char *sealed = seal_make(&key, &one, "secret"), *moved;

	(void)state;
	other.bytes[31] ^= 1;
	strcpy(renamed.id, "2026-b");
	assert_null(seal_open(&key, &two, sealed));
	assert_null(seal_open(&other, &one, sealed));
	/* under another key's name, though the bytes are the same */
	moved = strdup(sealed);
	memcpy(strchr(moved, '-') + 1, "b", 1);
	assert_null(seal_open(&renamed, &one, moved));
	free(moved);
	free(sealed);
}

static void
one_changed_byte_is_enough(void **state)
{
	char *sealed = seal_make(&key, &one, "secret"), *opened;

	(void)state;
	for (char *at = sealed; *at != '\0'; at++) {
		char was = *at;

		*at = was == 'A' ? 'B' : 'A';
		assert_null(seal_open(&key, &one, sealed));
		*at = was;
	}
	opened = seal_open(&key, &one, sealed);
	assert_string_equal(opened, "secret");
	seal_forget(opened);
	free(sealed);
}

static void
refuses_what_is_no_sealed_secret(void **state)
{
	static const char *const texts[] = { "secret", "v1", "v1.", "v1..",
		"v1.k", "v1.k.", "v1.k.AAAA", "v1.k.!!!!", "v2.2026-a.AAAA",
		"v1.k k.AAAA", "v1.an-id-that-is-longer-than-32-bytes.AAAA" };

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_null(seal_open(&key, &one, texts[i]));
}

static void
the_empty_secret_stays_empty(void **state)
{
	char *sealed = seal_make(&key, &one, "");
	char *opened = seal_open(&key, &two, "");

	(void)state;
	assert_string_equal(sealed, "");
	assert_string_equal(opened, "");
	free(sealed);
	seal_forget(opened);
	seal_forget(NULL);
}

static void
ids_are_short_and_plain(void **state)
{
	(void)state;
	assert_true(seal_id_fits("2026-11-24_a"));
	assert_true(seal_id_fits("abcdefghijklmnopqrstuvwxyz012345"));
	assert_false(seal_id_fits("abcdefghijklmnopqrstuvwxyz0123456"));
	assert_false(seal_id_fits(""));
	assert_false(seal_id_fits("a.b"));
	assert_false(seal_id_fits("a b"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(opens_what_it_sealed),
		cmocka_unit_test(is_bound_to_its_row_and_its_key),
		cmocka_unit_test(one_changed_byte_is_enough),
		cmocka_unit_test(refuses_what_is_no_sealed_secret),
		cmocka_unit_test(the_empty_secret_stays_empty),
		cmocka_unit_test(ids_are_short_and_plain),
	};

	if (sodium_init() == -1)
		return 1;
	return cmocka_run_group_tests_name("seal", tests, NULL, NULL);
}
