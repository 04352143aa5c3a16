#include "rules/seal.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "ground/base64url.h"
#include "ground/text.h"

#define VERSION "v1."
#define VERSION_LENGTH (sizeof(VERSION) - 1)
#define NONCE crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
#define TAG crypto_aead_xchacha20poly1305_ietf_ABYTES
#define BASE64 sodium_base64_VARIANT_URLSAFE_NO_PADDING

bool
seal_id_fits(const char *id)
{
	size_t length = strlen(id);

	return length > 0 && length <= SEAL_ID_MAX && base64url_is(id, length);
}

/* What follows the key's id, or NULL. */
static const char *
seal_split(const char *sealed, char id[SEAL_ID_MAX + 1])
{
	size_t length;

	if (strncmp(sealed, VERSION, VERSION_LENGTH) != 0)
		return NULL;
	sealed += VERSION_LENGTH;
	length = strspn(sealed, base64url_characters);
	if (length == 0 || length > SEAL_ID_MAX || sealed[length] != '.')
		return NULL;
	memcpy(id, sealed, length);
	id[length] = '\0';
	return sealed + length + 1;
}

bool
seal_id_of(const char *sealed, char id[SEAL_ID_MAX + 1])
{
	return seal_split(sealed, id) != NULL;
}

static void
seal_bind(
    struct text *bound, const char *id, const struct uuid *subscription_id)
{
	char text[UUID_TEXT_SIZE];

	text_addf(bound, "postrider v1|subscription secret|%s|%s",
	    uuid_text(subscription_id, text), id);
}

char *
seal_make(const struct seal_key *key, const struct uuid *subscription_id,
    const char *secret)
{
	size_t length = strlen(secret), size, room;
	struct text bound = { 0 }, sealed = { 0 };
	unsigned char *bytes;
	char *base64;

	if (length == 0)
		return memory_copy_string("");
	size = NONCE + length + TAG;
	room = sodium_base64_encoded_len(size, BASE64);
	bytes = memory_get(size);
	base64 = memory_get(room);
	seal_bind(&bound, key->id, subscription_id);
	randombytes_buf(bytes, NONCE);
	crypto_aead_xchacha20poly1305_ietf_encrypt(bytes + NONCE, NULL,
	    (const unsigned char *)secret, length,
	    (const unsigned char *)bound.bytes, bound.length, NULL, bytes,
	    key->bytes);
	sodium_bin2base64(base64, room, bytes, size, BASE64);
	text_addf(&sealed, VERSION "%s.%s", key->id, base64);
	text_free(&bound);
	free(bytes);
	free(base64);
	return text_take(&sealed);
}

/* The nonce, the ciphertext and the tag; yours to free(). NULL: none. */
static unsigned char *
seal_bytes(const char *base64, size_t *length)
{
	size_t room = strlen(base64);
	unsigned char *bytes = memory_get(room);

	if (base64_read(base64, NULL, BASE64, bytes, room, length) &&
	    *length > NONCE + TAG)
		return bytes;
	free(bytes);
	return NULL;
}

char *
seal_open(const struct seal_key *key, const struct uuid *subscription_id,
    const char *sealed)
{
	char id[SEAL_ID_MAX + 1], *secret;
	const char *base64 = seal_split(sealed, id);
	struct text bound = { 0 };
	unsigned char *bytes;
	size_t length;
	int rc;

	if (sealed[0] == '\0')
		return memory_copy_string("");
	if (base64 == NULL || (bytes = seal_bytes(base64, &length)) == NULL)
		return NULL;
	secret = memory_get(length);
	seal_bind(&bound, id, subscription_id);
	rc = crypto_aead_xchacha20poly1305_ietf_decrypt((unsigned char *)secret,
	    NULL, NULL, bytes + NONCE, length - NONCE,
	    (const unsigned char *)bound.bytes, bound.length, bytes,
	    key->bytes);
	text_free(&bound);
	free(bytes);
	if (rc == 0)
		return secret;
	free(secret);
	return NULL;
}

void
seal_forget(char *secret)
{
	if (secret == NULL)
		return;
	sodium_memzero(secret, strlen(secret));
	free(secret);
}
