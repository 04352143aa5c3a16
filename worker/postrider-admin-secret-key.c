#include <grp.h>
#include <inttypes.h>
#include <pwd.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ground/config.h"
#include "ground/log.h"
#include "ground/usage.h"
#include "postrider-admin.h"
#include "stores/keyring.h"
#include "stores/rekey.h"
#include "stores/secret_report.h"

const char admin_secret_key_usage[] =
    "usage: postrider-admin secret-key create [USER]\n"
    "       postrider-admin secret-key rotate\n"
    "       postrider-admin secret-key reencrypt\n"
    "       postrider-admin secret-key check\n"
    "create makes the file of the keys if there is none, for USER alone. "
    "rotate puts a\nnew key in front and encrypts all secrets anew. reencrypt "
    "goes on with that, and\ntells which keys are in use. check lists the "
    "stored secrets that would be refused\ntoday, and exits with 1 when there "
    "are some.\n";

static int
fix_the_key(void)
{
	say_error("%s", keyring_reason());
	return 100;
}

static void
tell_missing(const char *key_id, int64_t subscriptions)
{
	if (!keyring_holds(key_id))
		say_error(
		    "warning: %" PRId64 " subscriptions have a secret that "
		    "needs key %s, which %s does not hold: put that line back "
		    "from your backup; until then their webhooks wait",
		    subscriptions, key_id, config.secret_key_file);
}

static void
tell_usage(const char *key_id, int64_t subscriptions)
{
	printf("  %s  %" PRId64 " subscriptions%s\n", key_id, subscriptions,
	    !keyring_holds(key_id) ? ", and it is not in the file" : "");
}

int
admin_secrets_migrate(struct db *db)
{
	bool has_keys = keyring_load(config.secret_key_file) == 0;
	int64_t sealed = rekey_clear(db);

	if (sealed == -1) {
		say_error("secrets are not encrypted yet: %s",
		    has_keys ? db_message(db) : "there is no key");
		return has_keys ? 111 : 100;
	}
	if (sealed > 0)
		printf("encrypted %" PRId64 " secrets; backups made before "
		       "still hold them in clear\n",
		    sealed);
	return rekey_usage(db, tell_missing) == 0 ? 0 : 111;
}

static int
create(const char *user)
{
	int rc = keyring_create(config.secret_key_file, user);

	if (rc == -1)
		return fix_the_key();
	if (rc == 1)
		printf("made %s: keep a copy of it apart from the database's "
		       "backups\n",
		    config.secret_key_file);
	return 0;
}

/* Root may write the key file, but PostgreSQL knows the user that Postrider
 * runs as, whose file it is. */
static int
become_owner(void)
{
	const struct passwd *owner;
	struct stat file;

	if (geteuid() != 0 || stat(config.secret_key_file, &file) == -1 ||
	    file.st_uid == 0)
		return 0;
	owner = getpwuid(file.st_uid);
	if (owner != NULL && initgroups(owner->pw_name, owner->pw_gid) == 0 &&
	    setgid(owner->pw_gid) == 0 && setuid(owner->pw_uid) == 0)
		return 0;
	say_error("cannot become the owner of %s", config.secret_key_file);
	return -1;
}

/* Repeats do no harm; also finishes a rotation that was cut off. */
static int
reencrypt(void)
{
	struct db *db;
	int64_t count;
	int rc = 111;

	if (become_owner() == -1)
		return 100;
	if (keyring_load(config.secret_key_file) == -1)
		return fix_the_key();
	db = db_new(config.database_url, DB_MAINTAIN, "postrider command");
	count = rekey_all(db);
	if (count == -1)
		say_error(
		    "not all secrets are encrypted with key %s%s%s: keep the "
		    "other keys, and run `postrider-admin secret-key "
		    "reencrypt` again",
		    keyring_first(), db_message(db)[0] != '\0' ? ": " : "",
		    db_message(db));
	else {
		printf("encrypted the secrets of %" PRId64 " subscriptions "
		       "anew; these keys are needed now:\n",
		    count);
		rc = rekey_usage(db, tell_usage) == 0 ? 0 : 111;
	}
	db_free(db);
	return rc;
}

static void
tell_fault(const struct uuid *subscription, const char *which, const char *why)
{
	char id[UUID_TEXT_SIZE];

	printf("%s  %s: %s\n", uuid_text(subscription, id), which, why);
}

/* 1 when one would be refused today. */
static int
check(void)
{
	struct db *db;
	int64_t count;

	if (become_owner() == -1)
		return 100;
	if (keyring_load(config.secret_key_file) == -1)
		return fix_the_key();
	db = db_new(config.database_url, DB_MAINTAIN, "postrider command");
	count = secret_report(db, tell_fault);
	if (count == -1)
		fprintf(
		    stderr, "cannot read the secrets: %s\n", db_message(db));
	else if (count == 0)
		printf("all secrets are good\n");
	else
		printf("%" PRId64 " secrets to set anew: those in use go on "
		       "until then\n",
		    count);
	db_free(db);
	return count == -1 ? 111 : count > 0;
}

static int
rotate(void)
{
	int rc;

	if (keyring_add(config.secret_key_file) == -1)
		return fix_the_key();
	rc = reencrypt();
	if (rc == 0)
		printf("other hosts need this file too; once they have it, run "
		       "`postrider-admin secret-key\nreencrypt`, and remove "
		       "from %s the lines of keys that it does not\nlist and "
		       "that no backup of the database needs\n",
		    config.secret_key_file);
	return rc;
}

int
admin_secret_key(int argc, char **argv)
{
	const char *command = argc > 0 ? argv[0] : "";
	bool creates = strcmp(command, "create") == 0;

	if (config_load() == -1)
		return 100;
	if (sodium_init() == -1) {
		say_error("libsodium cannot be set up");
		return 111;
	}
	log_open("postrider-admin", (enum log_level)config.log_level);
	if (creates && argc <= 2)
		return create(argc == 2 ? argv[1] : NULL);
	if (argc == 1 && strcmp(command, "rotate") == 0)
		return rotate();
	if (argc == 1 && strcmp(command, "reencrypt") == 0)
		return reencrypt();
	if (argc == 1 && strcmp(command, "check") == 0)
		return check();
	return usage_refuse(admin_secret_key_usage);
}
