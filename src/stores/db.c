#include "stores/db.h"

#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <libpq-fe.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "ground/clock.h"
#include "ground/log.h"

#define PREPARED_MAX 64
#define RETRY_FIRST_MS 100
#define RETRY_MOST_MS 2000
#define COMPLAINT_MS 5000
#define KEEP_BYTES (1 << 20) /* of parameters, between calls */
#define EPOCH_2000_MS INT64_C(946684800000)

/* What the connection is doing. */
enum phase { CLOSED, CONNECTING, IDLE, PREPARING, RUNNING };

struct db {
	const char *url;
	enum db_profile profile;
	PGconn *conn;
	enum phase phase;
	short events;
	PGresult *result; /* of the last statement that ended well */
	const struct db_statement *prepared[PREPARED_MAX];
	int prepared_count;
	struct db_params own;

	/* the statement under way; script when it is plain SQL */
	const struct db_statement *statement;
	const struct db_params *params;
	const char *script;
	int64_t deadline;

	enum db_error error;
	char message[512];
	char sqlstate[6];
	int64_t retry_ms; /* the wait after the last failed connect */
	int64_t retry_at;
	int64_t complained_at;
};

struct db *
db_new(const char *url, enum db_profile profile)
{
	struct db *db = memory_get(sizeof(*db));

	db->url = url;
	db->profile = profile;
	return db;
}

static void
db_close(struct db *db)
{
	PQclear(db->result);
	db->result = NULL;
	PQfinish(db->conn);
	db->conn = NULL;
	db->phase = CLOSED;
	db->prepared_count = 0;
}

void
db_free(struct db *db)
{
	if (db == NULL)
		return;
	db_close(db);
	db_params_free(&db->own);
	free(db);
}

struct db_params *
db_params(struct db *db)
{
	if (db->own.bytes.room > KEEP_BYTES)
		db_params_free(&db->own);
	db_params_clear(&db->own);
	return &db->own;
}

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

