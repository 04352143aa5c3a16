#include "rules/secret.h"

#include <ctype.h>
#include <sodium.h>
#include <string.h>
#include <strings.h>

#include "ground/base64url.h"

static const char prefix[] = "whsec_";
#define PREFIX_LENGTH (sizeof(prefix) - 1)

static enum secret_fault
base64_fault(const char *text)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *at = text + strspn(text, digits);

	if (strpbrk(text, " \t\r\n\v\f") != NULL)
		return SECRET_BLANK;
	if (*at == '-' || *at == '_')
		return SECRET_URL_SAFE;
	return at[strspn(at, "=")] == '\0' ? SECRET_PADDING : SECRET_NO_BASE64;
}

/* *length: the bytes of the key. */
static enum secret_fault
key_fault(const char *secret, size_t *length)
{
	unsigned char key[SECRET_BYTES_MAX];
	const char *text = secret + strspn(secret, " \t\r\n\v\f");
	const char *rest = secret + PREFIX_LENGTH;
	bool read;

	*length = strlen(secret);
	if (strncasecmp(text, prefix, PREFIX_LENGTH) != 0)
		return SECRET_FINE;
	if (strncmp(secret, prefix, PREFIX_LENGTH) != 0)
		return SECRET_PREFIX;
	read = base64_read(rest, NULL, sodium_base64_VARIANT_ORIGINAL, key,
	    sizeof(key), length);
	sodium_memzero(key, sizeof(key));
	if (!read)
		return base64_fault(rest);
	return *length == 0 ? SECRET_NO_KEY : SECRET_FINE;
}

enum secret_fault
secret_fault(const char *secret)
{
	size_t length;

	return key_fault(secret, &length);
}

enum secret_fault
secret_ingest_fault(const char *secret, bool by_bytes)
{
	size_t length = strlen(secret);
	enum secret_fault fault =
	    by_bytes ? SECRET_FINE : key_fault(secret, &length);

	if (fault == SECRET_FINE && length < SECRET_INGEST_KEY_MIN)
		return SECRET_SHORT;
	return fault;
}

const char *
secret_fault_text(enum secret_fault fault)
{
	switch (fault) {
	case SECRET_FINE: break;
	case SECRET_NO_KEY:
		return "There is no key behind whsec_: add the base64 of one, "
		       "or choose a secret that does not begin with whsec_";
	case SECRET_PREFIX:
		return "Write whsec_ in lower case, with nothing before it";
	case SECRET_BLANK:
		return "There is a blank or a line break behind whsec_: remove "
		       "it";
	case SECRET_URL_SAFE:
		return "Behind whsec_ there is URL-safe base64: use the "
		       "standard alphabet, with + for - and / for _";
	case SECRET_PADDING:
		return "The base64 behind whsec_ is cut or wrongly padded: its "
		       "length must be a multiple of 4, with = at the end "
		       "where it is needed";
	case SECRET_NO_BASE64:
		return "What stands behind whsec_ is not standard base64";
	case SECRET_SHORT:
		return "The key has fewer than 16 bytes: choose a longer "
		       "secret, so that nobody guesses it";
	case SECRET_ABSENT:
		return "verify_ingest needs an ingest secret: set another one, "
		       "or set verify_ingest to null too";
	case SECRET_THEIRS:
		return "Set ingest_secret to the secret that the producer made "
		       "(Stripe: the endpoint's signing secret; Shopify: the "
		       "app's client secret)";
	case SECRET_SAME:
		return "Deliveries are signed with this secret: choose another "
		       "one, or a receiver could pass for the producer";
	}
	return "";
}
