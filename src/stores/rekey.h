#ifndef STORES_REKEY_H
#define STORES_REKEY_H
/*
 * What an operator does to all secrets at once, in batches, so that the
 * service may run meanwhile; keyring_load comes first. Each may be repeated,
 * and started on several hosts. They print what they cannot do.
 */
#include <stdint.h>

#include "stores/db.h"

/* Seals what a version before 0004_secrets.sql stored as clear text, then
 * drops that column and rewrites the table, so that no file of it holds the
 * text. How many, or -1. */
int64_t rekey_clear(struct db *db);

/* Seals anew what another key than the first sealed, and drops secrets that
 * are valid no more, in each of the two columns that hold some. How many rows,
 * or -1: some could not be opened, or the database failed. */
int64_t rekey_all(struct db *db);

/* Calls `tell` with each key's id that a stored secret needs. 0, -1. */
int rekey_usage(
    struct db *db, void (*tell)(const char *key_id, int64_t subscriptions));
#endif