static void
error_note(
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

static bool
connection_is_spent(const struct db *db)
{
	return PQstatus(db->conn) != CONNECTION_OK ||
	    strcmp(db->sqlstate, "26000") == 0 ||
	    strcmp(db->sqlstate, "0A000") == 0 ||
	    strcmp(db->sqlstate, "25006") == 0;
}

static int
fail_connection(struct db *db, const char *message)
{
	error_note(db, DB_GONE, "", message);
	if (db->phase == CONNECTING) {
		db->retry_ms = db->retry_ms == 0       ? RETRY_FIRST_MS
		    : db->retry_ms * 2 > RETRY_MOST_MS ? RETRY_MOST_MS
						       : db->retry_ms * 2;
		db->retry_at = clock_monotonic_ms() + db->retry_ms;
	}
	db_close(db);
	return -1;
}

static int
connect_start(struct db *db)
{
	static const char serve[] =
	    "-c plan_cache_mode=force_generic_plan "
	    "-c enable_seqscan=off -c jit=off -c statement_timeout=10s "
	    "-c lock_timeout=2s -c idle_in_transaction_session_timeout=10s";
	static const char maintain[] =
	    "-c jit=off "
	    "-c idle_in_transaction_session_timeout=60s";
	const char *const keywords[] = { "dbname", "options",
		"application_name", "fallback_application_name", NULL };
	const char *const values[] = { db->url,
		db->profile == DB_SERVE ? serve : maintain, "postrider", NULL,
		NULL };

	db->phase = CONNECTING;
	db->events = POLLOUT;
	db->conn = PQconnectStartParams(keywords, values, 1);
	if (db->conn == NULL)
		return fail_connection(db, "out of memory");
	if (PQstatus(db->conn) == CONNECTION_BAD)
		return fail_connection(db, PQerrorMessage(db->conn));
	return 0;
}

/* A server that went away while we were idle has closed the socket: seen
 * here, so that the first call after its return works. */
static bool
idle_connection_is_dead(struct db *db)
{
	struct pollfd fd = { .fd = PQsocket(db->conn), .events = POLLIN };

	/* its last words come first, the end after them */
	while (poll(&fd, 1, 0) > 0)
		if (PQconsumeInput(db->conn) == 0)
			return true;
	return PQstatus(db->conn) != CONNECTION_OK;
}

static bool
is_prepared(const struct db *db, const struct db_statement *statement)
{
	for (int i = 0; i < db->prepared_count; i++)
		if (db->prepared[i] == statement)
			return true;
	return false;
}

static int
send_query(struct db *db)
{
	const char *values[DB_PARAMS_MAX];
	int formats[DB_PARAMS_MAX];
	const struct db_params *params = db->params;
	int count = params == NULL ? 0 : params->count;

	for (int i = 0; i < count; i++) {
		values[i] = params->length[i] == -1
		    ? NULL
		    : text_string(&params->bytes) + params->at[i];
		formats[i] = 1;
	}
	return PQsendQueryPrepared(db->conn, db->statement->name, count, values,
	    params == NULL ? NULL : params->length, formats, 1);
}

/* Sends what comes next over an idle connection. */
static int
send_next(struct db *db)
{
	int sent;

	if (db->script != NULL) {
		db->phase = RUNNING;
		sent = PQsendQuery(db->conn, db->script);
	} else if (!is_prepared(db, db->statement)) {
		db->phase = PREPARING;
		sent = PQsendPrepare(
		    db->conn, db->statement->name, db->statement->sql, 0, NULL);
	} else {
		db->phase = RUNNING;
		sent = send_query(db);
	}
	if (sent == 0)
		return fail_connection(db, PQerrorMessage(db->conn));
	return 0;
}

static int
start(struct db *db, int64_t deadline_ms)
{
	PQclear(db->result);
	db->result = NULL;
	db->error = DB_OK;
	db->message[0] = db->sqlstate[0] = '\0';
	db->deadline = clock_monotonic_ms() + deadline_ms;
	if (db->phase != CLOSED && db->phase != IDLE) {
		error_note(db, DB_BAD, "", "statement still under way");
		return -1;
	}
	if (db->phase == IDLE && idle_connection_is_dead(db))
		db_close(db);
	return db->phase == CLOSED ? connect_start(db) : send_next(db);
}

int
db_start(struct db *db, const struct db_statement *statement,
    const struct db_params *params, int64_t deadline_ms)
{
	db->statement = statement;
	db->params = params;
	db->script = NULL;
	return start(db, deadline_ms);
}

/* 1 connected, 0 not yet, -1. */
static int
step_connect(struct db *db)
{
	switch (PQconnectPoll(db->conn)) {
	case PGRES_POLLING_READING: db->events = POLLIN; return 0;
	case PGRES_POLLING_WRITING: db->events = POLLOUT; return 0;
	case PGRES_POLLING_OK:
		PQsetnonblocking(db->conn, 1);
		db->retry_ms = 0;
		db->phase = IDLE;
		return 1;
	default: return fail_connection(db, PQerrorMessage(db->conn));
	}
}

/* Keeps the first result; any error among those of one call is the call's
 * (a COMMIT that fails comes after the rows). */
static void
take_result(struct db *db, PGresult *result)
{
	ExecStatusType status = PQresultStatus(result);
	const char *state;

	if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK) {
		if (db->result == NULL) {
			db->result = result;
			return;
		}
	} else if (db->error == DB_OK) {
		state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
		if (state == NULL)
			state = "";
		error_note(db,
		    error_of_sqlstate(state, PQresultErrorMessage(result)),
		    state, PQresultErrorMessage(result));
	}
	PQclear(result);
}

/* 1 all results are in, 0 not yet, -1 the connection broke. */
static int
step_results(struct db *db)
{
	PGresult *result;
	int unsent = PQflush(db->conn);

	if (unsent == -1 || PQconsumeInput(db->conn) == 0)
		return fail_connection(db, PQerrorMessage(db->conn));
	db->events = unsent == 1 ? POLLIN | POLLOUT : POLLIN;
	while (!PQisBusy(db->conn)) {
		result = PQgetResult(db->conn);
		if (result == NULL)
			return 1;
		take_result(db, result);
	}
	return 0;
}

static int
step_finished(struct db *db)
{
	bool prepared = db->phase == PREPARING;

	db->phase = IDLE;
	if (db->error != DB_OK) {
		if (connection_is_spent(db))
			db_close(db);
		return -1;
	}
	if (!prepared)
		return 1;
	if (db->prepared_count < PREPARED_MAX)
		db->prepared[db->prepared_count++] = db->statement;
	PQclear(db->result);
	db->result = NULL;
	return send_next(db) == -1 ? -1 : db_step(db);
}

int
db_step(struct db *db)
{
	int rc;

	if (db->phase == CLOSED || db->phase == IDLE)
		return db->error != DB_OK ? -1 : 1;
	if (clock_monotonic_ms() >= db->deadline)
		return fail_connection(db, "no answer within the deadline");
	if (db->phase == CONNECTING) {
		rc = step_connect(db);
		if (rc != 1)
			return rc;
		if (send_next(db) == -1)
			return -1;
	}
	rc = step_results(db);
	return rc == 1 ? step_finished(db) : rc;
}

