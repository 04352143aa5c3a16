#include "stores/keyring_file.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "ground/base64url.h"
#include "ground/text.h"
#include "ground/trusted.h"
#include "stores/keyring.h"

#define FILE_MAX_BYTES 8192
#define LINE_SIZE (SEAL_ID_MAX + 1 + 44 + 2) /* id, blank, base64, LF, NUL */
#define TO_OTHERS 0037 /* a group may read it, and no more */

static char said[1024];

const char *
keyring_reason(void)
{
	return said;
}

void
keyring_say(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(said, sizeof(said), format, args);
	va_end(args);
}

void
keys_free(struct keys *keys)
{
	sodium_free(keys->list); /* which wipes it */
	*keys = (struct keys){ 0 };
}

static int
open_failed(const char *path)
{
	if (errno == ENOENT)
		keyring_say("there is no key file %s: put it back from your "
			    "backup, or, if there never was one, make it "
			    "with `postrider-admin secret-key create`",
		    path);
	else
		keyring_say("the key file %s cannot be read: %s; it must "
			    "belong to the user that Postrider runs as",
		    path, strerror(errno));
	return -1;
}

/* The descriptor, or -1. */
static int
file_open(const char *path, struct stat *seen)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd == -1)
		return open_failed(path);
	if (fstat(fd, seen) == -1 || !S_ISREG(seen->st_mode)) {
		keyring_say("the key file %s is no file", path);
	} else if ((seen->st_mode & TO_OTHERS) != 0) {
		keyring_say("the key file %s is open to others: chmod 0400 it, "
			    "and if someone may have read it, run "
			    "`postrider-admin secret-key rotate`",
		    path);
	} else if (seen->st_size >= FILE_MAX_BYTES) {
		keyring_say("the key file %s is longer than %d bytes", path,
		    FILE_MAX_BYTES - 1);
	} else
		return fd;
	close(fd);
	return -1;
}

/* NULL, or what is wrong with the line. */
static const char *
line_read(char *line, struct keys *keys)
{
	struct seal_key *key = &keys->list[keys->count];
	char *blank = strpbrk(line, " \t");
	size_t length;

	if (keys->count == KEYS_MAX)
		return "too many keys";
	if (blank == NULL)
		return "not of the form `id base64`";
	*blank++ = '\0';
	if (!seal_id_fits(line))
		return "an id has 1 to 32 of A-Z a-z 0-9 - _";
	for (size_t i = 0; i < keys->count; i++)
		if (strcmp(keys->list[i].id, line) == 0)
			return "this id is there already";
	if (!base64_read(blank, " \t\r", sodium_base64_VARIANT_ORIGINAL,
		key->bytes, sizeof(key->bytes), &length) ||
	    length != sizeof(key->bytes))
		return "a key is base64 of 32 bytes";
	strcpy(key->id, line);
	keys->count++;
	return NULL;
}

static int
lines_read(const char *path, char *rest, struct keys *keys)
{
	const char *fault;
	char *line;

	for (int number = 1; (line = strsep(&rest, "\n")) != NULL; number++) {
		line += strspn(line, " \t\r");
		if (line[0] == '\0' || line[0] == '#')
			continue;
		fault = line_read(line, keys);
		if (fault != NULL) {
			keyring_say("the key file %s, line %d: %s", path,
			    number, fault);
			return -1;
		}
	}
	if (keys->count > 0)
		return 0;
	keyring_say("the key file %s holds no key: put it back from your "
		    "backup",
	    path);
	return -1;
}

/* All of it into `content`, which has FILE_MAX_BYTES zeros. */
static int
content_read(const char *path, int fd, char *content)
{
	size_t at = 0;
	ssize_t got;

	while ((got = read(fd, content + at, FILE_MAX_BYTES - 1 - at)) > 0)
		at += (size_t)got;
	if (got == -1)
		return open_failed(path);
	if (strlen(content) == at)
		return 0;
	/* What is behind it would be lost when a key is added. */
	keyring_say("the key file %s holds a NUL", path);
	return -1;
}

int
keys_read(const char *path, struct keys *keys, struct stat *seen)
{
	struct keys read = { 0 };
	char *content;
	int rc = -1, fd = file_open(path, seen);

	if (fd == -1)
		return -1;
	content = sodium_malloc(FILE_MAX_BYTES);
	read.list = sodium_allocarray(KEYS_MAX, sizeof(*read.list));
	if (content == NULL || read.list == NULL) {
		keyring_say("no memory for the keys");
		goto out;
	}
	sodium_memzero(content, FILE_MAX_BYTES);
	if (content_read(path, fd, content) == 0)
		rc = lines_read(path, content, &read);
out:
	close(fd);
	sodium_free(content);
	if (rc == 0)
		*keys = read;
	else
		sodium_free(read.list);
	return rc;
}

