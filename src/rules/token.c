#include "rules/token.h"

#include <ctype.h>
#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "ground/base64url.h"

#define LIFETIME_MAX_MS (INT64_C(3650) * 86400000)

static const char prefix[] = "pr_";

static const struct {
	enum token_scope scope;
	const char *name;
} scopes_named[TOKEN_SCOPES] = {
	{ TOKEN_READ, "read" },
	{ TOKEN_WRITE, "write" },
	{ TOKEN_INGEST, "ingest" },
};

void
token_text(
    const unsigned char random[TOKEN_RANDOM_BYTES], char text[TOKEN_SIZE])
{
	memcpy(text, prefix, sizeof(prefix) - 1);
	sodium_bin2base64(text + sizeof(prefix) - 1,
	    TOKEN_SIZE - sizeof(prefix) + 1, random, TOKEN_RANDOM_BYTES,
	    sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

static bool
has_form(const char *text)
{
	size_t head = sizeof(prefix) - 1;

	return text != NULL && strncmp(text, prefix, head) == 0 &&
	    base64url_is(text + head, TOKEN_SIZE - 1 - head);
}

bool
token_hash_of(const char *text, struct token_hash *hash)
{
	if (!has_form(text))
		return false;
	crypto_hash_sha256(
	    hash->bytes, (const unsigned char *)text, TOKEN_SIZE - 1);
	return true;
}

bool
token_hash_equal(const struct token_hash *a, const struct token_hash *b)
{
	return sodium_memcmp(a->bytes, b->bytes, TOKEN_HASH_BYTES) == 0;
}

const char *
token_scope_name(enum token_scope scope)
{
	for (size_t i = 0; i < TOKEN_SCOPES; i++)
		if (scopes_named[i].scope == scope)
			return scopes_named[i].name;
	return "";
}

void
token_scopes_text(unsigned scopes, struct text *text)
{
	text_clear(text);
	for (size_t i = 0; i < TOKEN_SCOPES; i++) {
		if ((scopes & scopes_named[i].scope) == 0)
			continue;
		if (text->length != 0)
			text_adds(text, ",");
		text_adds(text, scopes_named[i].name);
	}
}

static unsigned
scope_of(const char *name, size_t length)
{
	for (size_t i = 0; i < TOKEN_SCOPES; i++)
		if (strlen(scopes_named[i].name) == length &&
		    strncmp(scopes_named[i].name, name, length) == 0)
			return scopes_named[i].scope;
	return 0;
}

unsigned
token_scopes_of(const char *list)
{
	unsigned scopes = 0, scope;
	size_t length;

	for (;; list += length + 1) {
		length = strcspn(list, ",");
		scope = scope_of(list, length);
		if (scope == 0)
			return 0;
		scopes |= scope;
		if (list[length] == '\0')
			return scopes;
	}
}

int
token_refusal(const struct token_claim *claim, unsigned any_of)
{
	switch (claim->state) {
	case TOKEN_UNKNOWN: return 401;
	case TOKEN_UNCHECKED: return 503;
	case TOKEN_KNOWN: break;
	}
	return (claim->grant.scopes & any_of) != 0 ? 0 : 403;
}

bool
token_reaches(
    const struct token_claim *claim, const struct uuid *subscription_id)
{
	return !claim->grant.is_bound ||
	    uuid_compare(&claim->grant.subscription_id, subscription_id) == 0;
}

bool
token_name_fits(const char *name)
{
	size_t length = strlen(name);
	struct uuid id;

	if (length == 0 || length > TOKEN_NAME_BYTES || name[0] == ' ' ||
	    name[length - 1] == ' ')
		return false;
	return text_is_clean(name, length) && uuid_parse(name, &id, NULL) == -1;
}

static int64_t
unit_ms(char unit)
{
	switch (unit) {
	case 's': return 1000;
	case 'm': return 60000;
	case 'h': return 3600000;
	case 'd': return 86400000;
	default: return 0;
	}
}

int64_t
token_lifetime_ms(const char *text)
{
	char *end;
	long long number;
	int64_t unit;

	if (!isdigit((unsigned char)text[0]))
		return 0;
	errno = 0;
	number = strtoll(text, &end, 10);
	unit = unit_ms(*end);
	if (errno != 0 || unit == 0 || end[1] != '\0' ||
	    number > LIFETIME_MAX_MS / unit)
		return 0;
	return number * unit;
}
