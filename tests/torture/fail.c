/* Which call fails: the count, and who counts. */
#include "fail.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define CALLS_MOST 16384
#define DEPTH 6

struct state {		  /* world.py knows it */
	uint32_t fail_at; /* 0: only count */
	_Atomic uint32_t count;
	_Atomic uint32_t fired;
	uint32_t unused;
	struct {
		char name[32];
		uint64_t callers[DEPTH]; /* offsets in the program */
	} calls[CALLS_MOST];
};

extern char __executable_start[], etext[];
extern void *__libc_stack_end;
static struct state *state;
static char role[16]; /* kept: children clear their environment */
static bool counts;

/* The fallible calls of this file itself must not count. */
int __real_open64(const char *path, int flags, int mode);
void *__real_mmap64(void *, size_t, int, int, int, off_t);

__attribute__((constructor)) static void
state_open(void)
{
	const char *path = getenv("TORTURE_STATE");
	int file;
	void *map;

	if (path == NULL)
		return;
	file = __real_open64(path, O_RDWR | O_CLOEXEC, 0);
	map = __real_mmap64(
	    NULL, sizeof(*state), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	if (file == -1 || map == MAP_FAILED)
		abort(); /* a torture without its state would show nothing */
	close(file);
	state = map;
	counts = getenv("TORTURE_ROLE") == NULL;
	if (!counts)
		strncpy(role, getenv("TORTURE_ROLE"), sizeof(role) - 1);
}

static void
role_begin(const char *name)
{
	counts = state != NULL && strcmp(role, name) == 0;
}

/* Who called, as far as the frames are ours. */
static void
callers_note(uint64_t *callers, void *const *frame)
{
	const uintptr_t start = (uintptr_t)__executable_start;
	uintptr_t at;

	for (int i = 0; i < DEPTH; i++) {
		at = (uintptr_t)frame[1];
		if (at < start || at >= (uintptr_t)etext)
			return;
		callers[i] = at - start;
		if (frame[0] <= (void *)frame ||
		    frame[0] >= (void *)__libc_stack_end)
			return;
		frame = frame[0];
	}
}

bool
fails(const char *name, void *const *frame)
{
	uint32_t number;

	if (!counts)
		return false;
	number = atomic_fetch_add(&state->count, 1) + 1;
	if (number <= CALLS_MOST) {
		memset(&state->calls[number - 1], 0, sizeof(state->calls[0]));
		strncpy(state->calls[number - 1].name, name,
		    sizeof(state->calls[0].name) - 1);
		callers_note(state->calls[number - 1].callers, frame);
	}
	if (number != state->fail_at)
		return false;
	atomic_store(&state->fired, number);
	return true;
}

/* ---- the worker's processes ---------------------------------------------- */

pid_t __real_fork(void);
pid_t __wrap_fork(void);
pid_t
__wrap_fork(void)
{
	pid_t pid;

	if (fails("fork", __builtin_frame_address(0))) {
		errno = EAGAIN;
		return -1;
	}
	pid = __real_fork();
	if (pid == 0)
		counts = false; /* until its role begins */
	return pid;
}

#define ROLE(name, type, parameters, arguments) \
	type __real_##name##_run parameters __attribute__((weak)); \
	type __wrap_##name##_run parameters; \
	type __wrap_##name##_run parameters \
	{ \
		role_begin(#name); \
		return __real_##name##_run arguments; \
	}

ROLE(supervisor, int, (void), ())
ROLE(keeper, int, (int slot), (slot))
ROLE(delivery, int, (int slot, uint64_t incarnation), (slot, incarnation))