/* A new key's line: its id is the day and four random digits. */
static void
line_make(char line[LINE_SIZE])
{
	unsigned char key[SEAL_KEY_BYTES];
	char base64[45], day[16];
	time_t now = time(NULL);
	struct tm utc;

	strftime(day, sizeof(day), "%Y-%m-%d", gmtime_r(&now, &utc));
	randombytes_buf(key, sizeof(key));
	sodium_bin2base64(base64, sizeof(base64), key, sizeof(key),
	    sodium_base64_VARIANT_ORIGINAL);
	snprintf(line, LINE_SIZE, "%s-%04x %s\n", day,
	    randombytes_uniform(0x10000), base64);
	sodium_memzero(key, sizeof(key));
	sodium_memzero(base64, sizeof(base64));
}

static int
write_whole(int fd, const char *bytes)
{
	size_t length = strlen(bytes);

	return write(fd, bytes, length) == (ssize_t)length ? 0 : -1;
}

static int
write_failed(const char *path)
{
	keyring_say("cannot write %s: %s", path, strerror(errno));
	return -1;
}

/* Makes path.new, which is also the lock against two of us: the new line,
 * and then the old ones, if any. */
static int
new_write(
    const char *path, const char *old, uid_t user, gid_t group, mode_t mode)
{
	char line[LINE_SIZE];
	int fd, rc = -1;

	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0400);
	if (fd == -1 && errno == EEXIST) {
		keyring_say("%s is in the way: another command makes a key, or "
			    "one was cut off; then look at it and remove it",
		    path);
		return -1;
	}
	if (fd == -1)
		return write_failed(path);
	line_make(line);
	if (write_whole(fd, line) == 0 && write_whole(fd, old) == 0 &&
	    fchown(fd, user, group) == 0 && fchmod(fd, mode) == 0 &&
	    fsync(fd) == 0)
		rc = 0;
	sodium_memzero(line, sizeof(line));
	if (rc == -1) {
		write_failed(path);
		unlink(path);
	}
	close(fd);
	return rc;
}

/* So that the name, too, outlives a power cut. */
static void
directory_sync(const char *path)
{
	char *directory = memory_copy_string(path);
	char *slash = strrchr(directory, '/');
	int fd;

	if (slash != NULL)
		slash[slash == directory] = '\0';
	fd = open(slash != NULL ? directory : ".",
	    O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd != -1) {
		fsync(fd);
		close(fd);
	}
	free(directory);
}

/* Root would make a key, or put one beside others, where somebody else decides
 * what stands there. The file itself may belong to the service's user. */
static bool
place_is_trusted(const char *path)
{
	char reason[TRUSTED_REASON_SIZE];

	if (trusted_path(path, false, reason))
		return true;
	keyring_say("the key file %s is left alone: %s", path, reason);
	return false;
}

int
keyring_create(const char *path, const char *user)
{
	const struct passwd *owner = user != NULL ? getpwnam(user) : NULL;
	uid_t uid = owner != NULL ? owner->pw_uid : getuid();
	gid_t gid = owner != NULL ? owner->pw_gid : getgid();
	struct text new = { 0 };
	int rc = -1;

	if (user != NULL && owner == NULL) {
		keyring_say("there is no user %s", user);
		return -1;
	}
	if (!place_is_trusted(path))
		return -1;
	if (access(path, F_OK) == 0)
		return 0;
	text_addf(&new, "%s.new", path);
	if (new_write(new.bytes, "", uid, gid, 0400) == -1)
		goto out;
	/* link, unlike rename, never replaces a file. */
	if (link(new.bytes, path) == 0)
		rc = 1;
	else if (errno == EEXIST)
		rc = 0;
	else
		write_failed(path);
	unlink(new.bytes);
	directory_sync(path);
out:
	text_free(&new);
	return rc;
}

int
keyring_add(const char *path)
{
	char *old = sodium_malloc(FILE_MAX_BYTES);
	struct text new = { 0 };
	struct stat seen;
	int rc = -1, fd;

	fd = place_is_trusted(path) ? file_open(path, &seen) : -1;
	text_addf(&new, "%s.new", path);
	if (fd == -1 || old == NULL)
		goto out;
	sodium_memzero(old, FILE_MAX_BYTES);
	if (content_read(path, fd, old) == -1 ||
	    new_write(new.bytes, old, seen.st_uid, seen.st_gid,
		seen.st_mode & 07777) == -1)
		goto out;
	if (rename(new.bytes, path) == 0) {
		directory_sync(path);
		rc = 1;
	} else {
		write_failed(path);
		unlink(new.bytes);
	}
out:
	if (fd != -1)
		close(fd);
	sodium_free(old);
	text_free(&new);
	return rc;
}
