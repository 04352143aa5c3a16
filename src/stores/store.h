#ifndef STORES_STORE_H
#define STORES_STORE_H
/* What the stores share; nobody else needs it. */
#include "stores/db.h"

/* Deadline of a statement that somebody waits for. */
#define STORE_DEADLINE_MS 2000

/* db_run; makes the partitions and repeats once when there is none, and
 * repeats up to three times after a deadlock. 0, -1. */
int store_run(struct db *db, const struct db_statement *statement,
    const struct db_params *params);

/* The valid secrets of the subscription s, sealed, the newest first. */
#define STORE_SECRETS \
	"ARRAY(SELECT secret FROM unnest(s.secrets, s.secrets_until)" \
	"   WITH ORDINALITY AS kept (secret, until, n)" \
	"  WHERE secret <> '' AND coalesce(until > clock_timestamp(), true)" \
	"  ORDER BY n)"

/* The oldest id that is still shown: LOG_RETENTION_HOURS ago. */
struct uuid store_oldest_shown(void);
#endif
