#include "rules/password.h"

#include <sodium.h>

#include "ground/base64url.h"
#include "ground/text.h"

#define PASSES 2
#define MEMORY_BYTES ((size_t)19 << 20)
#define MADE_BYTES 18

_Static_assert(PASSWORD_HASH_SIZE == crypto_pwhash_argon2id_STRBYTES,
    "PASSWORD_HASH_SIZE is libsodium's");

/* Of a password that was thrown away; of the same cost as every other. */
static const char nobodys[] =
    "$argon2id$v=19$m=19456,t=2,p=1$"
    "H9beDm4GEybzYwNVcVbAaw$GXQSDAvPixsPymIu/ZE1vNwM6TGzyzow7Ku0z+3hSt8";

const char *
password_fault(const char *password, size_t length)
{
	if (length < PASSWORD_LEAST_BYTES)
		return "A password has at least 12 bytes.";
	if (length > PASSWORD_MOST_BYTES)
		return "A password has at most 512 bytes.";
	if (!text_is_utf8(password, length))
		return "A password is text in UTF-8.";
	if (!text_is_clean(password, length))
		return "A password has no control characters.";
	return NULL;
}

int
password_hash(
    const char *password, size_t length, char hash[PASSWORD_HASH_SIZE])
{
	return crypto_pwhash_argon2id_str(
	    hash, password, length, PASSES, MEMORY_BYTES);
}

bool
password_fits(const char *hash, const char *password, size_t length)
{
	const char *against = hash != NULL ? hash : nobodys;
	bool fits =
	    crypto_pwhash_argon2id_str_verify(against, password, length) == 0;

	return fits && hash != NULL;
}

void
password_make(char password[PASSWORD_MADE_SIZE])
{
	base64url_random(password, PASSWORD_MADE_SIZE, MADE_BYTES);
}
