/* Why a call failed: classing the server's answers. */
#include <stdio.h>
#include <string.h>

#include "ground/clock.h"
#include "ground/log.h"
#include "stores/db_link.h"

#define COMPLAINT_MS 5000

static enum db_error
error_of_sqlstate(const char *state, const char *message)
{
	static const struct {
		const char *prefix;
		enum db_error error;
	} classes[] = {
		{ "08", DB_GONE },
		{ "57", DB_GONE },
		{ "53", DB_GONE },
		{ "58", DB_GONE },
		{ "XX", DB_GONE },
		{ "25006", DB_GONE },
		{ "26000", DB_GONE },
		{ "0A000", DB_AGAIN },
		{ "40001", DB_AGAIN },
		{ "40P01", DB_AGAIN },
		{ "55P03", DB_AGAIN },
		{ "23505", DB_CONFLICT },
	};

	if (state[0] == '\0')
		return DB_GONE; /* the connection broke: libpq's own words */
	if (strcmp(state, "23514") == 0 &&
	    strstr(message, "no partition of relation") != NULL)
		return DB_NO_PARTITION;
	for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++)
		if (strncmp(state, classes[i].prefix,
			strlen(classes[i].prefix)) == 0)
			return classes[i].error;
	return DB_BAD;
}

/* While PostgreSQL is away every call fails: one line in 5 s says enough. */
static bool
complaint_is_fresh(struct db *db)
{
	int64_t now = clock_monotonic_ms();

	if (db->complained_at != 0 && now - db->complained_at < COMPLAINT_MS)
		return true;
	db->complained_at = now;
	return false;
}

void
db_fault_note(
    struct db *db, enum db_error error, const char *state, const char *message)
{
	size_t length = strcspn(message, "\n");

	db->error = error;
	snprintf(
	    db->message, sizeof(db->message), "%.*s", (int)length, message);
	snprintf(db->sqlstate, sizeof(db->sqlstate), "%s", state);
	if (error == DB_NO_PARTITION || error == DB_CONFLICT)
		return; /* an answer, not a fault */
	if (error == DB_GONE && complaint_is_fresh(db))
		return;
	log_line(error == DB_AGAIN ? LOG_INFO : LOG_ERROR,
	    "database refused statement=%s sqlstate=%s error=\"%s\"",
	    db->statement != NULL ? db->statement->name : "-", db->sqlstate,
	    db->message);
}

bool
db_fault_spends(const struct db *db)
{
	return PQstatus(db->conn) != CONNECTION_OK ||
	    db->sqlstate[0] == '\0' || /* libpq lost the answer */
	    strcmp(db->sqlstate, "26000") == 0 ||
	    strcmp(db->sqlstate, "0A000") == 0 ||
	    strcmp(db->sqlstate, "25006") == 0;
}

void
db_fault_of_result(struct db *db, const PGresult *result)
{
	const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
	const char *message = PQresultErrorMessage(result);

	if (state == NULL)
		state = "";
	db_fault_note(db, error_of_sqlstate(state, message), state, message);
}

enum db_error
db_error(const struct db *db)
{
	return db->error;
}

const char *
db_message(const struct db *db)
{
	return db->message;
}

const char *
db_sqlstate(const struct db *db)
{
	return db->sqlstate;
}
