#include "stores/session.h"

#include <sodium.h>
#include <string.h>

#include "ground/base64url.h"
#include "ground/log.h"
#include "stores/store.h"

#define ID_BYTES 32
#define HASH_SIZE (2 * crypto_hash_sha256_BYTES + 1)

#define RUNS \
	"used_at > clock_timestamp() - interval '30 minutes'" \
	" AND created_at > clock_timestamp() - interval '8 hours'"

static const struct db_statement start_sql = { "session_start",
	"WITH ended AS (DELETE FROM admin_sessions WHERE id_hash = $2)"
	" INSERT INTO admin_sessions (id_hash) VALUES ($1)" };

/* Not every page costs a commit. */
static const struct db_statement use_sql = { "session_use",
	"WITH found AS ("
	"  SELECT id_hash, used_at FROM admin_sessions"
	"   WHERE id_hash = $1 AND " RUNS "), used AS ("
	"  UPDATE admin_sessions s SET used_at = clock_timestamp()"
	"    FROM found f WHERE s.id_hash = f.id_hash"
	"     AND f.used_at < clock_timestamp() - interval '1 minute'"
	")"
	" SELECT 1 FROM found" };

static const struct db_statement end_sql = { "session_end",
	"DELETE FROM admin_sessions WHERE id_hash = $1" };

static const struct db_statement purge_sql = { "session_purge",
	"DELETE FROM admin_sessions WHERE NOT (" RUNS ")" };

static const struct db_statement csrf_key_sql = { "session_csrf_key",
	"SELECT key FROM csrf_key" };

void
session_id_make(char id[SESSION_ID_SIZE])
{
	base64url_random(id, SESSION_ID_SIZE, ID_BYTES);
}

bool
session_id_is(const char *string)
{
	return base64url_is(string, SESSION_ID_SIZE - 1);
}

void
session_add_hash(struct db_params *params, const char *id)
{
	unsigned char sum[crypto_hash_sha256_BYTES];
	char hash[HASH_SIZE];

	crypto_hash_sha256(sum, (const unsigned char *)id, strlen(id));
	db_add_string(
	    params, sodium_bin2hex(hash, sizeof(hash), sum, sizeof(sum)));
}

int
session_start(struct db *db, const char *id, const char *old)
{
	struct db_params *params = db_params(db);

	session_add_hash(params, id);
	session_add_hash(params, old);
	return store_run(db, &start_sql, params);
}

int
session_use(struct db *db, const char *id)
{
	struct db_params *params = db_params(db);

	session_add_hash(params, id);
	if (store_run(db, &use_sql, params) == -1)
		return -1;
	return db_rows(db) == 1;
}

int
session_end(struct db *db, const char *id)
{
	struct db_params *params = db_params(db);

	session_add_hash(params, id);
	return store_run(db, &end_sql, params);
}

int
session_purge(struct db *db)
{
	return db_run(db, &purge_sql, NULL, 10000);
}

int
session_csrf_key(struct db *db, unsigned char key[SESSION_CSRF_KEY_BYTES])
{
	const void *found;
	size_t length = 0;

	if (store_run(db, &csrf_key_sql, NULL) == -1)
		return -1;
	found = db_rows(db) == 1 ? db_get_bytes(db, 0, 0, &length) : NULL;
	if (length != SESSION_CSRF_KEY_BYTES) {
		log_error(
		    "table csrf_key has no key: restore it from a backup");
		return -1;
	}
	memcpy(key, found, length);
	return 0;
}
