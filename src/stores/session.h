#ifndef STORES_SESSION_H
#define STORES_SESSION_H
/*
 * Sessions of the admin pages. An id is 256 random bits and lives in the
 * browser's cookie alone: the table has its SHA-256. A session ends 30 minutes
 * after its last use (known to the minute) and 8 hours after its start.
 * sodium_init comes first.
 */
#include <stdbool.h>

#include "stores/db.h"

#define SESSION_ID_SIZE 44 /* base64url, NUL */

void session_id_make(char id[SESSION_ID_SIZE]);
bool session_id_is(const char *string); /* has it the shape of one? */
/* What the tables have of an id: its SHA-256 in hexadecimal. */
void session_add_hash(struct db_params *params, const char *id);

/* old: the id that the browser had, ended if it is a session. 0, -1. */
int session_start(struct db *db, const char *id, const char *old);
int session_use(struct db *db, const char *id); /* 1 it runs, 0 no, -1 */
int session_end(struct db *db, const char *id); /* 0, -1 */
/* Removes those that have ended by themselves. 0, -1. */
int session_purge(struct db *db);

/* What the tokens of forms are made with (rules/csrf.h). 0, -1. */
#define SESSION_CSRF_KEY_BYTES 32
int session_csrf_key(struct db *db, unsigned char key[SESSION_CSRF_KEY_BYTES]);
#endif
