#ifndef STORES_ACCOUNT_H
#define STORES_ACCOUNT_H
/*
 * The admin's password, and what guards it from guessing: failures are counted
 * for the account and for the network that asks (rules/throttle.h), and are
 * forgotten a day after the last. Browsers that have logged in before are
 * counted apart: device.h.
 */
#include "stores/db.h"

#define ACCOUNT_NAME "admin"

/* 1 and its hash, yours to free(); 0 and NULL when nobody has set one; -1. */
int account_password(struct db *db, char **hash);
/* Sets it, ends all sessions and forgets all failures; browsers that have
 * logged in stay known. 0, -1. */
int account_password_set(struct db *db, const char *hash);
/* Sets the first one: 1 done, 0 there is one already, -1. */
int account_password_first(struct db *db, const char *hash);

/*
 * May somebody of this network try to log in? The try counts as failed from
 * here on, so that many at once gain nothing. 1 yes; 0 no, not for *wait_s
 * seconds; -1.
 */
int account_try(struct db *db, const char *network, int64_t *wait_s);
/* It went well: the account is free of failures, the network of this one.
 * 0, -1. */
int account_try_succeeded(struct db *db, const char *network);
/* Removes what is a day old. 0, -1. */
int account_purge(struct db *db);

/* For device.c. */
void account_add_waits(struct db_params *params); /* of throttle.h */
/* How many failures in a row this one makes; a day without one forgets. */
#define ACCOUNT_NEXT_FAILURE \
	"CASE WHEN free_at < clock_timestamp() - interval '1 day'" \
	" THEN 1 ELSE failures + 1 END"
#endif
