#include "stores/subscription_row.h"

#include <stdlib.h>
#include <string.h>

#include "stores/keyring.h"
#include "stores/store.h"

void
subscription_release(struct subscription *subscription)
{
	if (subscription == NULL)
		return;
	free(subscription->target_url);
	free(subscription->sealed_secret);
	seal_forget(subscription->made_ingest_secret);
	free(subscription->verify_ingest);
	free(subscription->events);
	free(subscription->state);
	free(subscription->state_reason);
	*subscription = (struct subscription){ 0 };
}

void
subscription_read(
    const struct db *db, int row, struct subscription *subscription)
{
	subscription->id = db_get_uuid(db, row, 0);
	subscription->target_url =
	    memory_copy_string(db_get_string(db, row, 1));
	subscription->sealed_secret =
	    memory_copy_string(db_get_string(db, row, 2));
	subscription->events =
	    db_get_strings(db, row, 3, &subscription->events_count);
	subscription->state = memory_copy_string(db_get_string(db, row, 4));
	subscription->state_reason =
	    memory_copy_string(db_get_string(db, row, 5));
	subscription->created_at = db_get_time(db, row, 6);
	subscription->updated_at = db_get_time(db, row, 7);
	subscription->verify_ingest =
	    memory_copy_string(db_get_string(db, row, 8));
	subscription->secret_overlap_until = db_get_time(db, row, 9);
	subscription->has_ingest_secret = db_get_bool(db, row, 10);
	subscription->ingest_overlap_until = db_get_time(db, row, 11);
}

int
subscription_run(struct db *db, const struct db_statement *statement,
    const struct db_params *params, struct subscription *subscription)
{
	if (store_run(db, statement, params) == -1)
		return -1;
	if (db_rows(db) == 0)
		return 0;
	subscription_read(db, 0, subscription);
	return 1;
}

int
subscription_seal(const struct uuid *id, const char *secret, char **sealed)
{
	*sealed = secret != NULL ? keyring_seal(id, secret) : NULL;
	return secret != NULL && *sealed == NULL ? -1 : 0;
}

void
subscription_list_free(struct subscription *list, int count)
{
	for (int i = 0; i < count; i++)
		subscription_release(&list[i]);
	free(list);
}

static bool
is_same_string(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static bool
is_same_events(const struct subscription *a, const struct subscription *b)
{
	if (a->events_count != b->events_count)
		return false;
	for (int i = 0; i < a->events_count; i++)
		if (strcmp(a->events[i], b->events[i]) != 0)
			return false;
	return true;
}

bool
subscription_is_same(const struct subscription *a, const struct subscription *b)
{
	return uuid_compare(&a->id, &b->id) == 0 &&
	    is_same_string(a->target_url, b->target_url) &&
	    is_same_string(a->sealed_secret, b->sealed_secret) &&
	    a->secret_overlap_until == b->secret_overlap_until &&
	    is_same_string(a->verify_ingest, b->verify_ingest) &&
	    a->has_ingest_secret == b->has_ingest_secret &&
	    a->ingest_overlap_until == b->ingest_overlap_until &&
	    is_same_events(a, b) && is_same_string(a->state, b->state) &&
	    is_same_string(a->state_reason, b->state_reason) &&
	    a->updated_at == b->updated_at;
}