static int
wait_for(struct db *db)
{
	struct pollfd fd;
	int rc;

	while ((rc = db_step(db)) == 0) {
		fd = (struct pollfd){ .fd = PQsocket(db->conn),
			.events = db->events };
		poll(&fd, 1, (int)db_wait_ms(db));
	}
	return rc == 1 ? 0 : -1;
}

int
db_run(struct db *db, const struct db_statement *statement,
    const struct db_params *params, int64_t deadline_ms)
{
	if (db_start(db, statement, params, deadline_ms) == -1)
		return -1;
	return wait_for(db);
}

int
db_run_script(struct db *db, const char *sql, int64_t deadline_ms)
{
	db->statement = NULL;
	db->params = NULL;
	db->script = sql;
	if (start(db, deadline_ms) == -1)
		return -1;
	return wait_for(db);
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

bool
db_is_busy(const struct db *db)
{
	return db->phase != CLOSED && db->phase != IDLE;
}

int
db_socket(const struct db *db)
{
	return db->conn == NULL ? -1 : PQsocket(db->conn);
}

short
db_events(const struct db *db)
{
	return db_is_busy(db) ? db->events : POLLIN;
}

static int64_t
until(int64_t when)
{
	int64_t now = clock_monotonic_ms();

	return when > now ? when - now : 0;
}

int64_t
db_wait_ms(const struct db *db)
{
	return db_is_busy(db) ? until(db->deadline) : 60000;
}

int64_t
db_retry_wait_ms(const struct db *db)
{
	return db->conn != NULL || db->retry_ms == 0 ? 0 : until(db->retry_at);
}

int
db_rows(const struct db *db)
{
	return db->result == NULL ? 0 : PQntuples(db->result);
}

bool
db_is_null(const struct db *db, int row, int column)
{
	return PQgetisnull(db->result, row, column) != 0;
}

bool
db_get_bool(const struct db *db, int row, int column)
{
	return !db_is_null(db, row, column) &&
	    PQgetvalue(db->result, row, column)[0] != 0;
}

int64_t
db_get_long(const struct db *db, int row, int column)
{
	const char *value = PQgetvalue(db->result, row, column);
	int64_t number = 0;

	if (db_is_null(db, row, column))
		return 0;
	for (int i = 0; i < PQgetlength(db->result, row, column); i++)
		number = i == 0 ? (signed char)value[i]
				: (int64_t)((uint64_t)number << 8 |
				      (unsigned char)value[i]);
	return number;
}

struct uuid
db_get_uuid(const struct db *db, int row, int column)
{
	struct uuid uuid = { { 0 } };

	if (!db_is_null(db, row, column))
		memcpy(uuid.bytes, PQgetvalue(db->result, row, column),
		    sizeof(uuid.bytes));
	return uuid;
}

int64_t
db_get_time(const struct db *db, int row, int column)
{
	if (db_is_null(db, row, column))
		return 0;
	return db_get_long(db, row, column) / 1000 + EPOCH_2000_MS;
}

const char *
db_get_string(const struct db *db, int row, int column)
{
	return db_is_null(db, row, column)
	    ? NULL
	    : PQgetvalue(db->result, row, column);
}

const void *
db_get_bytes(const struct db *db, int row, int column, size_t *length)
{
	*length = (size_t)PQgetlength(db->result, row, column);
	return db_get_string(db, row, column);
}

/* The array's form is that of db_array_begin. */
char **
db_get_strings(const struct db *db, int row, int column, int *count)
{
	size_t length;
	const unsigned char *at = db_get_bytes(db, row, column, &length), *end;
	uint32_t words[5] = { 0 }, element;
	char **vector, *text;

	*count = -1;
	if (at == NULL)
		return NULL;
	end = at + length;
	memcpy(words, at, length < sizeof(words) ? length : sizeof(words));
	*count = words[0] == 0 ? 0 : (int)ntohl(words[3]);
	vector = memory_get(((size_t)*count + 1) * sizeof(*vector) + length);
	text = (char *)(vector + *count + 1);
	at += sizeof(words);
	for (int i = 0; i < *count && end - at >= 4; i++) {
		memcpy(&element, at, sizeof(element));
		element = ntohl(element);
		vector[i] = text;
		at += sizeof(element);
		if (element == UINT32_MAX || element > (size_t)(end - at))
			continue;
		memcpy(text, at, element);
		text += element + 1;
		at += element;
	}
	return vector;
}
