#include "stores/token.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "ground/log.h"
#include "stores/store.h"

#define NOTE_DEADLINE_MS 5000

static const struct db_statement create_sql = { "token_create",
	"INSERT INTO tokens"
	" (id, name, hash, scopes, subscription_id, expires_at)"
	" VALUES (uuid_new(), $1, $2, $3, $4,"
	"  clock_timestamp() + $5::bigint * interval '1 millisecond')"
	" RETURNING id" };

static const struct db_statement revoke_sql = { "token_revoke",
	"UPDATE tokens SET revoked_at = clock_timestamp()"
	" WHERE revoked_at IS NULL AND (id = $1 OR name = $2)"
	" RETURNING id" };

#define GRANT_COLUMNS "id, scopes, subscription_id, expires_at"

static const struct db_statement list_sql = { "token_list",
	"SELECT " GRANT_COLUMNS ", name,"
	"  CASE WHEN revoked_at IS NOT NULL THEN 'revoked'"
	"    WHEN expires_at <= clock_timestamp() THEN 'expired'"
	"    ELSE 'in force' END,"
	"  created_at, last_used_at"
	"  FROM tokens ORDER BY id DESC LIMIT 1000" };

/* How long it lasts is 0 for a revoked one: with that in WHERE the planner
 * would take the index of the names, and look at every token. */
static const struct db_statement find_sql = { "token_find",
	"SELECT " GRANT_COLUMNS ", hash,"
	"  CASE WHEN revoked_at IS NULL"
	"    THEN (extract(epoch FROM expires_at - clock_timestamp())"
	"      * 1000)::bigint"
	"    ELSE 0 END"
	"  FROM tokens WHERE hash = ANY($1)" };

/* Whoever holds the row notes the same thing at this moment. */
static const struct db_statement note_sql = { "token_note",
	"UPDATE tokens SET last_used_at = clock_timestamp()"
	" WHERE id IN (SELECT id FROM tokens WHERE id = ANY($1)"
	"   AND (last_used_at IS NULL OR"
	"     last_used_at < clock_timestamp() - interval '1 minute')"
	"   FOR UPDATE SKIP LOCKED)" };

static void
add_scopes(struct db_params *params, unsigned scopes)
{
	db_array_begin(params, DB_TEXT);
	for (unsigned scope = 1; scope <= TOKEN_INGEST; scope <<= 1)
		if ((scopes & scope) != 0)
			db_array_string(params, token_scope_name(scope));
	db_array_end(params);
}

/* false when the kernel gives no random bytes, which is logged. */
static bool
make(char text[TOKEN_SIZE], struct token_hash *hash)
{
	unsigned char random[TOKEN_RANDOM_BYTES];

	if (getrandom(random, sizeof(random), 0) != sizeof(random)) {
		log_error("no random bytes for a token");
		return false;
	}
	token_text(random, text);
	sodium_memzero(random, sizeof(random));
	return token_hash_of(text, hash);
}

int
token_create(
    struct db *db, const struct token_wish *wish, char text[TOKEN_SIZE])
{
	struct db_params *params = db_params(db);
	struct token_hash hash;

	if (!make(text, &hash))
		return -1;
	db_add_string(params, wish->name);
	db_add_bytes(params, hash.bytes, sizeof(hash.bytes));
	add_scopes(params, wish->scopes);
	db_add_uuid(params, wish->subscription_id);
	if (wish->lifetime_ms == 0)
		db_add_null(params);
	else
		db_add_long(params, wish->lifetime_ms);
	if (store_run(db, &create_sql, params) == 0)
		return 1;
	sodium_memzero(text, TOKEN_SIZE);
	return db_error(db) == DB_CONFLICT ? 0 : -1;
}

int
token_revoke(struct db *db, const char *name_or_id)
{
	struct db_params *params = db_params(db);
	struct uuid id;
	bool is_id = uuid_parse(name_or_id, &id, NULL) == 0;

	db_add_uuid(params, is_id ? &id : NULL);
	db_add_string(params, is_id ? NULL : name_or_id);
	if (store_run(db, &revoke_sql, params) == -1)
		return -1;
	return db_rows(db) == 1;
}

