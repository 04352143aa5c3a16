#ifndef STORES_MAINTENANCE_H
#define STORES_MAINTENANCE_H
/*
 * Schema and partitions: migrations, the hours ahead, the purge.
 */
#include <stdbool.h>
#include <stdint.h>

#include "stores/db.h"

/* Applies the numbered files of `directory` that were not applied yet, each
 * in a transaction, under a lock that several nodes may contend for.
 * 0, or -1; 1 when the schema is newer than this program, which was said, and
 * nothing was done. Prints what it applied. */
int maintenance_migrate(struct db *db, const char *directory);

/* Makes the partitions from the last hour to a day ahead. 0, -1. */
int maintenance_ensure_partitions(struct db *db, int64_t deadline_ms);
/* The same without waiting: 0 begun, then db_step; -1. */
int maintenance_ensure_start(struct db *db);
/* Notes the row counts of partitions that are closed for an hour. 0, -1. */
int maintenance_note_partitions(struct db *db);
/* Whether PostgreSQL takes writes: a standby does not, nor one that was set
 * read-only, as hosting services do when its disk is full. 1, 0; -1 error. */
int maintenance_is_writable(struct db *db);
/* Sets clock_database_ms by asking PostgreSQL. 0, -1. */
int maintenance_measure_clock(struct db *db);
/* The same without waiting: start (0, -1), then db_step, then finish, with
 * how long it took. False when that was too long to tell the time well. */
int maintenance_clock_start(struct db *db);
bool maintenance_clock_finish(struct db *db, int64_t took_us);
/* The same when the last measure is older than 10 s: before uuid_new(). */
int maintenance_keep_clock(struct db *db);

/* Removes what is older than `hours`. 1 when another purge is at it, 0 done,
 * -1 error. dry_run counts only. */
struct purged {
	int64_t partitions;
	int64_t webhooks;
	int64_t attempts;
	int64_t expired; /* still pending, settled as Failure */
};
int maintenance_purge(
    struct db *db, int64_t hours, bool dry_run, struct purged *purged);
#endif
