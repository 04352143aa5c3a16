#ifndef STORES_DB_LINK_H
#define STORES_DB_LINK_H
/* What db.c, db_connect.c, db_fault.c and db_result.c share; nobody else
 * includes it. */
#include <libpq-fe.h>

#include "stores/db.h"
#include "stores/db_hosts.h"

#define DB_PREPARED_MAX 64

/* What the connection is doing. */
enum db_phase {
	CLOSED,
	CONNECTING,
	SETTLING, /* what the session needs is being set */
	IDLE,
	BEGINNING,
	PREPARING,
	RUNNING
};

/* One round through all places that the URL names. */
struct db_round {
	size_t first;	     /* the host that the next round begins with */
	size_t host;	     /* that is tried now */
	size_t hosts_left;   /* behind it */
	int tried, pass;     /* prefer-standby has two passes */
	int64_t deadline;    /* of this try */
	struct text reasons; /* why those before failed */
	char addresses[DB_ADDRESSES_MAX][DB_ADDRESS_SIZE];
	size_t address_count, address_at;
};

struct db {
	const char *url, *name;
	enum db_profile profile;
	struct db_hosts hosts;
	struct db_round round;
	unsigned rounds_failed; /* in a row */
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

/* db_connect.c. Begins a round; db_connect_next then the first try. */
void db_connect_begin(struct db *db);
/* Ends the try under way for this reason, and begins another. 0; -1 when all
 * have failed: then round.reasons says why. */
int db_connect_next(struct db *db, const char *reason);
void db_connect_done(struct db *db);  /* the try has succeeded */
void db_connect_avoid(struct db *db); /* this host is the last to be tried */
/* Begins what a session needs that no option can say. 1, 0 as PQsendQuery. */
int db_connect_settle(struct db *db);
void db_connect_settled(struct db *db); /* its result has come */

/* Notes why a call failed, and logs it where it is a fault. */
void db_fault_note(
    struct db *db, enum db_error error, const char *state, const char *message);
/* The same from a result that tells of an error. */
void db_fault_of_result(struct db *db, const PGresult *result);
/* Must the connection be given up after what was noted? */
bool db_fault_spends(const struct db *db);
#endif
