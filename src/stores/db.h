#ifndef STORES_DB_H
#define STORES_DB_H
/*
 * One connection to PostgreSQL, and statements run over it without ever
 * blocking beyond a deadline of ours: libpq alone waits for ever on a frozen
 * server. Only db_link.h and db_hosts.h include libpq.
 *
 * A statement is a static struct db_statement; db prepares it on a
 * connection when it is first used there. Parameters and results are binary.
 * A connection that failed or missed its deadline is closed; the next use
 * opens a new one (at once the first time, then after 100 ms growing to 2 s).
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ground/text.h"
#include "ground/uuid.h"

#define DB_PARAMS_MAX 24

struct db;

enum db_profile {
	DB_SERVE, /* generic plans, no sequential scans, one process a query */
	DB_DELIVER, /* the same, and a minute for payloads on a slow link */
	DB_MAINTAIN /* keeper, purge, migrations: planned anew each time */
};

struct db_statement {
	const char *name; /* unique in the program */
	const char *sql;
};

/* Why a call failed; the server's words were logged already. */
enum db_error {
	DB_OK,
	DB_GONE,	 /* no connection, deadline missed, shutting down,
			   disk full: 503, try later */
	DB_AGAIN,	 /* deadlock, serialization, lock timeout: repeat */
	DB_NO_PARTITION, /* store_ensure_partitions, then repeat */
	DB_CONFLICT,	 /* unique constraint */
	DB_BAD		 /* a bug or a bad value */
};

/* Parameters of one call; { 0 } starts an empty list. Bytes are copied. */
struct db_params {
	struct text bytes;
	size_t at[DB_PARAMS_MAX];
	int length[DB_PARAMS_MAX]; /* -1: NULL */
	int count;
	size_t array_at; /* where the array being built begins */
	int32_t array_count;
	enum { ARRAY_NO_NULLS, ARRAY_HAS_NULLS } array_nulls;
};

/* The connection's own list, emptied: for the call about to be made. */
struct db_params *db_params(struct db *db);
void db_params_free(struct db_params *params);
void db_params_clear(struct db_params *params);
void db_add_null(struct db_params *params);
void db_add_bool(struct db_params *params, bool value);
void db_add_int(struct db_params *params, int32_t value);  /* int4 */
void db_add_long(struct db_params *params, int64_t value); /* int8 */
void db_add_uuid(struct db_params *params, const struct uuid *uuid);
/* NULL pointer: SQL NULL; also for the next */
void db_add_string(struct db_params *params, const char *text);
void db_add_time(struct db_params *params, int64_t ms); /* timestamptz */
void db_add_bytes(struct db_params *params, const void *bytes, size_t length);

/* One-dimensional arrays: begin, the elements in turn, end. */
enum db_type {
	DB_BOOL = 16,
	DB_BYTEA = 17,
	DB_INT8 = 20,
	DB_INT4 = 23,
	DB_TEXT = 25,
	DB_TIMESTAMPTZ = 1184,
	DB_UUID = 2950
};
void db_array_begin(struct db_params *params, enum db_type type);
void db_array_null(struct db_params *params);
void db_array_bool(struct db_params *params, bool value);
void db_array_int(struct db_params *params, int32_t value);
void db_array_long(struct db_params *params, int64_t value);
void db_array_uuid(struct db_params *params, const struct uuid *uuid);
void db_array_string(struct db_params *params, const char *text);
void db_array_bytes(struct db_params *params, const void *bytes, size_t length);
void db_array_time(struct db_params *params, int64_t ms);
void db_array_end(struct db_params *params);

/* Opens nothing yet. url: a libpq URI or conninfo; name: what the server
 * shows of who connects, "postrider delivery" say; both borrowed. */
struct db *db_new(const char *url, enum db_profile profile, const char *name);
void db_free(struct db *db); /* NULL is fine */
/* Another name from the next call on; borrowed. Opens a new connection. */
void db_rename(struct db *db, const char *name);

/* Runs one statement to its end. params (NULL: none) must live till then.
 * deadline_ms is a duration; it begins anew while bytes move on the
 * connection, for twelve times as long at most. 0, or -1 with db_error(). The result is read
 * with db_rows and db_get_* until the next call on this db. */
int db_run(struct db *db, const struct db_statement *statement,
    const struct db_params *params, int64_t deadline_ms);
/* Plain SQL without parameters, several statements allowed: migrations. */
int db_run_script(struct db *db, const char *sql, int64_t deadline_ms);
enum db_error db_error(const struct db *db);
const char *db_message(const struct db *db);  /* the server's words */
const char *db_sqlstate(const struct db *db); /* "" when none */

/*
 * Several statements, one moment: what is read between these two is of one
 * snapshot, which the first statement takes. Nothing may be written meanwhile.
 * When the connection is lost behind the first one, the others fail with
 * DB_GONE. db_error() stays that of the statements.
 */
void db_snapshot_begin(struct db *db);
void db_snapshot_end(struct db *db);

/*
 * The same without waiting, for the delivery loop. db_start begins (opening
 * the connection first when it must) and db_step goes on: 1 done, result
 * readable; 0 wait for db_socket (with poll events db_events) or
 * db_wait_ms; -1 failed, see db_error. One statement at a time; statement and
 * params stay the caller's until then.
 */
int db_start(struct db *db, const struct db_statement *statement,
    const struct db_params *params, int64_t deadline_ms);
int db_step(struct db *db);
int db_socket(const struct db *db); /* -1 while there is none */
short db_events(const struct db *db);
/* Milliseconds until db_step must be called although nothing came. */
int64_t db_wait_ms(const struct db *db);
/* Milliseconds until a new connection may be tried, 0 when ready. */
int64_t db_retry_wait_ms(const struct db *db);

int db_rows(const struct db *db);
bool db_is_null(const struct db *db, int row, int column);
bool db_get_bool(const struct db *db, int row, int column);
/* int2, int4, int8; fallback, or 0, for SQL NULL */
int64_t db_get_long(const struct db *db, int row, int column);
int64_t
db_get_long_or(const struct db *db, int row, int column, int64_t fallback);
struct uuid db_get_uuid(const struct db *db, int row, int column);
/* timestamptz in ms; 0 for SQL NULL */
int64_t db_get_time(const struct db *db, int row, int column);
/* NULL for SQL NULL; borrowed until the next call; NUL-terminated. */
const char *db_get_string(const struct db *db, int row, int column);
const void *
db_get_bytes(const struct db *db, int row, int column, size_t *length);
/* An array of text; count -1 and NULL for SQL NULL. The vector and its
 * strings are one block, yours to free(). */
char **db_get_strings(const struct db *db, int row, int column, int *count);
#endif
