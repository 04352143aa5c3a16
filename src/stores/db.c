/* One connection, and statements run over it. */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "ground/clock.h"
#include "ground/heartbeat.h"
#include "stores/db_link.h"

#define RETRY_FIRST_MS 100
#define RETRY_MOST_MS 2000
#define COMMIT_MS 500	     /* of what was read */
#define KEEP_BYTES (1 << 20) /* of parameters, between calls */
#define PROGRESS_MS 100	     /* between two looks whether bytes move */
#define PROGRESS_MOST 12     /* deadlines that a statement may take */

struct db *
db_new(const char *url, enum db_profile profile, const char *name)
{
	struct db *db = memory_get(sizeof(*db));

	db->url = url;
	db->name = name;
	db->profile = profile;
	db_hosts_read(&db->hosts, url);
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
	if (db->snapshot == SNAPSHOT_TAKEN && !db->snapshot_is_read)
		db->snapshot = SNAPSHOT_WANTED;
}

void
db_free(struct db *db)
{
	if (db == NULL)
		return;
	db_close(db);
	db_hosts_release(&db->hosts);
	text_free(&db->round.reasons);
	db_params_free(&db->own);
	free(db);
}

void
db_rename(struct db *db, const char *name)
{
	if (strcmp(db->name, name) == 0)
		return;
	db->name = name;
	if (db->phase == IDLE)
		db_close(db);
}

struct db_params *
db_params(struct db *db)
{
	if (db->own.bytes.room > KEEP_BYTES)
		db_params_free(&db->own);
	db_params_clear(&db->own);
	return &db->own;
}

static int
fail_connection(struct db *db, const char *message)
{
	db_fault_note(db, DB_GONE, "", message);
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
connect_next(struct db *db, const char *reason)
{
	if (db_connect_next(db, reason) == 0)
		return 0;
	return fail_connection(db,
	    db->round.reasons.length != 0 ? db->round.reasons.bytes
					  : "no answer within the deadline");
}

static int
connect_start(struct db *db)
{
	db_connect_begin(db);
	return connect_next(db, NULL);
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

	if (db->snapshot == SNAPSHOT_WANTED) {
		db->phase = BEGINNING;
		sent = PQsendQuery(db->conn,
		    "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY");
	} else if (db->script != NULL) {
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
	db->begun_at = db->moved_at = clock_monotonic_ms();
	db->deadline_ms = deadline_ms;
	db->deadline = db->begun_at + deadline_ms;
	if (db->phase != CLOSED && db->phase != IDLE) {
		db_fault_note(db, DB_BAD, "", "statement still under way");
		return -1;
	}
	if (db->phase == IDLE && idle_connection_is_dead(db))
		db_close(db);
	if (db->phase == CLOSED && db->snapshot == SNAPSHOT_TAKEN) {
		db_fault_note(db, DB_GONE, "", "the snapshot is lost");
		return -1;
	}
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
		if (PQsetnonblocking(db->conn, 1) == -1 ||
		    db_connect_settle(db) == 0)
			return fail_connection(db, PQerrorMessage(db->conn));
		db_connect_done(db);
		db->retry_ms = 0;
		return 1;
	default: return connect_next(db, PQerrorMessage(db->conn));
	}
}

/* Keeps the first result; any error among those of one call is the call's
 * (a COMMIT that fails comes after the rows). */
static void
take_result(struct db *db, PGresult *result)
{
	ExecStatusType status = PQresultStatus(result);
	bool well = status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK;

	if (well && db->result == NULL) {
		db->result = result;
		return;
	}
	if (!well && db->error == DB_OK && db->phase != SETTLING)
		db_fault_of_result(db, result);
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
	enum db_phase phase = db->phase;

	db->phase = IDLE;
	if (db->error != DB_OK) {
		if (strcmp(db->sqlstate, "25006") == 0)
			db_connect_avoid(db); /* it is a standby now */
		if (db_fault_spends(db) || db->snapshot == SNAPSHOT_TAKEN)
			db_close(db);
		return -1;
	}
	if (phase == RUNNING) {
		db->snapshot_is_read = db->snapshot == SNAPSHOT_TAKEN;
		return 1;
	}
	if (phase == SETTLING)
		db_connect_settled(db);
	else if (phase == BEGINNING)
		db->snapshot = SNAPSHOT_TAKEN;
	else if (phase == PREPARING && db->prepared_count < DB_PREPARED_MAX)
		db->prepared[db->prepared_count++] = db->statement;
	PQclear(db->result);
	db->result = NULL;
	return send_next(db) == -1 ? -1 : db_step(db);
}

/* Bytes have come, or the socket takes more of what we have to send. */
static bool
bytes_move(const struct db *db)
{
	struct pollfd fd = { .fd = PQsocket(db->conn),
		.events = (short)(db->events & POLLOUT) };
	int unread = 0;

	if (ioctl(fd.fd, FIONREAD, &unread) == 0 && unread > 0)
		return true;
	return fd.events != 0 && poll(&fd, 1, 0) > 0;
}

/* A result, or parameters, that are under way count as an answer. */
static bool
deadline_is_over(struct db *db)
{
	int64_t now = clock_monotonic_ms(), most;

	if (db->phase != CONNECTING && now - db->moved_at >= PROGRESS_MS &&
	    bytes_move(db)) {
		most = db->begun_at + PROGRESS_MOST * db->deadline_ms;
		db->moved_at = now;
		db->deadline = now + db->deadline_ms;
		if (db->deadline > most)
			db->deadline = most;
	}
	return now >= db->deadline;
}

int
db_step(struct db *db)
{
	int rc;

	if (db->phase == CLOSED || db->phase == IDLE)
		return db->error != DB_OK ? -1 : 1;
	if (db->phase == CONNECTING &&
	    clock_monotonic_ms() >= db->round.deadline)
		return connect_next(db, "no answer in time");
	if (deadline_is_over(db)) {
		db_connect_avoid(db);
		return fail_connection(db, "no answer within the deadline");
	}
	if (db->phase == CONNECTING) {
		rc = step_connect(db);
		if (rc != 1)
			return rc;
	}
	rc = step_results(db);
	return rc == 1 ? step_finished(db) : rc;
}

/* Who waits within a deadline does not hang. */
static int
wait_for(struct db *db)
{
	struct pollfd fd;
	int64_t wait;
	int rc;

	while ((rc = db_step(db)) == 0) {
		heartbeat();
		wait = db_wait_ms(db);
		if (wait > HEARTBEAT_EVERY_MS)
			wait = HEARTBEAT_EVERY_MS;
		fd = (struct pollfd){ .fd = PQsocket(db->conn),
			.events = db->events };
		poll(&fd, 1, (int)wait);
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

void
db_snapshot_begin(struct db *db)
{
	db->snapshot = SNAPSHOT_WANTED;
	db->snapshot_is_read = false;
}

void
db_snapshot_end(struct db *db)
{
	bool is_open = db->snapshot == SNAPSHOT_TAKEN && db->phase == IDLE;

	db->snapshot = NO_SNAPSHOT;
	if (!is_open)
		return; /* a statement that failed has ended it */
	db_run_script(db, "COMMIT", COMMIT_MS);
	db->error = DB_OK;
}

static bool
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
	if (!db_is_busy(db))
		return 60000;
	return until(
	    db->phase == CONNECTING && db->round.deadline < db->deadline
		? db->round.deadline
		: db->deadline);
}

int64_t
db_retry_wait_ms(const struct db *db)
{
	return db->conn != NULL || db->retry_ms == 0 ? 0 : until(db->retry_at);
}
