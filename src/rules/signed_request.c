#include "rules/signed_request.h"

#include <sodium.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "rules/hmac.h"
#include "rules/signature.h"

#define TIMESTAMP_DIGITS_MAX 12
#define HEX_PREFIX "sha256="

static const struct {
	const char *name;
	bool by_bytes, secret_is_theirs;
} schemes[] = {
	[SIGNED_NOT] = { NULL, false, false },
	[SIGNED_STANDARD] = { "standard-webhooks", false, false },
	[SIGNED_HEX] = { "hmac-sha256-hex", true, false },
	[SIGNED_GITHUB] = { "github", true, false },
	[SIGNED_STRIPE] = { "stripe", true, true },
	[SIGNED_SHOPIFY] = { "shopify", true, true },
};
#define SCHEMES (sizeof(schemes) / sizeof(schemes[0]))

static const struct {
	const char *variable, *name;
	bool signs;
} fields[SIGNED_FIELDS] = {
	[SIGNED_FIELD_ID] = { "HTTP_WEBHOOK_ID", "webhook-id", false },
	[SIGNED_FIELD_TIMESTAMP] = { "HTTP_WEBHOOK_TIMESTAMP",
	    "webhook-timestamp", false },
	[SIGNED_FIELD_SIGNATURE] = { "HTTP_WEBHOOK_SIGNATURE",
	    "webhook-signature", true },
	[SIGNED_FIELD_X_SIGNATURE] = { "HTTP_X_SIGNATURE", "x-signature",
	    true },
	[SIGNED_FIELD_HUB] = { "HTTP_X_HUB_SIGNATURE_256",
	    "x-hub-signature-256", true },
	[SIGNED_FIELD_HUB_DELIVERY] = { "HTTP_X_GITHUB_DELIVERY",
	    "x-github-delivery", false },
	[SIGNED_FIELD_STRIPE] = { "HTTP_STRIPE_SIGNATURE", "stripe-signature",
	    true },
	[SIGNED_FIELD_SHOPIFY] = { "HTTP_X_SHOPIFY_HMAC_SHA256",
	    "x-shopify-hmac-sha256", true },
	[SIGNED_FIELD_SHOPIFY_ID] = { "HTTP_X_SHOPIFY_WEBHOOK_ID",
	    "x-shopify-webhook-id", false },
};

enum signed_scheme
signed_scheme_of(const char *name)
{
	for (size_t i = 0; name != NULL && i < SCHEMES; i++)
		if (schemes[i].name != NULL &&
		    strcmp(schemes[i].name, name) == 0)
			return (enum signed_scheme)i;
	return SIGNED_NOT;
}

bool
signed_by_bytes(enum signed_scheme scheme)
{
	return schemes[scheme].by_bytes;
}

bool
signed_secret_is_theirs(enum signed_scheme scheme)
{
	return schemes[scheme].secret_is_theirs;
}

const char *
signed_field_variable(enum signed_field field)
{
	return fields[field].variable;
}

const char *
signed_field_name(enum signed_field field)
{
	return fields[field].name;
}

bool
signed_field_signs(enum signed_field field)
{
	return fields[field].signs;
}

/* The only comparison of signatures. */
static bool
is_same(const void *given, const void *wanted, size_t length)
{
	return sodium_memcmp(given, wanted, length) == 0;
}

/* Digits alone and no zero before them, so that the number is signed as it
 * was written. -1 when it is none. */
static int64_t
timestamp_read(const char *text)
{
	size_t length = strspn(text, "0123456789");

	if (length == 0 || length > TIMESTAMP_DIGITS_MAX ||
	    text[length] != '\0' || text[0] == '0')
		return -1;
	return strtoll(text, NULL, 10);
}

static bool
any_is_same(const char *list, const char *wanted)
{
	size_t length, right = strlen(wanted);
	bool found = false;

	for (; *list != '\0'; list += length) {
		list += strspn(list, " ");
		length = strcspn(list, " ");
		if (length == right && is_same(list, wanted, right))
			found = true;
	}
	return found;
}

