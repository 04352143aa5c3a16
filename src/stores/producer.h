#ifndef STORES_PRODUCER_H
#define STORES_PRODUCER_H
/*
 * What a subscription asks of its producers (verify_ingest): how to sign, and
 * with which ingest secrets. A rule is good while its version is the row's, which
 * the statement that stores a webhook checks, and until ends_at.
 */
#include <stddef.h>
#include <stdint.h>

#include "ground/uuid.h"
#include "rules/signed_request.h"
#include "stores/db.h"

struct producer_rule {
	struct uuid subscription_id;
	enum signed_scheme scheme; /* SIGNED_NOT: unknown to this version */
	char **sealed_secrets;	   /* one block; the newest first */
	int secrets_count;
	int64_t version; /* from 1 */
	int64_t ends_at; /* ms: when the next secret ends; or INT64_MAX */
};
void producer_rule_release(struct producer_rule *rule);

/* Of those of the ids that have a rule. The count, or -1; *rules is yours to
 * free(), each to release. */
int producer_rules(struct db *db, const struct uuid *ids, size_t count,
    struct producer_rule **rules);
#endif
