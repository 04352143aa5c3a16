#include "stores/producer.h"

#include <stdlib.h>

#include "stores/store.h"

static const struct db_statement rules_sql = { "producer_rules",
	"SELECT s.id, s.verify_ingest, " STORE_INGEST_SECRETS
	", s.secrets_version,"
	"   (SELECT min(ends) FROM unnest(s.ingest_secrets_until) AS ends"
	"     WHERE ends > clock_timestamp())"
	"  FROM subscriptions s"
	" WHERE s.id = ANY ($1) AND s.verify_ingest IS NOT NULL" };

void
producer_rule_release(struct producer_rule *rule)
{
	free(rule->sealed_secrets);
	*rule = (struct producer_rule){ 0 };
}

int
producer_rules(struct db *db, const struct uuid *ids, size_t count,
    struct producer_rule **rules)
{
	struct db_params *params = db_params(db);
	struct producer_rule *rule;
	int rows;

	*rules = NULL;
	db_array_begin(params, DB_UUID);
	for (size_t i = 0; i < count; i++)
		db_array_uuid(params, &ids[i]);
	db_array_end(params);
	if (store_run(db, &rules_sql, params) == -1)
		return -1;
	rows = db_rows(db);
	*rules = memory_get((size_t)rows * sizeof(**rules));
	for (int i = 0; i < rows; i++) {
		rule = &(*rules)[i];
		rule->subscription_id = db_get_uuid(db, i, 0);
		rule->scheme = signed_scheme_of(db_get_string(db, i, 1));
		rule->sealed_secrets =
		    db_get_strings(db, i, 2, &rule->secrets_count);
		rule->version = db_get_long(db, i, 3);
		rule->ends_at =
		    db_is_null(db, i, 4) ? INT64_MAX : db_get_time(db, i, 4);
	}
	return rows;
}
