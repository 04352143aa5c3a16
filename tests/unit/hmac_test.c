/* RFC 4231's vectors, and libsodium as a second opinion. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "rules/hmac.h"

#define HEX_SIZE (2 * HMAC_BYTES + 1)

static void
sum_is(const void *key, size_t key_length, const struct hmac_part *parts,
    size_t count, const char *want)
{
	unsigned char sum[HMAC_BYTES];
	char hex[HEX_SIZE];

	hmac_make(key, key_length, parts, count, sum);
	sodium_bin2hex(hex, sizeof(hex), sum, sizeof(sum));
	assert_string_equal(hex, want);
}

static void
agrees_with_rfc_4231(void **state)
{
	static const char long_key[] = "Test Using Larger Than Block-Size Key"
				       " - Hash Key First";
	unsigned char key[131];

	(void)state;
	memset(key, 0x0b, sizeof(key));
	sum_is(key, 20, &(struct hmac_part){ "Hi There", 8 }, 1,
	    "b0344c61d8db38535ca8afceaf0bf12b"
	    "881dc200c9833da726e9376c2e32cff7");
	sum_is("Jefe", 4,
	    &(struct hmac_part){ "what do ya want for nothing?", 28 }, 1,
	    "5bdcc146bf60754e6a042426089575c7"
	    "5a003f089d2739839dec58b964ec3843");
	memset(key, 0xaa, sizeof(key));
	sum_is(key, sizeof(key),
	    &(struct hmac_part){ long_key, strlen(long_key) }, 1,
	    "60e431591ee0b67f0d8a26aacbf5b77f"
	    "8e0bc6213728c5140546040f0ee37f54");
}

static void
joins_the_parts(void **state)
{
	const struct hmac_part parts[] = { { "what do ya ", 11 }, { NULL, 0 },
		{ "want", 4 }, { " for nothing?", 13 } };

	(void)state;
	sum_is("Jefe", 4, parts, 4,
	    "5bdcc146bf60754e6a042426089575c7"
	    "5a003f089d2739839dec58b964ec3843");
}

static void
agrees_with_libsodium(void **state)
{
	unsigned char key[200], body[3000], want[HMAC_BYTES];
	char hex[HEX_SIZE];
	crypto_auth_hmacsha256_state sodium;

	(void)state;
	randombytes_buf(key, sizeof(key));
	randombytes_buf(body, sizeof(body));
	for (size_t length = 0; length <= sizeof(key); length++) {
		size_t bytes = length * sizeof(body) / sizeof(key);

		crypto_auth_hmacsha256_init(&sodium, key, length);
		crypto_auth_hmacsha256_update(&sodium, body, bytes);
		crypto_auth_hmacsha256_final(&sodium, want);
		sodium_bin2hex(hex, sizeof(hex), want, sizeof(want));
		sum_is(key, length, &(struct hmac_part){ body, bytes }, 1, hex);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(agrees_with_rfc_4231),
		cmocka_unit_test(joins_the_parts),
		cmocka_unit_test(agrees_with_libsodium),
	};

	return sodium_init() == -1 ? 1
				   : cmocka_run_group_tests(tests, NULL, NULL);
}
