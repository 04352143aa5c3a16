/* A connection to one of the places that the URL names: each has its part of
 * the time, the last good one comes first, and one that failed last. */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ground/clock.h"
#include "ground/log.h"
#include "stores/db_link.h"

#define KEYWORDS_MAX 64
#define TRY_MOST_MS 3000 /* while there is another place to try */
#define REASON_BYTES 200

void
db_connect_begin(struct db *db)
{
	struct db_round *round = &db->round;

	text_clear(&round->reasons);
	round->host = round->first;
	round->hosts_left = db->hosts.count;
	round->address_count = round->address_at = 0;
	round->pass = 0;
	round->tried = 0;
	db->phase = CONNECTING;
}

/* Places that are known to be left, with the one that is tried now. */
static int64_t
places_left(const struct db *db)
{
	const struct db_round *round = &db->round;
	size_t left = round->hosts_left + 1;

	if (round->address_count > 1)
		left += round->address_count - 1 - round->address_at;
	if (db->hosts.prefers_standby && round->pass == 0)
		left += db->hosts.count;
	return (int64_t)left;
}

/* All places must fit into the statement's time, and it into the rest. Where
 * none has answered in that way, each second round gives its first place most
 * of the time: they may all be slow. */
static void
set_deadline(struct db *db)
{
	int64_t now = clock_monotonic_ms(), left = db->deadline - now;
	int64_t places = places_left(db), part = left / (places + 1);

	if (places == 1 && db->round.tried == 1) {
		db->round.deadline = db->deadline; /* the only one */
		return;
	}
	if (places == 1 || (db->round.tried == 1 && db->rounds_failed % 2 == 1))
		part = left * 3 / 4;
	if (places > 1 && part > TRY_MOST_MS)
		part = TRY_MOST_MS;
	if (db->hosts.most_ms > 0 && part > db->hosts.most_ms)
		part = db->hosts.most_ms;
	db->round.deadline = now + part;
}

static const char *
options_of(const struct db *db)
{
#define SERVE \
	"-c plan_cache_mode=force_generic_plan -c enable_seqscan=off " \
	"-c jit=off -c max_parallel_workers_per_gather=0 " \
	"-c lock_timeout=2s -c idle_in_transaction_session_timeout=10s "
	static const char *const options[] = {
		[DB_SERVE] = SERVE "-c statement_timeout=10s",
		[DB_DELIVER] = SERVE "-c statement_timeout=60s",
		[DB_MAINTAIN] =
		    ("-c plan_cache_mode=force_custom_plan -c jit=off "
		     "-c idle_in_transaction_session_timeout=60s"),
	};
#undef SERVE
	return options[db->profile];
}

struct parameters {
	const char *keywords[KEYWORDS_MAX], *values[KEYWORDS_MAX];
	size_t count;
};

/* The later of two with one keyword counts. */
static void
add(struct parameters *parameters, const char *keyword, const char *value)
{
	if (value == NULL || parameters->count + 1 >= KEYWORDS_MAX)
		return;
	parameters->keywords[parameters->count] = keyword;
	parameters->values[parameters->count++] = value;
}

static bool
is_of_place(const char *keyword)
{
	return strcmp(keyword, "host") == 0 ||
	    strcmp(keyword, "hostaddr") == 0 || strcmp(keyword, "port") == 0;
}

static PGconn *
connect_to(const struct db *db)
{
	const struct db_host *host = &db->hosts.list[db->round.host];
	struct parameters parameters = { .count = 0 };
	bool is_parsed = db->hosts.options != NULL;

	if (!is_parsed)
		add(&parameters, "dbname", db->url);
	else
		for (const PQconninfoOption *o = db->hosts.options;
		     o->keyword != NULL; o++)
			if (db->hosts.count == 1 || !is_of_place(o->keyword))
				add(&parameters, o->keyword, o->val);
	add(&parameters, "host", host->name);
	add(&parameters, "hostaddr",
	    db->round.address_count > 0
		? db->round.addresses[db->round.address_at]
		: host->address);
	add(&parameters, "port", host->port);
	if (db->hosts.prefers_standby)
		add(&parameters, "target_session_attrs",
		    db->round.pass == 0 ? "standby" : "any");
	add(&parameters, "options", options_of(db));
	add(&parameters, "client_encoding", "UTF8");
	add(&parameters, "application_name", db->name);
	return PQconnectStartParams(
	    parameters.keywords, parameters.values, is_parsed ? 0 : 1);
}

