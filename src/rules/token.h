#ifndef RULES_TOKEN_H
#define RULES_TOKEN_H
/*
 * API tokens: pr_ and 32 random bytes as base64url (RFC 4648, 5), shown once.
 * What is kept is the SHA-256 of that text; a slow hash would add nothing,
 * since nobody can try 2^256 tokens. A token is looked up by its hash, in
 * PostgreSQL by an index: how long that takes tells of the hash at most, and
 * nobody can choose a token by its hash. What is found is then compared in
 * constant time, here and nowhere else.
 */
#include <stdbool.h>
#include <stdint.h>

#include "ground/text.h"
#include "ground/uuid.h"

#define TOKEN_RANDOM_BYTES 32
#define TOKEN_SIZE (3 + 43 + 1) /* with a NUL */
#define TOKEN_HASH_BYTES 32

struct token_hash {
	unsigned char bytes[TOKEN_HASH_BYTES];
};

void token_text(
    const unsigned char random[TOKEN_RANDOM_BYTES], char text[TOKEN_SIZE]);
/* False for what has not a token's form; NULL has none. */
bool token_hash_of(const char *text, struct token_hash *hash);
bool token_hash_equal(const struct token_hash *a, const struct token_hash *b);

/* What a token may do. */
enum token_scope {
	TOKEN_READ = 1,	 /* every GET; secrets are left out */
	TOKEN_WRITE = 2, /* every GET and every change, with secrets */
	TOKEN_INGEST = 4 /* POST /ingest/{id} and nothing else */
};
#define TOKEN_SCOPES 3

/* The names of a set, separated by commas: "read,ingest". */
void token_scopes_text(unsigned scopes, struct text *text);
/* Reads such a list; 0 when a name is unknown or there is none. */
unsigned token_scopes_of(const char *list);
const char *token_scope_name(enum token_scope scope);

/* What a token that exists is good for. */
struct token_grant {
	struct uuid id;
	unsigned scopes;
	bool is_bound; /* ingest for this subscription alone */
	struct uuid subscription_id;
};

/* What a request showed, and what is known of it: { 0 } showed none. */
struct token_claim {
	struct token_hash hash;
	enum {
		TOKEN_UNKNOWN,	 /* or revoked, or expired */
		TOKEN_KNOWN,	 /* the grant is filled in */
		TOKEN_UNCHECKED, /* PostgreSQL does not tell */
	} state;
	struct token_grant grant;
};

/* Does it admit to what needs one of these scopes? 0 yes, or the status that
 * says why not: 401, 403, 503. */
int token_refusal(const struct token_claim *claim, unsigned any_of);
/* May it ingest for this subscription? */
bool token_reaches(
    const struct token_claim *claim, const struct uuid *subscription_id);

#define TOKEN_NAME_BYTES 100
/* 1 to 100 bytes of UTF-8 without control characters, no blank at its ends,
 * and no UUID, since a token is revoked by its name or its id. */
bool token_name_fits(const char *name);

/* "90s", "15m", "12h", "30d", up to ten years: milliseconds; 0 for anything
 * else. */
int64_t token_lifetime_ms(const char *text);
#endif
