#ifndef STORES_DEAD_LETTER_H
#define STORES_DEAD_LETTER_H
/*
 * Webhooks whose outcome is Failure, by subscription and reason. There is one
 * row exactly as long: what ends a webhook makes it, what opens it again takes
 * it (intervention.h), and the purge, with the webhook.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ground/uuid.h"
#include "stores/db.h"

#define DEAD_LETTERS_COUNTED 10000

struct dead_letter_group {
	struct uuid subscription_id;
	char *target_url;	  /* NULL once the subscription's row is gone */
	char *subscription_state; /* NULL likewise; "deleted" is possible */
	char *reason;		  /* the last attempt's error */
	int64_t count;		  /* DEAD_LETTERS_COUNTED + 1: more than that */
	int64_t newest_at, oldest_at; /* ms: when these were accepted */
};

/* In order of subscription and reason, those after a group (NULL: the first
 * ones), at most `limit`. subscription: NULL for all. The count, or -1; the
 * vector is yours: dead_letter_groups_free. */
int dead_letter_groups(struct db *db, const struct uuid *subscription,
    const struct uuid *after_subscription, const char *after_reason, int limit,
    struct dead_letter_group **groups);
/* One group: 1 found (release it by dead_letter_groups_free, a count of 1), 0
 * there is none, -1. */
int dead_letter_group(struct db *db, const struct uuid *subscription,
    const char *reason, struct dead_letter_group **group);
/* The webhooks of a group that were accepted before that id, newest first, at
 * most `limit`. Their count, or -1. */
int dead_letter_ids(struct db *db, const struct uuid *subscription,
    const char *reason, const struct uuid *before, int limit, struct uuid *ids);
void dead_letter_groups_free(struct dead_letter_group *groups, int count);
#endif