static unsigned
scopes_read(const struct db *db, int row, int column)
{
	int count;
	char **names = db_get_strings(db, row, column, &count);
	unsigned scopes = 0;

	for (int i = 0; i < count; i++)
		scopes |= token_scopes_of(names[i]);
	free(names);
	return scopes;
}

static void
grant_read(const struct db *db, int row, struct token_grant *grant)
{
	grant->id = db_get_uuid(db, row, 0);
	grant->scopes = scopes_read(db, row, 1);
	grant->is_bound = !db_is_null(db, row, 2);
	if (grant->is_bound)
		grant->subscription_id = db_get_uuid(db, row, 2);
}

int
token_list(struct db *db, struct token **list)
{
	struct token *token;
	int count;

	*list = NULL;
	if (store_run(db, &list_sql, NULL) == -1)
		return -1;
	count = db_rows(db);
	*list = memory_get((size_t)count * sizeof(**list));
	for (int i = 0; i < count; i++) {
		token = &(*list)[i];
		grant_read(db, i, &token->grant);
		token->expires_at = db_get_time(db, i, 3);
		token->name = memory_copy_string(db_get_string(db, i, 4));
		token->state = memory_copy_string(db_get_string(db, i, 5));
		token->created_at = db_get_time(db, i, 6);
		token->last_used_at = db_get_time(db, i, 7);
	}
	return count;
}

void
token_list_free(struct token *list, int count)
{
	for (int i = 0; i < count; i++) {
		free(list[i].name);
		free(list[i].state);
	}
	free(list);
}

/* The row that was found for a hash; -1 when there is none. */
static int
row_of(const struct db *db, const struct token_hash *hash)
{
	struct token_hash kept;
	const void *bytes;
	size_t length;

	for (int row = 0; row < db_rows(db); row++) {
		bytes = db_get_bytes(db, row, 4, &length);
		if (length != sizeof(kept.bytes))
			continue;
		memcpy(kept.bytes, bytes, length);
		if (token_hash_equal(&kept, hash))
			return row;
	}
	return -1;
}

static void
claim_read(const struct db *db, struct token_claim *claim, int64_t *lasts_ms)
{
	int row = row_of(db, &claim->hash);

	claim->state = TOKEN_UNKNOWN;
	if (row == -1)
		return;
	*lasts_ms = db_get_long_or(db, row, 5, INT64_MAX);
	if (*lasts_ms <= 0)
		return;
	claim->state = TOKEN_KNOWN;
	grant_read(db, row, &claim->grant);
}

int
token_find(struct db *db, struct token_claim *const *claims, size_t count,
    int64_t *lasts_ms)
{
	struct db_params *params = db_params(db);

	db_array_begin(params, DB_BYTEA);
	for (size_t i = 0; i < count; i++) {
		claims[i]->state = TOKEN_UNCHECKED;
		db_array_bytes(params, claims[i]->hash.bytes, TOKEN_HASH_BYTES);
	}
	db_array_end(params);
	if (store_run(db, &find_sql, params) == -1)
		return -1;
	for (size_t i = 0; i < count; i++)
		claim_read(db, claims[i], &lasts_ms[i]);
	return 0;
}

static void
add_ids(struct db_params *params, const struct uuid *ids, size_t count)
{
	db_array_begin(params, DB_UUID);
	for (size_t i = 0; i < count; i++)
		db_array_uuid(params, &ids[i]);
	db_array_end(params);
}

int
token_note(struct db *db, const struct uuid *ids, size_t count)
{
	struct db_params *params = db_params(db);

	add_ids(params, ids, count);
	return store_run(db, &note_sql, params);
}

int
token_note_start(struct db *db, struct db_params *params,
    const struct uuid *ids, size_t count)
{
	db_params_clear(params);
	add_ids(params, ids, count);
	return db_start(db, &note_sql, params, NOTE_DEADLINE_MS);
}
