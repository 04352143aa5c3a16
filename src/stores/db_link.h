#ifndef STORES_DB_LINK_H
#define STORES_DB_LINK_H
/* What db.c, db_fault.c and db_result.c share; nobody else includes it. */
#include <libpq-fe.h>

#include "stores/db.h"

#define DB_PREPARED_MAX 64

/* What the connection is doing. */
enum db_phase { CLOSED, CONNECTING, IDLE, BEGINNING, PREPARING, RUNNING };

struct db {
	const char *url, *name;
	enum db_profile profile;
	PGconn *conn;
	enum db_phase phase;
	short events;
	PGresult *result; /* of the last statement that ended well */
	const struct db_statement *prepared[DB_PREPARED_MAX];
	int prepared_count;
	struct db_params own;
	enum { NO_SNAPSHOT, SNAPSHOT_WANTED, SNAPSHOT_TAKEN } snapshot;
	bool snapshot_is_read; /* a statement has seen it */

	/* the statement under way; script when it is plain SQL */
	const struct db_statement *statement;
	const struct db_params *params;
	const char *script;
	int64_t deadline;
	int64_t deadline_ms;	    /* as it was given */
	int64_t begun_at, moved_at; /* when bytes were last seen to move */

	enum db_error error;
	char message[512];
	char sqlstate[6];
	int64_t retry_ms; /* the wait after the last failed connect */
	int64_t retry_at;
	int64_t complained_at;
};

/* Notes why a call failed, and logs it where it is a fault. */
void db_fault_note(
    struct db *db, enum db_error error, const char *state, const char *message);
/* The same from a result that tells of an error. */
void db_fault_of_result(struct db *db, const PGresult *result);
/* Must the connection be given up after what was noted? */
bool db_fault_spends(const struct db *db);
#endif
