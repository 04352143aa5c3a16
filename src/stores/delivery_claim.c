/* Claim and pick: what the delivery loop begins and carries on with db_step.
 */
#include "stores/delivery.h"

#include <stdlib.h>

#include "stores/delivery_lease.h"
#include "stores/keyring.h"
#include "stores/store.h"

/* Generic plans live as long as a connection, and are often made while the
 * outbox is empty, when any join over it looks cheap. So it is reached by
 * "= ANY" and LATERAL ... LIMIT alone: an index probe a row, whatever the
 * planner believes (a join was seen to take 97 s on 300,000 rows). */

/* Commits before the first byte is sent. What was asked for and not taken
 * says why: its payload is larger than the claim is to bring (with its size,
 * which is known without reading the payload), early (with its time), or
 * nothing to do. What has lost its payload to the purge is not taken: it would
 * be sent empty. */
static const struct db_statement claim_sql = { "delivery_claim",
	"WITH wanted AS (SELECT DISTINCT id FROM unnest($1::uuid[]) AS w (id)"
	"), free AS ("
	"  SELECT p.webhook_id FROM pending p"
	"   WHERE p.webhook_id = ANY ($1) AND p.lease IS NULL"
	"     AND p.due_at <= clock_timestamp()"
	"     AND (SELECT s.state FROM subscriptions s"
	"           WHERE s.id = p.subscription_id) = 'active'"
	"     AND (SELECT octet_length(w.payload) FROM webhooks w"
	"           WHERE w.id = p.webhook_id"
	"             AND w.id >= $3 AND w.id <= $4) <= $5::int4"
	"   ORDER BY p.webhook_id FOR UPDATE OF p SKIP LOCKED"
	"), claimed AS ("
	"  UPDATE pending p SET lease = $2"
	"   WHERE p.webhook_id = ANY (ARRAY(SELECT webhook_id FROM free))"
	"  RETURNING p.webhook_id, p.attempts, p.retries, p.interruptions"
	")"
	" SELECT wanted.id, c.webhook_id IS NOT NULL,"
	"   p.lease IS NULL AND s.state = 'active' AND"
	"     p.due_at > clock_timestamp() - interval '1 second',"
	"   p.due_at, p.subscription_id, c.attempts, c.retries,"
	"   c.interruptions, s.target_url, " STORE_SECRETS ","
	"   w.event_type,"
	"   w.signature, w.content_type,"
	"   CASE WHEN c.webhook_id IS NOT NULL THEN w.payload END,"
	"   CASE WHEN p.lease IS NULL AND s.state = 'active'"
	"       AND p.due_at <= clock_timestamp()"
	"       AND octet_length(w.payload) > $5"
	"     THEN octet_length(w.payload) END, w.hops"
	"  FROM wanted"
	"  LEFT JOIN claimed c ON c.webhook_id = wanted.id"
	"  LEFT JOIN LATERAL (SELECT * FROM pending"
	"    WHERE webhook_id = wanted.id LIMIT 1) p ON true"
	"  LEFT JOIN LATERAL (SELECT * FROM subscriptions"
	"    WHERE id = p.subscription_id LIMIT 1) s ON true"
	"  LEFT JOIN LATERAL (SELECT * FROM webhooks"
	"    WHERE id = wanted.id AND id >= $3 AND id <= $4 LIMIT 1) w"
	"    ON true" };

/* One probe a subscription, not a scan of the due: a backlog of one hides
 * nobody else. The classes (queue.h) take turns. */
static const struct db_statement pick_sql = { "delivery_pick",
	"WITH RECURSIVE holders AS ("
	"  (SELECT subscription_id AS id FROM pending"
	"    ORDER BY subscription_id LIMIT 1)"
	"  UNION ALL"
	"  SELECT (SELECT p.subscription_id FROM pending p"
	"           WHERE p.subscription_id > holders.id"
	"           ORDER BY p.subscription_id LIMIT 1)"
	"    FROM holders WHERE holders.id IS NOT NULL"
	"), ranked AS ("
	" SELECT free.webhook_id, s.id, s.class, row_number() OVER"
	"   (PARTITION BY s.class ORDER BY random()) AS n FROM holders"
	"  CROSS JOIN LATERAL (SELECT id, CASE"
	"      WHEN failing_since IS NOT NULL THEN 2"
	"      WHEN EXISTS (SELECT FROM stats t"
	"        WHERE t.subscription_id = subscriptions.id"
	"          AND t.quarter > now() - interval '1 day'"
	"          AND t.successes > 0) THEN 0 ELSE 1 END AS class"
	"    FROM subscriptions"
	"    WHERE id = holders.id AND state = 'active' LIMIT 1) s"
	"  CROSS JOIN LATERAL ("
	"    SELECT p.webhook_id FROM pending p"
	"     WHERE p.subscription_id = s.id AND p.lease IS NULL"
	"       AND p.due_at <= clock_timestamp()"
	"     ORDER BY p.due_at LIMIT $2) free"
	")"
	" SELECT webhook_id, id, class FROM ranked"
	"  WHERE n <= CASE class WHEN 0 THEN $1::int8 WHEN 1 THEN $3::int8"
	"    ELSE $4::int8 END ORDER BY n LIMIT $1" };

