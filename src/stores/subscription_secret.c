/* The secrets of a subscription: which it may have, and how they rotate. */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "stores/keyring.h"
#include "stores/store.h"
#include "stores/subscription_row.h"

#define OLDER_MOST "2" /* secrets beside the newest */

static const struct db_statement secrets_sql = { "subscription_secrets",
	"SELECT s.verify_ingest, " STORE_SECRETS ", " STORE_INGEST_SECRETS ","
	"   s.secrets_version"
	"  FROM subscriptions s WHERE s.id = $1 AND s.state <> 'deleted'" };

/* unnest fills up what is shorter with nulls: the newest has no end yet. */
#define ROTATE(secrets, until) \
	"UPDATE subscriptions s SET (" secrets ", " until ") = (" \
	"    SELECT array_prepend($2::text, array_agg(secret ORDER BY n))," \
	"      array_prepend(NULL::timestamptz, array_agg(until ORDER BY n))" \
	"     FROM (SELECT secret, n, least(until," \
	"         clock_timestamp() + $3::int4 * interval '1 hour') AS until" \
	"        FROM unnest(s." secrets ", s." until ") WITH ORDINALITY" \
	"          AS old (secret, until, n)" \
	"       WHERE secret <> '' AND $3 > 0" \
	"         AND coalesce(until > clock_timestamp(), true)" \
	"       ORDER BY n LIMIT " OLDER_MOST ") AS valid)," \
	"   secrets_version = secrets_version + 1," \
	"   updated_at = clock_timestamp()" \
	" WHERE id = $1 AND state <> 'deleted' AND $4::int8 IN (secrets_version, -1)" \
	" RETURNING " SUBSCRIPTION_COLUMNS

static const struct db_statement rotate_sql = { "subscription_rotate",
	ROTATE("secrets", "secrets_until") };
static const struct db_statement rotate_ingest_sql = {
	"subscription_rotate_ingest",
	ROTATE("ingest_secrets", "ingest_secrets_until")
};

/* A column of sealed ones, opened. */
static char **
open_all(struct db *db, const struct uuid *id, int column, int *count)
{
	char **sealed = db_get_strings(db, 0, column, count);
	char **opened = memory_get(((size_t)*count + 1) * sizeof(*opened));

	for (int i = 0; i < *count; i++)
		opened[i] = keyring_open(id, sealed[i]);
	free(sealed);
	return opened;
}

void
secrets_forget(char **list, int count)
{
	for (int i = 0; i < count; i++)
		seal_forget(list[i]);
	free(list);
}

int
subscription_secrets_read(
    struct db *db, const struct uuid *id, struct subscription_secrets *secrets)
{
	struct db_params *params = db_params(db);

	*secrets = (struct subscription_secrets){ 0 };
	db_add_uuid(params, id);
	if (store_run(db, &secrets_sql, params) == -1)
		return -1;
	if (db_rows(db) == 0)
		return 0;
	secrets->scheme = signed_scheme_of(db_get_string(db, 0, 0));
	secrets->all = open_all(db, id, 1, &secrets->count);
	secrets->all_ingest = open_all(db, id, 2, &secrets->ingest_count);
	if (secrets->count > 0)
		secrets->secret = secrets->all[0];
	if (secrets->ingest_count > 0)
		secrets->ingest_secret = secrets->all_ingest[0];
	secrets->ingest_is_locked =
	    secrets->ingest_count > 0 && secrets->ingest_secret == NULL;
	secrets->version = db_get_long(db, 0, 3);
	return 1;
}

void
subscription_secrets_forget(struct subscription_secrets *secrets)
{
	secrets_forget(secrets->all, secrets->count);
	secrets_forget(secrets->all_ingest, secrets->ingest_count);
	*secrets = (struct subscription_secrets){ 0 };
}

static bool
is_same(const char *a, const char *b)
{
	return a != NULL && b != NULL && strcmp(a, b) == 0;
}

bool
secrets_hold(char *const *list, int count, const char *secret)
{
	for (int i = 0; i < count; i++)
		if (is_same(secret, list[i]))
			return true;
	return false;
}

/* What changes on one side may be an older secret of the other, which is
 * valid until its overlap ends. */
static bool
is_for_both(const struct subscription_change *change,
    const struct subscription_secrets *now, const char *secret,
    const char *ingest)
{
	bool changes = change->secret_given && !is_same(secret, now->secret);
	bool changes_ingest =
	    change->ingest_secret_given && !is_same(ingest, now->ingest_secret);

	if ((change->secret_given || change->ingest_secret_given) &&
	    is_same(secret, ingest))
		return true;
	return (changes_ingest && !changes &&
		   secrets_hold(now->all, now->count, ingest)) ||
	    (changes && !changes_ingest &&
		secrets_hold(now->all_ingest, now->ingest_count, secret));
}

