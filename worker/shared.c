#include "shared.h"

#include <stdatomic.h>
#include <stddef.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include "ground/heartbeat.h"
#include "ground/log.h"

#define DEAD_MAX 256

static struct shared {
	_Atomic uint64_t dead[DEAD_MAX]; /* 0: free */
} * shared;
static int shared_fd = -1;

int
shared_open(void)
{
	void *map = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	shared_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (map == MAP_FAILED || shared_fd == -1) {
		log_error("cannot make shared memory reason=\"%m\"");
		return -1;
	}
	shared = map;
	return heartbeat_create();
}

void
shared_beat(int slot)
{
	heartbeat_beat(slot);
}

void
shared_bury(uint64_t incarnation)
{
	uint64_t one = 1;

	for (size_t i = 0; i < DEAD_MAX; i++) {
		uint64_t none = 0;

		if (atomic_compare_exchange_strong(
			&shared->dead[i], &none, incarnation))
			break; /* if none is free, the lease watch does it */
	}
	if (write(shared_fd, &one, sizeof(one)) == -1)
		log_warning("cannot wake the keeper reason=\"%m\"");
}

int
shared_socket(void)
{
	return shared_fd;
}

void
shared_acknowledge(void)
{
	uint64_t count;

	while (read(shared_fd, &count, sizeof(count)) > 0)
		continue;
}

uint64_t
shared_dead(void)
{
	for (size_t i = 0; i < DEAD_MAX; i++) {
		uint64_t incarnation = atomic_load(&shared->dead[i]);

		if (incarnation != 0)
			return incarnation;
	}
	return 0;
}

void
shared_forget(uint64_t incarnation)
{
	for (size_t i = 0; i < DEAD_MAX; i++) {
		uint64_t old = incarnation;

		atomic_compare_exchange_strong(&shared->dead[i], &old, 0);
	}
}
