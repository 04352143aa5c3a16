/*
 * postrider-admin COMMAND: what an operator does by hand; without a command
 * it lists them.
 */
#include <stdio.h>
#include <string.h>

#include "ground/config.h"
#include "ground/log.h"
#include "postrider-admin.h"
#include "stores/maintenance.h"

static int
migrate(void)
{
	struct db *db;
	struct text directory = { 0 };
	int rc;

	if (config_load() == -1)
		return 100;
	log_open("postrider-admin", (enum log_level)config.log_level);
	db = db_new(config.database_url, DB_MAINTAIN);
	text_addf(&directory, "%s/migrations", config.share_dir);
	rc = maintenance_migrate(db, directory.bytes);
	if (rc == -1)
		fprintf(stderr, "the schema is not up to date: %s\n",
		    db_message(db));
	else
		rc = admin_password_first(db);
	text_free(&directory);
	db_free(db);
	return rc == 0 ? 0 : 111;
}

static int
print_config(void)
{
	config_print_sample(stdout);
	return 0;
}

static int
print_config_table(void)
{
	config_print_table(stdout);
	return 0;
}

/* Is `name`, of one word or two, what was asked for? */
static bool
command_is(const char *name, int argc, char **argv)
{
	size_t length = argc > 1 ? strlen(argv[1]) : 0;

	if (length == 0 || strncmp(name, argv[1], length) != 0)
		return false;
	if (argc == 2)
		return name[length] == '\0';
	return argc == 3 && name[length] == ' ' &&
	    strcmp(name + length + 1, argv[2]) == 0;
}

int
main(int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*run)(void);
		const char *does;
	} commands[] = {
		{ "migrate", migrate, "bring the schema up to date" },
		{ "password set", admin_password_set,
		    "set the password of the admin pages" },
		{ "print-config", print_config, "a sample settings file" },
		{ "print-config-table", print_config_table,
		    "the settings as a Markdown table" },
	};

	if (argc > 1 && strcmp(argv[1], "token") == 0)
		return admin_token(argc - 2, argv + 2);
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (command_is(commands[i].name, argc, argv))
			return commands[i].run();
	fprintf(stderr, "usage: postrider-admin COMMAND\n");
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		fprintf(
		    stderr, "  %-20s%s\n", commands[i].name, commands[i].does);
	fprintf(stderr, "  %-20s%s\n", "token", "API tokens: see `token help`");
	return 100;
}
