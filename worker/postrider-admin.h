#ifndef POSTRIDER_ADMIN_H
#define POSTRIDER_ADMIN_H
/*
 * What the files of postrider-admin share. Commands return the exit status:
 * 0 done, 100 fix what was given, 111 try later.
 */
#include "stores/db.h"

/* `secret-key create|rotate|reencrypt`: the arguments behind it. */
int admin_secret_key(int argc, char **argv);
/* After a migration: seals secrets that are stored as clear text, and says
 * which keys are missing. Exit status. */
int admin_secrets_migrate(struct db *db);
#endif
