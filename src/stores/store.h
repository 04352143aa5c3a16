#ifndef STORES_STORE_H
#define STORES_STORE_H
/* What the stores share; nobody else needs it. */
#include "stores/db.h"

/* Of what somebody waits for, who is to have his 503 within 2 s. */
#define STORE_DEADLINE_MS 1500

/* db_run; makes the partitions and repeats once when there is none, and
 * repeats up to three times after a deadlock, all within the deadline. 0, -1.
 */
int store_run(struct db *db, const struct db_statement *statement,
    const struct db_params *params);
/* The same until clock_monotonic_ms() is end_ms, for several in a row. */
int store_run_until(struct db *db, const struct db_statement *statement,
    const struct db_params *params, int64_t end_ms);

/* The valid secrets of the subscription s, sealed, the newest first: those of
 * deliveries, and those that producers sign with. */
#define STORE_SECRETS STORE_VALID("s.secrets, s.secrets_until")
#define STORE_INGEST_SECRETS \
	STORE_VALID("s.ingest_secrets, s.ingest_secrets_until")
#define STORE_VALID(columns) \
	"ARRAY(SELECT secret FROM unnest(" columns ")" \
	"   WITH ORDINALITY AS kept (secret, until, n)" \
	"  WHERE secret <> '' AND coalesce(until > clock_timestamp(), true)" \
	"  ORDER BY n)"

/* The oldest id that is still shown: LOG_RETENTION_HOURS ago. */
struct uuid store_oldest_shown(void);
#endif