static void
note_reason(struct db *db, const char *reason)
{
	const struct db_host *host = &db->hosts.list[db->round.host];
	struct text *reasons = &db->round.reasons;
	size_t length = strcspn(reason, "\n");

	if (length > REASON_BYTES)
		length = REASON_BYTES;
	if (reasons->length != 0)
		text_adds(reasons, "; ");
	if (db->hosts.count > 1 && strstr(reason, "connection to") == NULL)
		text_addf(reasons, "%s: ",
		    host->address != NULL    ? host->address
			: host->name != NULL ? host->name
					     : "default host");
	text_add(reasons, reason, length);
}

/* The addresses of the host to try; false when its name has none. */
static bool
find_addresses(struct db *db)
{
	struct db_round *round = &db->round;
	const struct db_host *host = &db->hosts.list[round->host];
	const char *reason;
	char message[REASON_BYTES];
	int count = db_host_resolve(host, round->addresses, &reason);

	round->address_at = 0;
	round->address_count = count > 0 ? (size_t)count : 0;
	if (count >= 0)
		return true;
	snprintf(message, sizeof(message),
	    "could not translate host name \"%s\" to address: %s", host->name,
	    reason);
	note_reason(db, message);
	return false;
}

/* The next place: 1; -1 when it has no address; 0 when all were tried. */
static int
go_on(struct db *db)
{
	struct db_round *round = &db->round;

	if (round->address_at + 1 < round->address_count) {
		round->address_at++;
		return 1;
	}
	if (round->hosts_left == 0) {
		if (!db->hosts.prefers_standby || round->pass == 1)
			return 0;
		round->pass = 1;
		round->host = round->first;
		round->hosts_left = db->hosts.count;
		round->tried = 0;
	}
	if (round->tried > 0)
		round->host = (round->host + 1) % db->hosts.count;
	round->hosts_left--;
	return find_addresses(db) ? 1 : -1;
}

/* Ends the try under way, if there is one, and begins the next. 0; -1 when
 * none is left, and text says why each has failed. */
int
db_connect_next(struct db *db, const char *reason)
{
	int found;

	if (reason != NULL)
		note_reason(db, reason);
	PQfinish(db->conn);
	db->conn = NULL;
	while (
	    clock_monotonic_ms() < db->deadline && (found = go_on(db)) != 0) {
		db->round.tried++;
		if (found == -1)
			continue;
		set_deadline(db);
		db->events = POLLOUT;
		db->conn = connect_to(db);
		if (db->conn != NULL && PQstatus(db->conn) != CONNECTION_BAD)
			return 0;
		note_reason(db,
		    db->conn == NULL ? "out of memory"
				     : PQerrorMessage(db->conn));
		PQfinish(db->conn);
		db->conn = NULL;
	}
	db->rounds_failed++;
	db_connect_avoid(db);
	return -1;
}

void
db_connect_done(struct db *db)
{
	if (db->round.reasons.length != 0)
		log_warning("took another place of PostgreSQL error=\"%s\"",
		    db->round.reasons.bytes);
	db->round.first = db->round.host;
	db->rounds_failed = 0;
	text_free(&db->round.reasons);
}

void
db_connect_avoid(struct db *db)
{
	db->round.first = (db->round.host + 1) % db->hosts.count;
}

#define SETTLED(may) \
	"SELECT CASE WHEN " may \
	"  THEN set_config('log_parameter_max_length', '0', false)" \
	"  ELSE current_setting('log_parameter_max_length') END <> '0'" \
	" AND (current_setting('log_min_duration_statement') <> '-1'" \
	"  OR current_setting('log_min_duration_sample') <> '-1'" \
	"  OR current_setting('log_transaction_sample_rate') <> '0'" \
	"  OR current_setting('log_statement') IN ('mod', 'all'))"

/* Where we may, parameters stay out of the server's log: payloads are among
 * them. An option would refuse the connection where we may not. */
int
db_connect_settle(struct db *db)
{
	static const char since_15[] = SETTLED(
	    "has_parameter_privilege('log_parameter_max_length', 'SET')");
	static const char before_15[] =
	    SETTLED("current_setting('is_superuser') = 'on'");

	db->phase = SETTLING;
	return PQsendQuery(db->conn,
	    PQserverVersion(db->conn) >= 150000 ? since_15 : before_15);
}

void
db_connect_settled(struct db *db)
{
	static bool is_told;

	if (is_told || db->profile == DB_MAINTAIN || db->result == NULL ||
	    PQntuples(db->result) != 1 ||
	    PQgetvalue(db->result, 0, 0)[0] != 't')
		return;
	is_told = true;
	log_warning("PostgreSQL may write payloads into its log: as a "
		    "superuser, GRANT SET ON PARAMETER "
		    "log_parameter_max_length TO %s",
	    PQuser(db->conn));
}