int
claimed_open(struct claimed *claimed)
{
	int count = claimed->secrets_count;

	claimed->secrets = memory_get((size_t)count * sizeof(char *));
	for (int i = 0; i < count; i++) {
		claimed->secrets[i] = keyring_open(
		    &claimed->subscription_id, claimed->sealed_secrets[i]);
		if (claimed->secrets[i] == NULL) {
			claimed_seal(claimed);
			return -1;
		}
	}
	return 0;
}

void
claimed_seal(struct claimed *claimed)
{
	if (claimed->secrets == NULL)
		return;
	for (int i = 0; i < claimed->secrets_count; i++)
		seal_forget(claimed->secrets[i]);
	free(claimed->secrets);
	claimed->secrets = NULL;
}

void
claimed_release(struct claimed *claimed)
{
	if (claimed == NULL)
		return;
	free(claimed->target_url);
	claimed_seal(claimed);
	free(claimed->sealed_secrets);
	free(claimed->event_type);
	free(claimed->signature);
	free(claimed->content_type);
	free(claimed->payload);
	*claimed = (struct claimed){ 0 };
}

int
delivery_claim_start(struct db *db, const struct uuid *ids, size_t count,
    struct lease lease, size_t bytes_most)
{
	struct db_params *params = db_params(db);
	struct uuid token = lease_uuid(lease);
	struct uuid least = ids[0], most = ids[0];

	db_array_begin(params, DB_UUID);
	for (size_t i = 0; i < count; i++) {
		db_array_uuid(params, &ids[i]);
		uuid_widen(&least, &most, &ids[i]);
	}
	db_array_end(params);
	db_add_uuid(params, &token);
	db_add_uuid(params, &least);
	db_add_uuid(params, &most);
	db_add_int(
	    params, bytes_most < INT32_MAX ? (int32_t)bytes_most : INT32_MAX);
	return db_start(db, &claim_sql, params, DELIVERY_DEADLINE_MS);
}

static struct claimed *
claimed_read(struct db *db, int row, struct lease lease)
{
	struct claimed *claimed = memory_get(sizeof(*claimed));
	const void *payload =
	    db_get_bytes(db, row, 13, &claimed->payload_length);

	claimed->webhook_id = db_get_uuid(db, row, 0);
	claimed->subscription_id = db_get_uuid(db, row, 4);
	claimed->lease = lease;
	claimed->attempt_number = (int)db_get_long(db, row, 5) + 1;
	claimed->retries_used = (int)db_get_long(db, row, 6);
	claimed->interruptions = (int)db_get_long(db, row, 7);
	claimed->target_url = memory_copy_string(db_get_string(db, row, 8));
	claimed->sealed_secrets =
	    db_get_strings(db, row, 9, &claimed->secrets_count);
	claimed->event_type = memory_copy_string(db_get_string(db, row, 10));
	claimed->signature = memory_copy_string(db_get_string(db, row, 11));
	claimed->content_type = memory_copy_string(db_get_string(db, row, 12));
	claimed->payload = memory_copy(payload, claimed->payload_length);
	claimed->hops = (int)db_get_long(db, row, 15);
	return claimed;
}

size_t
delivery_claim_finish(
    struct db *db, struct lease lease, struct claim_answer **answers)
{
	int rows = db_rows(db);
	struct claim_answer *answer;

	*answers = memory_get((size_t)rows * sizeof(**answers));
	for (int row = 0; row < rows; row++) {
		answer = &(*answers)[row];
		answer->webhook_id = db_get_uuid(db, row, 0);
		answer->subscription_id = db_get_uuid(db, row, 4);
		answer->kind = CLAIM_NOTHING;
		if (db_get_bool(db, row, 1)) {
			answer->kind = CLAIM_TAKEN;
			answer->claimed = claimed_read(db, row, lease);
		} else if (!db_is_null(db, row, 14)) {
			answer->kind = CLAIM_LARGE;
			answer->bytes = (size_t)db_get_long(db, row, 14);
		} else if (db_get_bool(db, row, 2)) {
			/* rounded up: a time cut short would be early again */
			answer->kind = CLAIM_EARLY;
			answer->due_at = db_get_time(db, row, 3) + 1;
		}
	}
	return (size_t)rows;
}

int
delivery_pick_start(
    struct db *db, const struct queue_quota *quota, int64_t window)
{
	struct db_params *params = db_params(db);

	db_add_long(params, (int64_t)quota->count);
	db_add_long(params, window);
	db_add_long(params, (int64_t)quota->untried);
	db_add_long(params, (int64_t)quota->slow);
	return db_start(db, &pick_sql, params, DELIVERY_DEADLINE_MS);
}

size_t
delivery_pick_finish(struct db *db, struct picked **picked)
{
	int rows = db_rows(db);

	*picked = memory_get((size_t)rows * sizeof(**picked));
	for (int row = 0; row < rows; row++)
		(*picked)[row] = (struct picked){
			.webhook_id = db_get_uuid(db, row, 0),
			.subscription_id = db_get_uuid(db, row, 1),
			.class = (enum queue_class)db_get_long(db, row, 2),
		};
	return (size_t)rows;
}
