/*
 * LD_PRELOAD: a disk that is full while the file named by PRELOAD_STATE says
 * so. Its first 8 bytes, padded with blanks or NULs, name the directory whose
 * files cannot grow: "base" or "pg_wal". What a file has can be written over,
 * as on a real disk. The file may change at any time.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define NAME 8

static const char *state;

__attribute__((constructor)) static void
shim_open(void)
{
	const char *path = getenv("PRELOAD_STATE");
	int file = path == NULL ? -1 : open(path, O_RDWR | O_CREAT, 0600);
	void *page;

	if (file == -1 || ftruncate(file, NAME) == -1)
		abort(); /* a test without its disk would test nothing */
	page = mmap(NULL, NAME, PROT_READ, MAP_SHARED, file, 0);
	close(file);
	if (page == MAP_FAILED)
		abort();
	state = page;
}

static bool
is_full(int file, off_t end)
{
	char directory[NAME + 3] = "/", link[64], path[4096];
	struct stat about;
	ssize_t length;

	if (state == NULL || state[0] == ' ' || state[0] == '\0')
		return false;
	memcpy(directory + 1, state, NAME);
	strcpy(directory + 1 + strcspn(directory + 1, " "), "/");
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
