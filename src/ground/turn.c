#include "ground/turn.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "ground/clock.h"
#include "ground/log.h"
#include "ground/text.h"

#define LOOK_EVERY_MS 10

/* The locked file; -1 when it is taken; -2 when there can be none. */
static int
lock_file(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd == -1) {
		log_error("cannot open lock file=%s error=\"%s\"", path,
		    strerror(errno));
		return -2;
	}
	if (flock(fd, LOCK_EX | LOCK_NB) == 0)
		return fd;
	close(fd);
	return -1;
}

static int
take_any(const char *directory, const char *name, int count)
{
	struct text path = { 0 };
	int turn = -1;

	for (int i = 0; i < count && turn == -1; i++) {
		text_clear(&path);
		text_addf(&path, "%s/%s.%d", directory, name, i);
		turn = lock_file(path.bytes);
	}
	text_free(&path);
	return turn;
}

int
turn_take(const char *directory, const char *name, int count, int64_t wait_ms)
{
	const struct timespec pause = { .tv_nsec = LOOK_EVERY_MS * 1000000L };
	int64_t end = clock_monotonic_ms() + wait_ms;
	int turn;

	while ((turn = take_any(directory, name, count)) == -1 &&
	    clock_monotonic_ms() < end)
		nanosleep(&pause, NULL);
	return turn < 0 ? -1 : turn;
}

void
turn_end(int turn)
{
	close(turn);
}
