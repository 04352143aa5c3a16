#ifndef STORES_DEVICE_H
#define STORES_DEVICE_H
/*
 * Browsers that have logged in ("device cookies"). Each has a throttle of its
 * own (rules/throttle.h), so that failures from elsewhere do not keep it out.
 * An id has the form of a session's (session.h) and opens nothing by itself:
 * the table has its SHA-256. The 100 used last are known, for 400 days each.
 */
#include "stores/db.h"

#define DEVICE_DAYS 400 /* browsers keep no cookie for longer */

/* May this browser try to log in? The try counts as failed from here on.
 * *known says whether it has logged in before. When it has: 1 yes; 0 no, not
 * for *wait_s seconds. When not: 0. -1 on error. */
int device_try(struct db *db, const char *id, bool *known, int64_t *wait_s);
/* It logged in: makes it known, and free of failures. 0, -1. */
int device_succeeded(struct db *db, const char *id);
/* Removes those that were not used for DEVICE_DAYS. 0, -1. */
int device_purge(struct db *db);
#endif
