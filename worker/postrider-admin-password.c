#include <bsd/readpassphrase.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ground/config.h"
#include "ground/log.h"
#include "postrider-admin.h"
#include "rules/password.h"
#include "stores/account.h"

/* One byte more than a password may have, so that a longer one shows. */
#define TYPED_SIZE (PASSWORD_MOST_BYTES + 2)

const char admin_password_usage[] =
    "usage: postrider-admin password set\n"
    "Asks for the password of the admin pages twice at a terminal; elsewhere "
    "it is the\nfirst line of standard input.\n";

static int
ask(const char *prompt, char typed[TYPED_SIZE])
{
	if (readpassphrase(prompt, typed, TYPED_SIZE, RPP_REQUIRE_TTY) != NULL)
		return 0;
	fprintf(stderr, "no password was read\n");
	return -1;
}

static int
ask_twice(char typed[TYPED_SIZE])
{
	char again[TYPED_SIZE];
	bool same;

	if (ask("New password of the admin pages: ", typed) == -1 ||
	    ask("The same again: ", again) == -1)
		return -1;
	same = strcmp(typed, again) == 0;
	sodium_memzero(again, sizeof(again));
	if (same)
		return 0;
	fprintf(stderr, "these were two different passwords: try again\n");
	return -1;
}

static int
read_line(char typed[TYPED_SIZE])
{
	if (fgets(typed, TYPED_SIZE, stdin) == NULL) {
		fprintf(stderr, "there is no password on standard input\n");
		return -1;
	}
	typed[strcspn(typed, "\n")] = '\0';
	return 0;
}

static int
password_read(char typed[TYPED_SIZE])
{
	const char *fault;

	if ((isatty(STDIN_FILENO) ? ask_twice(typed) : read_line(typed)) == -1)
		return -1;
	fault = password_fault(typed, strlen(typed));
	if (fault == NULL)
		return 0;
	fprintf(stderr, "%s Nothing was changed.\n", fault);
	return -1;
}

static int
hash_make(const char *password, char hash[PASSWORD_HASH_SIZE])
{
	if (password_hash(password, strlen(password), hash) == 0)
		return 0;
	fprintf(stderr, "there is no memory to hash a password with\n");
	return -1;
}

int
admin_password_set(void)
{
	char typed[TYPED_SIZE] = "", hash[PASSWORD_HASH_SIZE];
	struct db *db;
	int rc;

	if (config_load() == -1 || sodium_init() == -1)
		return 100;
	log_open("postrider-admin", (enum log_level)config.log_level);
	rc = password_read(typed);
	if (rc == 0)
		rc = hash_make(typed, hash);
	sodium_memzero(typed, sizeof(typed));
	if (rc == -1)
		return 100;
	db = db_new(
	    config.migrate_database_url, DB_MAINTAIN, "postrider command");
	rc = account_password_set(db, hash);
	if (rc == 0)
		printf("the password is set; whoever was logged in has to log "
		       "in again\n");
	else
		fprintf(
		    stderr, "the password was not set: %s\n", db_message(db));
	db_free(db);
	return rc == 0 ? 0 : 111;
}

/* Several nodes may start at once: the one whose password it is prints it. */
static int
first_make(struct db *db)
{
	char password[PASSWORD_MADE_SIZE], hash[PASSWORD_HASH_SIZE];
	int rc;

	password_make(password);
	if (hash_make(password, hash) == -1)
		return -1;
	rc = account_password_first(db, hash);
	if (rc == 1)
		fprintf(stderr,
		    "the password of the admin pages, printed this once: %s\n"
		    "(account " ACCOUNT_NAME "; to choose another one: "
		    "postrider-admin password set)\n",
		    password);
	sodium_memzero(password, sizeof(password));
	return rc == -1 ? -1 : 0;
}

int
admin_password_first(struct db *db)
{
	char *hash;
	int rc;

	if (config.auth != AUTH_TOKEN)
		return 0;
	if (sodium_init() == -1)
		return -1;
	rc = account_password(db, &hash);
	free(hash);
	return rc == 0 ? first_make(db) : rc == 1 ? 0 : -1;
}
