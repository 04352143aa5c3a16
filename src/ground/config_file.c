#include "ground/config_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ground/config.h"
#include "ground/log.h"
#include "ground/trusted.h"
#include "ground/url_password.h"

#define VARIABLE "POSTRIDER_CONF_FD"
#define FILE_MAX_BYTES ((size_t)1 << 20)

static int copy = -1;

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

static int
holds_no_password(const struct config_url *setting, const char *path)
{
	if (!url_holds_password(setting->url))
		return 0;
	say_error("%s: open to every user, and %s holds a password: "
		  "chmod 0640 it, chown it to root and the group of "
		  "the user that Postrider runs as, and change the "
		  "password if someone may have read it",
	    path, setting->name);
	return -1;
}

/* A password that every user of the host may read is none. */
static int
file_is_closed(const struct stat *seen, const char *path)
{
	const struct config_url redis = { "REDIS_URL", config.redis_url };
	struct config_url setting;

	if ((seen->st_mode & S_IRWXO) == 0)
		return 0;
	for (size_t i = 0; config_database_url(i, &setting); i++)
		if (holds_no_password(&setting, path) == -1)
			return -1;
	return holds_no_password(&redis, path);
}

static int
read_failed(const char *path)
{
	say_error("%s: cannot be read: %s", path, strerror(errno));
	return -1;
}

/* All that can be read from fd, which may be a pipe. */
static int
content_read(int fd, struct text *content)
{
	char chunk[4096];
	ssize_t count;

	while ((count = read(fd, chunk, sizeof(chunk))) != 0) {
		if (count == -1 && errno == EINTR)
			continue;
		if (count == -1)
			return -1; /* half a file is not what was meant */
		text_add(content, chunk, (size_t)count);
		if (content->length > FILE_MAX_BYTES) {
			errno = EFBIG;
			return -1;
		}
	}
	if (strlen(text_string(content)) == content->length)
		return 0;
	errno = EILSEQ; /* a NUL would hide what is behind it */
	return -1;
}

/* 0, or -1 after it was said. */
static int
file_read(const char *path, struct text *content, struct stat *seen)
{
	char reason[TRUSTED_REASON_SIZE];
	int fd, rc;

	if (!trusted_path(path, true, reason)) {
		say_error("%s: not read: %s", path, reason);
		return -1;
	}
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd == -1)
		return read_failed(path);
	rc = fstat(fd, seen);
	if (rc == 0)
		rc = content_read(fd, content);
	if (rc == -1)
		read_failed(path);
	close(fd);
	return rc;
}

static int
lines_set(const char *path, char *rest,
    int (*set)(const char *, size_t, const char *, const char *))
{
	char where[512], *line;
	int number = 0, rc = 0;

	while ((line = strsep(&rest, "\n")) != NULL) {
		snprintf(where, sizeof(where), "%s:%d", path, ++number);
		if (file_line(line, where, set) == -1)
			rc = -1;
	}
	return rc;
}

/* The copy to read, or -1: the supervisor's for the program it executes. */
static int
copy_find(void)
{
	const char *value = getenv(VARIABLE);

	if (copy == -1 && value != NULL) {
		copy = atoi(value);
		fcntl(copy, F_SETFD, FD_CLOEXEC);
		unsetenv(VARIABLE);
	}
	return copy;
}

static int
copy_read(const char *path, struct text *content, struct stat *seen)
{
	if (lseek(copy, 0, SEEK_SET) == 0 && fstat(copy, seen) == 0 &&
	    content_read(copy, content) == 0)
		return 0;
	return read_failed(path);
}

int
config_file_load(const char *path,
    int (*set)(const char *, size_t, const char *, const char *))
{
	struct stat seen;
	struct text content = { 0 };
	int rc;

	rc = copy_find() != -1 ? copy_read(path, &content, &seen)
			       : file_read(path, &content, &seen);
	if (rc == 0) {
		if (content.length != 0)
			rc = lines_set(path, content.bytes, set);
		if (file_is_closed(&seen, path) == -1)
			rc = -1;
	}
	text_free(&content);
	return rc;
}

/* The mode comes along, for file_is_closed. */
int
config_file_copy(const char *path)
{
	struct text content = { 0 };
	struct stat seen = { .st_mode = 0 };
	int fd = -1;

	if (path != NULL && file_read(path, &content, &seen) == -1)
		goto out;
	fd = memfd_create("settings", MFD_CLOEXEC);
	if (fd == -1 ||
	    write(fd, text_string(&content), content.length) !=
		(ssize_t)content.length ||
	    fchmod(fd, seen.st_mode & 0777) == -1) {
		say_error("no copy of the settings: %s", strerror(errno));
		if (fd != -1)
			close(fd);
		fd = -1;
	}
out:
	text_free(&content);
	return fd;
}

void
config_file_use(int fd)
{
	if (copy != -1)
		close(copy);
	copy = fd;
}

void
config_file_hand_over(void)
{
	char value[16];

	if (copy == -1)
		return;
	snprintf(value, sizeof(value), "%d", copy);
	if (fcntl(copy, F_SETFD, 0) == -1 || setenv(VARIABLE, value, 1) == -1)
		log_error("cannot hand over the settings reason=\"%m\"");
}
