#include "stores/secret_report.h"

#include <stdlib.h>

#include "rules/secret.h"
#include "rules/signature.h"
#include "rules/signed_request.h"
#include "stores/keyring.h"
#include "stores/store.h"
#include "stores/subscription_row.h"

#define DEADLINE_MS 60000

static const struct db_statement page_sql = { "secret_report",
	"SELECT s.id, s.verify_ingest, " STORE_SECRETS ", " STORE_INGEST_SECRETS
	"  FROM subscriptions s WHERE s.id > $1 AND s.state <> 'deleted'"
	"   AND (s.secrets IS NOT NULL OR s.ingest_secrets IS NOT NULL)"
	" ORDER BY s.id LIMIT 200" };

typedef void
tell_fn(const struct uuid *subscription, const char *which, const char *why);

/* The secrets of a row, opened. */
struct opened {
	struct uuid id;
	enum signed_scheme scheme;
	char **secrets, **ingest; /* an element may be NULL: it is locked */
	int secrets_count, ingest_count;
};

static char **
open_all(const struct uuid *id, char **sealed, int count, const char *which,
    tell_fn *tell, int64_t *found)
{
	char **opened = memory_get((size_t)count * sizeof(*opened));

	for (int i = 0; i < count; i++) {
		opened[i] = keyring_open(id, sealed[i]);
		if (opened[i] != NULL)
			continue;
		tell(id, which, keyring_reason());
		++*found;
	}
	free(sealed);
	return opened;
}

static enum secret_fault
ingest_fault(const struct opened *row, const char *secret)
{
	enum secret_fault fault = secret_ingest_fault(
	    secret, row->scheme == SIGNED_NOT || signed_by_bytes(row->scheme));

	if (fault == SECRET_FINE &&
	    secrets_hold(row->secrets, row->secrets_count, secret))
		return SECRET_SAME;
	return fault;
}

static int64_t
judge(const struct opened *row, tell_fn *tell)
{
	enum secret_fault fault;
	int64_t found = 0;

	for (int i = 0; i < row->secrets_count; i++) {
		if (row->secrets[i] == NULL ||
		    (fault = secret_fault(row->secrets[i])) == SECRET_FINE)
			continue;
		tell(&row->id, "secret", secret_fault_text(fault));
		found++;
	}
	for (int i = 0; i < row->ingest_count; i++) {
		if (row->ingest[i] == NULL ||
		    (fault = ingest_fault(row, row->ingest[i])) == SECRET_FINE)
			continue;
		tell(&row->id, "ingest_secret", secret_fault_text(fault));
		found++;
	}
	if (row->scheme != SIGNED_NOT && row->ingest_count == 0) {
		tell(&row->id, "ingest_secret",
		    secret_fault_text(SECRET_ABSENT));
		found++;
	}
	return found;
}

static int64_t
row_report(struct db *db, int at, tell_fn *tell)
{
	struct opened row = { .id = db_get_uuid(db, at, 0),
		.scheme = signed_scheme_of(db_get_string(db, at, 1)) };
	int64_t found = 0;

	row.secrets = db_get_strings(db, at, 2, &row.secrets_count);
	row.ingest = db_get_strings(db, at, 3, &row.ingest_count);
	row.secrets = open_all(
	    &row.id, row.secrets, row.secrets_count, "secret", tell, &found);
	row.ingest = open_all(&row.id, row.ingest, row.ingest_count,
	    "ingest_secret", tell, &found);
	found += judge(&row, tell);
	secrets_forget(row.secrets, row.secrets_count);
	secrets_forget(row.ingest, row.ingest_count);
	return found;
}

int64_t
secret_report(struct db *db, tell_fn *tell)
{
	struct uuid after = { 0 };
	int64_t found = 0;
	int rows;

	do {
		struct db_params *params = db_params(db);

		db_add_uuid(params, &after);
		if (db_run(db, &page_sql, params, DEADLINE_MS) == -1)
			return -1;
		rows = db_rows(db);
		for (int i = 0; i < rows; i++)
			found += row_report(db, i, tell);
		if (rows > 0)
			after = db_get_uuid(db, rows - 1, 0);
	} while (rows > 0);
	return found;
}