/* None is there, and producers are to sign. */
static enum secret_fault
ingest_plan_new(struct ingest_plan *plan,
    const struct subscription_change *change, enum signed_scheme scheme)
{
	if (signed_secret_is_theirs(scheme))
		return SECRET_THEIRS;
	if (!change->verify_ingest_given)
		return SECRET_ABSENT;
	signature_secret(plan->made);
	plan->secret = plan->made;
	plan->is_change = true;
	return SECRET_FINE;
}

enum secret_fault
ingest_plan_make(struct ingest_plan *plan,
    const struct subscription_change *change,
    const struct subscription_secrets *secrets)
{
	enum signed_scheme scheme = change->verify_ingest_given
	    ? signed_scheme_of(change->verify_ingest)
	    : secrets->scheme;
	const char *secret =
	    change->secret_given ? change->secret : secrets->secret;
	const char *ingest = change->ingest_secret_given
	    ? change->ingest_secret
	    : secrets->ingest_secret;

	*plan = (struct ingest_plan){
		.is_change = change->ingest_secret_given &&
		    (ingest == NULL ||
			!is_same(ingest, secrets->ingest_secret)),
		.secret = ingest,
	};
	if (secrets->ingest_is_locked && !change->ingest_secret_given)
		return SECRET_FINE; /* it stays as it is */
	if (scheme != SIGNED_NOT && ingest == NULL)
		return ingest_plan_new(plan, change, scheme);
	/* What an older version let in is judged when it changes. */
	if (is_for_both(change, secrets, secret, ingest))
		return SECRET_SAME;
	if (ingest != NULL &&
	    (change->ingest_secret_given || scheme != secrets->scheme))
		return secret_ingest_fault(
		    ingest, scheme == SIGNED_NOT || signed_by_bytes(scheme));
	return SECRET_FINE;
}

enum secret_fault
subscription_new_fault(const struct subscription_change *given)
{
	const struct subscription_secrets none = { 0 };
	struct ingest_plan plan;
	enum secret_fault fault = ingest_plan_make(&plan, given, &none);

	sodium_memzero(plan.made, sizeof(plan.made));
	return fault;
}

/* version: of the row that was looked at, SUBSCRIPTION_ANY_VERSION
 * of none. 0: there is none,
 * or another changed it meanwhile. */
static int
rotate(struct db *db, const struct db_statement *statement,
    const struct uuid *id, const char *secret, int64_t overlap_hours,
    int64_t version, struct subscription *rotated)
{
	struct db_params *params;
	char *sealed;

	if (subscription_seal(id, secret, &sealed) == -1)
		return SUBSCRIPTION_NO_KEY;
	params = db_params(db);
	db_add_uuid(params, id);
	db_add_string(params, sealed);
	db_add_int(params, (int32_t)overlap_hours);
	db_add_long(params, version);
	free(sealed);
	return subscription_run(db, statement, params, rotated);
}

int
subscription_rotate(struct db *db, const struct uuid *id, const char *secret,
    int64_t overlap_hours, struct subscription *rotated)
{
	return rotate(db, &rotate_sql, id, secret, overlap_hours,
	    SUBSCRIPTION_ANY_VERSION, rotated);
}

/* given: NULL makes one. */
static enum secret_fault
next_ingest_secret(struct ingest_plan *plan, const char *given,
    const struct subscription_secrets *now)
{
	const struct subscription_change change = { .ingest_secret_given = true,
		.ingest_secret = given };

	*plan = (struct ingest_plan){ .secret = plan->made };
	if (given != NULL)
		return ingest_plan_make(plan, &change, now);
	if (signed_secret_is_theirs(now->scheme))
		return SECRET_THEIRS;
	signature_secret(plan->made);
	return SECRET_FINE;
}

static int
rotate_ingest(struct db *db, const struct uuid *id, const char *given,
    int64_t overlap_hours, const struct subscription_secrets *now,
    struct subscription *rotated)
{
	struct ingest_plan plan;
	int rc = SUBSCRIPTION_BAD_SECRET;

	rotated->ingest_fault = next_ingest_secret(&plan, given, now);
	if (rotated->ingest_fault == SECRET_FINE)
		rc = rotate(db, &rotate_ingest_sql, id, plan.secret,
		    overlap_hours, now->version, rotated);
	if (rc == 1 && given == NULL)
		rotated->made_ingest_secret = memory_copy_string(plan.made);
	sodium_memzero(plan.made, sizeof(plan.made));
	return rc;
}

int
subscription_rotate_ingest(struct db *db, const struct uuid *id,
    const char *given, int64_t overlap_hours, struct subscription *rotated)
{
	struct subscription_secrets now;
	int rc = 0;

	for (int i = 0; i < SUBSCRIPTION_TRIES && rc == 0; i++) {
		rc = subscription_secrets_read(db, id, &now);
		if (rc != 1)
			return rc;
		rc = rotate_ingest(db, id, given, overlap_hours, &now, rotated);
		subscription_secrets_forget(&now);
	}
	return rc != 0 ? rc : -1;
}
