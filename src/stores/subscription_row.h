#ifndef STORES_SUBSCRIPTION_ROW_H
#define STORES_SUBSCRIPTION_ROW_H
/* What the files of subscription.h share; nobody else needs it. */
#include "rules/signature.h"
#include "rules/signed_request.h"
#include "stores/subscription.h"

#define SUBSCRIPTION_ANY_VERSION (-1)
/* Of a change that another one overtakes again and again. */
#define SUBSCRIPTION_TRIES 10

#define SUBSCRIPTION_COLUMNS \
	"id, target_url, secrets[1], events, state, state_reason," \
	" created_at, updated_at, verify_ingest," \
	" (SELECT max(ends) FROM unnest(secrets_until) AS ends" \
	"   WHERE ends > clock_timestamp())," \
	" ingest_secrets[1] IS NOT NULL," \
	" (SELECT max(ends) FROM unnest(ingest_secrets_until) AS ends" \
	"   WHERE ends > clock_timestamp())"

/* Reads a row of these columns. */
void subscription_read(
    const struct db *db, int row, struct subscription *subscription);
/* Runs a statement that gives one row of them, or none. 1, 0, -1. */
int subscription_run(struct db *db, const struct db_statement *statement,
    const struct db_params *params, struct subscription *subscription);

/* 0, and *sealed (yours to free(), NULL for NULL), or -1: no key. */
int subscription_seal(const struct uuid *id, const char *secret, char **sealed);

/* The secrets that a row has, in clear text; subscription_secrets_forget. */
struct subscription_secrets {
	enum signed_scheme scheme;
	char *secret, *ingest_secret; /* the newest; NULL: none */
	bool ingest_is_locked;	      /* it is there, and cannot be opened */
	/* those and the older ones that are still valid; NULL: locked */
	char **all, **all_ingest;
	int count, ingest_count;
	int64_t version;
};
/* 1, 0 no such subscription, -1. */
int subscription_secrets_read(
    struct db *db, const struct uuid *id, struct subscription_secrets *secrets);
void subscription_secrets_forget(struct subscription_secrets *secrets);

/* Of a list of opened secrets, where NULL stands for one that cannot be. */
bool secrets_hold(char *const *list, int count, const char *secret);
void secrets_forget(char **list, int count);

/* What a change makes of the ingest secret. */
struct ingest_plan {
	bool is_change;
	const char *secret;		  /* NULL clears; borrowed, or `made` */
	char made[SIGNATURE_SECRET_SIZE]; /* "": none was made */
};
/* secrets: of the row as it is, { 0 } for a new one. SECRET_FINE, or why the
 * change cannot be. Wipe `made`. */
enum secret_fault ingest_plan_make(struct ingest_plan *plan,
    const struct subscription_change *change,
    const struct subscription_secrets *secrets);
#endif