/* A repeat is told by it, and kept by it. */
static bool
id_fits(const char *id)
{
	size_t length = strlen(id);

	if (length == 0 || length > SIGNED_REQUEST_ID_MAX)
		return false;
	for (; *id != '\0'; id++)
		if (*id < 0x20 || *id > 0x7e)
			return false;
	return true;
}

static bool
is_timely(int64_t timestamp, int64_t now_s)
{
	return timestamp != -1 &&
	    timestamp >= now_s - SIGNED_REQUEST_TOLERANCE_S &&
	    timestamp <= now_s + SIGNED_REQUEST_TOLERANCE_S;
}

static enum signed_verdict
verdict_of(bool fits)
{
	return fits ? SIGNED_WELL : SIGNED_OTHERWISE;
}

static enum signed_verdict
check_standard(
    const struct signed_request *request, const char *secret, int64_t now_s)
{
	const char *id = request->fields[SIGNED_FIELD_ID];
	const char *time = request->fields[SIGNED_FIELD_TIMESTAMP];
	const char *given = request->fields[SIGNED_FIELD_SIGNATURE];
	char wanted[SIGNATURE_SIZE];
	int64_t timestamp;

	if (id == NULL || time == NULL || given == NULL)
		return SIGNED_MISSING;
	timestamp = timestamp_read(time);
	if (!is_timely(timestamp, now_s))
		return SIGNED_STALE;
	if (!id_fits(id) || !signature_has_key(secret))
		return SIGNED_OTHERWISE;
	signature_make(
	    secret, id, timestamp, request->body, request->length, wanted);
	return verdict_of(any_is_same(given, wanted));
}

/* Of what comes before the body (NULL: nothing) and the body. */
static void
sum_make(const struct signed_request *request, const char *secret,
    const char *before, unsigned char sum[HMAC_BYTES])
{
	const struct hmac_part parts[] = {
		{ before, before != NULL ? strlen(before) : 0 },
		{ request->body, request->length },
	};

	hmac_make(secret, strlen(secret), parts, 2, sum);
}

/* Is it `sum` in hex, in `length` characters? */
static bool
hex_is_same(const char *hex, size_t length, const unsigned char sum[HMAC_BYTES])
{
	unsigned char given[HMAC_BYTES];
	size_t got;
	const char *end;

	return sodium_hex2bin(
		   given, sizeof(given), hex, length, NULL, &got, &end) == 0 &&
	    got == sizeof(given) && end == hex + length &&
	    is_same(given, sum, sizeof(given));
}

static enum signed_verdict
check_hex(const char *hex, bool wants_prefix,
    const struct signed_request *request, const char *secret)
{
	unsigned char sum[HMAC_BYTES];

	if (hex == NULL)
		return SIGNED_MISSING;
	if (strncmp(hex, HEX_PREFIX, strlen(HEX_PREFIX)) == 0)
		hex += strlen(HEX_PREFIX);
	else if (wants_prefix)
		return SIGNED_OTHERWISE;
	sum_make(request, secret, NULL, sum);
	return verdict_of(hex_is_same(hex, strlen(hex), sum));
}

static enum signed_verdict
check_base64(
    const char *given, const struct signed_request *request, const char *secret)
{
	char wanted[sodium_base64_ENCODED_LEN(
	    HMAC_BYTES, sodium_base64_VARIANT_ORIGINAL)];
	unsigned char sum[HMAC_BYTES];

	if (given == NULL)
		return SIGNED_MISSING;
	sum_make(request, secret, NULL, sum);
	sodium_bin2base64(wanted, sizeof(wanted), sum, sizeof(sum),
	    sodium_base64_VARIANT_ORIGINAL);
	return verdict_of(strlen(given) == strlen(wanted) &&
	    is_same(given, wanted, strlen(wanted)));
}

/* The next NAME=VALUE of a list with commas whose name it is, from *at on;
 * NULL at its end. */
