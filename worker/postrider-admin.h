#ifndef POSTRIDER_ADMIN_H
#define POSTRIDER_ADMIN_H
/*
 * What the files of postrider-admin share. Commands return the exit status:
 * 0 done, 100 fix what was given, 111 try later.
 */
#include "stores/db.h"

/* Of commands that have words of their own. */
extern const char admin_password_usage[];
extern const char admin_secret_key_usage[];
extern const char admin_token_usage[];

/* `secret-key create|rotate|reencrypt`: the arguments behind it. */
int admin_secret_key(int argc, char **argv);
/* After a migration: seals secrets that are stored as clear text, and says
 * which keys are missing. Exit status. */
int admin_secrets_migrate(struct db *db);
/* `password set`: of the admin pages, from the terminal without echo, else
 * the first line of standard input. Ends all sessions. */
int admin_password_set(void);

/* Makes and prints the first password, if AUTH=token and there is none.
 * 0, -1. */
int admin_password_first(struct db *db);

/* `check-config`, `print-config`, `print-config-table`, without arguments. */
int admin_check_config(int argc, char **argv);
int admin_print_config(int argc, char **argv);
int admin_print_config_table(int argc, char **argv);

/* `token create|list|revoke …`: argv[0] is the word behind token. */
int admin_token(int argc, char **argv);
#endif
