/*
 * postrider-admin COMMAND: what an operator does by hand; without a command
 * it lists them.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "ground/config.h"
#include "ground/log.h"
#include "postrider-admin.h"
#include "stores/maintenance.h"

#define WORDS_MOST 64 /* behind a command that reads them itself */

static int
migrate(int argc, char **argv)
{
	struct db *db;
	struct text directory = { 0 };
	int rc;

	(void)argc;
	(void)argv;
	if (config_load() == -1)
		return 100;
	log_open("postrider-admin", (enum log_level)config.log_level);
	db = db_new(
	    config.migrate_database_url, DB_MAINTAIN, "postrider command");
	text_addf(&directory, "%s/migrations", config.share_dir);
	rc = maintenance_migrate(db, directory.bytes);
	if (rc == -1)
		fprintf(stderr, "the schema is not up to date: %s\n",
		    db_message(db));
	rc = rc == 0 ? admin_secrets_migrate(db) : 111;
	if (rc == 0 && admin_password_first(db) == -1)
		rc = 111;
	text_free(&directory);
	db_free(db);
	return rc;
}

static int
print_config(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	config_print_sample(stdout);
	return 0;
}

static int
print_config_table(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	config_print_table(stdout);
	return 0;
}

static int
password(int argc, char **argv)
{
	if (argc == 1 && strcmp(argv[0], "set") == 0)
		return admin_password_set();
	fprintf(stderr, "usage: postrider-admin password set\n");
	return 100;
}

/* Half a settings file is worse than none: a full disk is told. */
static int
all_was_said(int rc)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return rc;
	fprintf(
	    stderr, "cannot write to standard output: %s\n", strerror(errno));
	return rc != 0 ? rc : 111;
}

int
main(int argc, char **argv)
{
	static const struct {
		const char *name;
		int most; /* arguments */
		int (*run)(int argc, char **argv);
		const char *does;
	} commands[] = {
		{ "migrate", 0, migrate, "bring the schema up to date" },
		{ "password", 1, password,
		    "set: the password of the admin pages" },
		{ "token", WORDS_MOST, admin_token,
		    "create, list, revoke: who may use the API" },
		{ "secret-key", 2, admin_secret_key,
		    "create [USER], rotate, reencrypt: the keys that secrets "
		    "are encrypted with" },
		{ "print-config", 0, print_config, "a sample settings file" },
		{ "print-config-table", 0, print_config_table,
		    "the settings as a Markdown table" },
	};

	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (argc >= 2 && argc - 2 <= commands[i].most &&
		    strcmp(argv[1], commands[i].name) == 0)
			return all_was_said(
			    commands[i].run(argc - 2, argv + 2));
	fprintf(stderr, "usage: postrider-admin COMMAND\n");
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		fprintf(
		    stderr, "  %-20s%s\n", commands[i].name, commands[i].does);
	fprintf(stderr, "  %-20s%s\n", "token", "API tokens: see `token help`");
	return 100;
}
