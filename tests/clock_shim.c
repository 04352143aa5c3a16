/*
 * LD_PRELOAD: the wall clock, moved by as many seconds as the word of shim.h
 * says in decimal. Only the wall clock moves: durations are measured by
 * others.
 */
#include "shim.h"

#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>

static time_t
shim_offset(void)
{
	char digits[SHIM_WORD + 1];

	shim_word(digits);
	return strtol(digits, NULL, 10);
}

/* By system call, since dlsym may itself ask what time it is. */
int
clock_gettime(clockid_t id, struct timespec *now)
{
	if (syscall(SYS_clock_gettime, id, now) == -1)
		return -1;
	if (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE)
		now->tv_sec += shim_offset();
	return 0;
}

int
gettimeofday(struct timeval *restrict now, void *restrict zone)
{
	struct timespec fine;

	(void)zone;
	if (clock_gettime(CLOCK_REALTIME, &fine) == -1)
		return -1;
	now->tv_sec = fine.tv_sec;
	now->tv_usec = fine.tv_nsec / 1000;
	return 0;
}

time_t
time(time_t *seconds)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	if (seconds != NULL)
		*seconds = now.tv_sec;
	return now.tv_sec;
}
