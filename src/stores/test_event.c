#include "stores/test_event.h"

#include <stdlib.h>
#include <string.h>

#include "ground/clock.h"
#include "ground/text.h"
#include "stores/producer.h"
#include "stores/subscription.h"

/* The rule's version stands for a signature that was found good. */
static int
rule_version(
    struct db *db, const struct uuid *subscription_id, int64_t *version)
{
	struct producer_rule *rules = NULL;
	int count = producer_rules(db, subscription_id, 1, &rules);

	for (int i = 0; i < count; i++) {
		*version = rules[i].version;
		producer_rule_release(&rules[i]);
	}
	free(rules);
	return count == -1 ? -1 : 0;
}

static void
push(struct queue *queue, const struct incoming *stored)
{
	struct queue_entry entry = { stored->id, stored->subscription_id,
		clock_database_ms() };

	if (stored->result != INCOMING_PENDING)
		return;
	queue_push(queue, &entry, 1, entry.due_at);
	queue_probe(queue);
}

int
test_event_store(struct db *db, struct queue *queue,
    const struct uuid *subscription_id, const char *event_type,
    const void *payload, size_t payload_length, struct incoming *result)
{
	static const char sample[] =
	    "{\"message\": \"A test event from Postrider\"}";
	struct subscription subscription = { 0 };
	struct incoming *batch[] = { result };
	int rc = subscription_get(db, subscription_id, &subscription);

	if (rc != 1)
		goto out;
	if (event_type == NULL && subscription.events_count > 0)
		event_type = subscription.events[0];
	*result = (struct incoming){
		.subscription_id = *subscription_id,
		.event_type = event_type,
		.payload = payload != NULL ? payload : sample,
		.payload_length =
		    payload != NULL ? payload_length : strlen(sample),
	};
	rc = -1;
	if (rule_version(db, subscription_id, &result->verified_as) == -1)
		goto out;
	webhook_store(db, batch, 1);
	if (result->result == INCOMING_UNKNOWN)
		rc = 0; /* deleted meanwhile */
	else if (result->result == INCOMING_PENDING ||
	    result->result == INCOMING_FILTERED)
		rc = 1;
	push(queue, result);
	/* What was borrowed ends here. */
	result->event_type = NULL;
	result->payload = NULL;
out:
	subscription_release(&subscription);
	return rc;
}
