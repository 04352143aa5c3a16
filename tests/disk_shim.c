/*
 * LD_PRELOAD: a disk that is full while the word of shim.h says so: it names
 * the directory whose files cannot grow, "base" or "pg_wal". What a file has
 * can be written over, as on a real disk.
 */
#include "shim.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/uio.h>

static bool
is_full(int file, off_t end)
{
	char name[SHIM_WORD + 1], directory[SHIM_WORD + 3], link[64];
	char path[4096];
	struct stat about;
	ssize_t length;

	shim_word(name);
	if (name[0] == '\0')
		return false;
	snprintf(directory, sizeof(directory), "/%s/", name);
	snprintf(link, sizeof(link), "/proc/self/fd/%d", file);
	length = readlink(link, path, sizeof(path) - 1);
	path[length > 0 ? length : 0] = '\0';
	return strstr(path, directory) != NULL && fstat(file, &about) == 0 &&
	    S_ISREG(about.st_mode) && end > about.st_size;
}

static ssize_t
full(void)
{
	errno = ENOSPC;
	return -1;
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

ssize_t
write(int file, const void *bytes, size_t size)
{
	if (is_full(file, lseek(file, 0, SEEK_CUR) + (off_t)size))
		return full();
	return REAL(write)(file, bytes, size);
}

ssize_t
pwrite(int file, const void *bytes, size_t size, off_t at)
{
	if (is_full(file, at + (off_t)size))
		return full();
	return REAL(pwrite)(file, bytes, size, at);
}

ssize_t
pwritev(int file, const struct iovec *parts, int count, off_t at)
{
	off_t end = at;

	for (int i = 0; i < count; i++)
		end += (off_t)parts[i].iov_len;
	if (is_full(file, end))
		return full();
	return REAL(pwritev)(file, parts, count, at);
}

int
posix_fallocate(int file, off_t at, off_t size)
{
	if (is_full(file, at + size))
		return ENOSPC;
	return REAL(posix_fallocate)(file, at, size);
}
