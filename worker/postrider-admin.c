/*
 * postrider-admin COMMAND: what an operator does by hand; without a command
 * it lists them.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ground/config.h"
#include "ground/log.h"
#include "ground/usage.h"
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
		say_error("the schema is not up to date: %s", db_message(db));
	rc = rc == 0 ? admin_secrets_migrate(db) : rc == 1 ? 100 : 111;
	if (rc == 0 && admin_password_first(db) == -1)
		rc = 111;
	text_free(&directory);
	db_free(db);
	return rc;
}

static int
password(int argc, char **argv)
{
	if (argc == 1 && strcmp(argv[0], "set") == 0)
		return admin_password_set();
	return usage_refuse(admin_password_usage);
}

static const struct command {
	const char *name;
	int most; /* arguments */
	int (*run)(int argc, char **argv);
	const char *does;
	const char *usage; /* NULL: none but the name */
} commands[] = {
	{ "migrate", 0, migrate, "bring the schema up to date", NULL },
	{ "check-config", 0, admin_check_config,
	    "check the settings as the service would", NULL },
	{ "password", WORDS_MOST, password,
	    "set: the password of the admin pages", admin_password_usage },
	{ "token", WORDS_MOST, admin_token,
	    "create, list, revoke: who may use the API", admin_token_usage },
	{ "secret-key", WORDS_MOST, admin_secret_key,
	    "create [USER], rotate, reencrypt: the keys that secrets are "
	    "encrypted with; check: the secrets",
	    admin_secret_key_usage },
	{ "print-config", 0, admin_print_config, "a sample settings file",
	    NULL },
	{ "print-config-table", 0, admin_print_config_table,
	    "the settings as a Markdown table", NULL },
};
#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

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

static int
run(const struct command *command, int argc, char **argv)
{
	struct text usage = { 0 };
	bool is_asked = argc > 0 && strcmp(argv[argc - 1], "--help") == 0;
	int rc = 0;

	if (command->usage != NULL)
		text_adds(&usage, command->usage);
	else
		text_addf(&usage, "usage: postrider-admin %s\n", command->name);
	if (is_asked)
		fputs(usage.bytes, stdout);
	else
		rc = argc > command->most ? usage_refuse(usage.bytes)
					  : command->run(argc, argv);
	text_free(&usage);
	return all_was_said(rc);
}

static char *
list_commands(void)
{
	struct text usage = { 0 };

	text_adds(&usage,
	    "usage: postrider-admin COMMAND\n"
	    "       postrider-admin COMMAND --help\n");
	for (size_t i = 0; i < COMMANDS; i++)
		text_addf(
		    &usage, "  %-20s%s\n", commands[i].name, commands[i].does);
	text_adds(&usage,
	    "Settings come from the environment, and from the file that "
	    "POSTRIDER_CONF names;\nwithout it from "
	    "/etc/postrider/postrider.conf, if that is there.\n");
	return text_take(&usage);
}

int
main(int argc, char **argv)
{
	char *usage;
	int status;

	for (size_t i = 0; i < COMMANDS; i++)
		if (argc >= 2 && strcmp(argv[1], commands[i].name) == 0)
			return run(&commands[i], argc - 2, argv + 2);
	usage = list_commands();
	if (!usage_asked(argc, argv, usage, &status))
		status = usage_refuse(usage);
	free(usage);
	return status;
}