static const char *
item_next(const char **at, const char *name, size_t *length)
{
	size_t name_length = strlen(name);
	const char *item;

	while (**at != '\0') {
		item = *at + strspn(*at, " ,");
		*length = strcspn(item, " ,");
		*at = item + *length;
		if (*length > name_length && item[name_length] == '=' &&
		    strncmp(item, name, name_length) == 0) {
			*length -= name_length + 1;
			return item + name_length + 1;
		}
	}
	return NULL;
}

/* The time of a Stripe-Signature as it stands there. false: none. */
static bool
stripe_time(const char *header, char time[TIMESTAMP_DIGITS_MAX + 1])
{
	size_t length = 0;
	const char *value = item_next(&header, "t", &length);

	if (value == NULL || length > TIMESTAMP_DIGITS_MAX)
		return false;
	memcpy(time, value, length);
	time[length] = '\0';
	return true;
}

static enum signed_verdict
check_stripe(
    const struct signed_request *request, const char *secret, int64_t now_s)
{
	const char *header = request->fields[SIGNED_FIELD_STRIPE], *hex;
	char before[TIMESTAMP_DIGITS_MAX + 2];
	unsigned char sum[HMAC_BYTES];
	size_t length;
	bool found = false;

	if (header == NULL)
		return SIGNED_MISSING;
	if (!stripe_time(header, before) ||
	    !is_timely(timestamp_read(before), now_s))
		return SIGNED_STALE;
	strcat(before, ".");
	sum_make(request, secret, before, sum);
	while ((hex = item_next(&header, "v1", &length)) != NULL)
		found |= hex_is_same(hex, length, sum);
	return verdict_of(found);
}

enum signed_verdict
signed_request_check(enum signed_scheme scheme,
    const struct signed_request *request, const char *secret, int64_t now_s)
{
	const char *const *given = request->fields;

	if (scheme != SIGNED_NOT && secret[0] == '\0')
		return SIGNED_OTHERWISE;
	switch (scheme) {
	case SIGNED_STANDARD: return check_standard(request, secret, now_s);
	case SIGNED_HEX:
		return check_hex(
		    given[SIGNED_FIELD_X_SIGNATURE], false, request, secret);
	case SIGNED_GITHUB:
		return check_hex(
		    given[SIGNED_FIELD_HUB], true, request, secret);
	case SIGNED_STRIPE: return check_stripe(request, secret, now_s);
	case SIGNED_SHOPIFY:
		return check_base64(
		    given[SIGNED_FIELD_SHOPIFY], request, secret);
	case SIGNED_NOT: break;
	}
	return SIGNED_WELL;
}

/* A header whose signatures were taken away or put in another order is the
 * same request. */
static bool
stripe_once(const struct signed_request *request, char once[SIGNED_ONCE_SIZE])
{
	unsigned char hash[32];
	size_t length;

	if (!stripe_time(request->fields[SIGNED_FIELD_STRIPE], once))
		return false;
	crypto_generichash(
	    hash, sizeof(hash), request->body, request->length, NULL, 0);
	length = strlen(once);
	once[length++] = '.';
	sodium_bin2hex(
	    once + length, SIGNED_ONCE_SIZE - length, hash, sizeof(hash));
	return true;
}

bool
signed_request_once(enum signed_scheme scheme,
    const struct signed_request *request, char once[SIGNED_ONCE_SIZE],
    enum signed_field *field)
{
	const char *id;

	switch (scheme) {
	case SIGNED_STANDARD: *field = SIGNED_FIELD_ID; break;
	case SIGNED_GITHUB: *field = SIGNED_FIELD_HUB_DELIVERY; break;
	case SIGNED_SHOPIFY: *field = SIGNED_FIELD_SHOPIFY_ID; break;
	case SIGNED_STRIPE:
		*field = SIGNED_FIELD_STRIPE;
		return stripe_once(request, once);
	case SIGNED_NOT:
	case SIGNED_HEX: return false;
	}
	id = request->fields[*field];
	if (id == NULL || !id_fits(id))
		return false;
	memcpy(once, id, strlen(id) + 1);
	return true;
}
