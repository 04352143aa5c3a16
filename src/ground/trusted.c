#include "ground/trusted.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINKS_MOST 40 /* as the kernel's */

static bool
only_root_writes(
    const char *path, const struct stat *seen, char reason[TRUSTED_REASON_SIZE])
{
	const char *what = S_ISDIR(seen->st_mode) ? "directory" : "file";
	bool group = (seen->st_mode & S_IWGRP) != 0 && seen->st_gid != 0;

	if (seen->st_uid == 0 && !group && (seen->st_mode & S_IWOTH) == 0)
		return true;
	snprintf(reason, TRUSTED_REASON_SIZE,
	    "root does not trust the %s %.*s, since %s may change it: chown it "
	    "to root, and chmod go-w",
	    what, PATH_MAX, path,
	    seen->st_uid != 0 ? "its owner"
		: group	      ? "its group"
			      : "everyone");
	return false;
}

/* `rest` becomes what the link at `path` leads to, and the old rest behind it.
 * False when that has no room. */
static bool
follow(char path[PATH_MAX], char rest[PATH_MAX])
{
	char target[PATH_MAX], whole[2 * PATH_MAX];
	ssize_t length = readlink(path, target, sizeof(target) - 1);
	char *slash;

	if (length == -1)
		return false;
	target[length] = '\0';
	snprintf(whole, sizeof(whole), "%s/%s", target, rest);
	if (strlen(whole) >= PATH_MAX)
		return false;
	strcpy(rest, whole);
	slash = strrchr(path, '/');
	if (target[0] == '/')
		slash = path;
	*slash = '\0';
	return true;
}

/* Takes the next name off `rest` and puts it behind `path`. False when there is
 * none, or no room. */
static bool
descend(char path[PATH_MAX], char rest[PATH_MAX])
{
	size_t skip = strspn(rest, "/"), length = strcspn(rest + skip, "/");
	size_t at = strlen(path);

	if (length == 0 || at + 1 + length >= PATH_MAX)
		return false;
	path[at++] = '/';
	memcpy(path + at, rest + skip, length);
	path[at + length] = '\0';
	memmove(rest, rest + skip + length, strlen(rest + skip + length) + 1);
	return true;
}

static bool
walk(char rest[PATH_MAX], bool and_file, char reason[TRUSTED_REASON_SIZE])
{
	char path[PATH_MAX] = "";
	struct stat seen;
	int links = 0;

	if (stat("/", &seen) == 0 && !only_root_writes("/", &seen, reason))
		return false;
	while (descend(path, rest)) {
		if (lstat(path, &seen) == -1)
			return true; /* whoever opens it says so */
		if (S_ISLNK(seen.st_mode)) {
			if (links++ == LINKS_MOST || !follow(path, rest))
				return true; /* it cannot be opened */
		} else if ((S_ISDIR(seen.st_mode) || and_file) &&
		    !only_root_writes(path, &seen, reason)) {
			return false;
		}
	}
	return true;
}

bool
trusted_path(const char *path, bool and_file, char reason[TRUSTED_REASON_SIZE])
{
	char rest[PATH_MAX] = "";
	size_t length;

	if (geteuid() != 0)
		return true;
	if (path[0] != '/' && getcwd(rest, sizeof(rest) - 1) == NULL)
		rest[0] = '\0';
	length = strlen(rest);
	snprintf(rest + length, sizeof(rest) - length, "/%s", path);
	return walk(rest, and_file, reason);
}
