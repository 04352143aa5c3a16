#ifndef STORES_SECRET_REPORT_H
#define STORES_SECRET_REPORT_H
/*
 * Which stored secrets would be refused today: an older version took them.
 * keyring_load comes first.
 */
#include "ground/uuid.h"
#include "stores/db.h"

/* Calls `tell` with each fault: whose secret it is, "secret" or
 * "ingest_secret", and a sentence that says what is wrong. How many, or -1. */
int64_t secret_report(struct db *db,
    void (*tell)(
	const struct uuid *subscription, const char *which, const char *why));
#endif
