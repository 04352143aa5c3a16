#include "ground/config_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "ground/config.h"
#include "ground/log.h"
#include "ground/trusted.h"
#include "ground/url_password.h"

/* Takes blanks and one pair of quotes off; the value ends the line. */
static char *
line_value(char *value)
{
	size_t length;

	value += strspn(value, " \t");
	length = strcspn(value, "\r\n");
	while (length != 0 && strchr(" \t", value[length - 1]) != NULL)
		length--;
	if (length >= 2 && strchr("\"'", value[0]) != NULL &&
	    value[length - 1] == value[0]) {
		value++;
		length -= 2;
	}
	value[length] = '\0';
	return value;
}

static int
file_line(char *line, const char *where,
    int (*set)(const char *, size_t, const char *, const char *))
{
	char *equals;

	line += strspn(line, " \t");
	if (strchr("#\r\n", line[0]) != NULL)
		return 0;
	equals = strchr(line, '=');
	if (equals != NULL)
		return set(line, (size_t)(equals - line),
		    line_value(equals + 1), where);
	say_error("%s: not of the form KEY=value", where);
	return -1;
}

/* A password that every user of the host may read is none. */
static int
file_is_closed(FILE *file, const char *path)
{
	const struct {
		const char *name, *url;
	} urls[] = {
		{ "DATABASE_URL", config.database_url },
		{ "MIGRATE_DATABASE_URL", config.migrate_database_url },
		{ "PURGE_DATABASE_URL", config.purge_database_url },
		{ "INGEST_DATABASE_URL", config.ingest_database_url },
		{ "API_DATABASE_URL", config.api_database_url },
		{ "ADMIN_DATABASE_URL", config.admin_database_url },
		{ "DELIVERY_DATABASE_URL", config.delivery_database_url },
		{ "REDIS_URL", config.redis_url },
	};
	struct stat seen;

	if (fstat(fileno(file), &seen) == 0 && (seen.st_mode & S_IRWXO) == 0)
		return 0;
	for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++)
		if (url_holds_password(urls[i].url)) {
			say_error(
			    "%s: open to every user, and %s holds a password: "
			    "chmod 0640 it, chown it to root and the group of "
			    "the user that Postrider runs as, and change the "
			    "password if someone may have read it",
			    path, urls[i].name);
			return -1;
		}
	return 0;
}

int
config_file_load(const char *path,
    int (*set)(const char *, size_t, const char *, const char *))
{
	char *line = NULL, where[512], reason[TRUSTED_REASON_SIZE];
	FILE *file = NULL;
	size_t room = 0;
	int number = 0, rc = 0;

	if (!trusted_path(path, true, reason)) {
		say_error("%s: not read: %s", path, reason);
		return -1;
	}
	file = fopen(path, "re");
	if (file == NULL) {
		say_error("%s: cannot be read: %s", path, strerror(errno));
		return -1;
	}
	while (getline(&line, &room, file) != -1) {
		snprintf(where, sizeof(where), "%s:%d", path, ++number);
		if (file_line(line, where, set) == -1)
			rc = -1;
	}
	if (!feof(file)) { /* half a file is not what was meant */
		say_error("%s: cannot be read: %s", path, strerror(errno));
		rc = -1;
	}
	if (file_is_closed(file, path) == -1)
		rc = -1;
	free(line);
	fclose(file);
	return rc;
}
