#include "ground/heartbeat.h"

#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ground/clock.h"
#include "ground/log.h"

#define VARIABLE "POSTRIDER_HEARTBEAT" /* "DESCRIPTOR SLOT" */
#define ALIVE_MS (3 * HEARTBEAT_EVERY_MS)
#define FAILING_LEAST_MS 2000
#define FAILED_LATELY_MS 10000

struct slot {
	_Atomic int64_t beat_ms;
	_Atomic int role;
	_Atomic int64_t worked_ms, failed_ms;
	_Atomic int64_t failing_since_ms; /* 0: it worked the last time */
};

static struct slot *slots; /* HEARTBEAT_SLOTS of them */
static int memory = -1;	   /* the supervisor's */
static int own_slot = -1;

#define MEMORY_BYTES (HEARTBEAT_SLOTS * sizeof(*slots))

/* The size is sealed: a child that shrank it would end all others. */
int
heartbeat_create(void)
{
	void *map;

	memory = memfd_create("heartbeat", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (memory == -1 || ftruncate(memory, (off_t)MEMORY_BYTES) == -1 ||
	    fcntl(memory, F_ADD_SEALS,
		F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) == -1)
		goto out;
	map = mmap(
	    NULL, MEMORY_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, memory, 0);
	if (map == MAP_FAILED)
		goto out;
	slots = map;
	return 0;
out:
	log_error("cannot make shared memory reason=\"%m\"");
	return -1;
}

void
heartbeat_set_role(int slot, enum heartbeat_role role)
{
	if (slots == NULL)
		return;
	atomic_store(&slots[slot].failing_since_ms, 0);
	atomic_store(&slots[slot].role, role);
}

void
heartbeat_beat(int slot)
{
	if (slots != NULL)
		atomic_store(&slots[slot].beat_ms, clock_monotonic_ms());
}

int64_t
heartbeat_last(int slot)
{
	return slots == NULL ? 0 : atomic_load(&slots[slot].beat_ms);
}

void
heartbeat_hand_over(int slot)
{
	char value[32];

	snprintf(value, sizeof(value), "%d %d", memory, slot);
	if (fcntl(memory, F_SETFD, 0) == -1 || setenv(VARIABLE, value, 1) == -1)
		log_error("cannot hand over the heartbeat reason=\"%m\"");
}

void
heartbeat_take_over(void)
{
	const char *value = getenv(VARIABLE);
	struct stat file;
	void *map;
	int fd, slot;

	if (value == NULL || sscanf(value, "%d %d", &fd, &slot) != 2)
		return;
	unsetenv(VARIABLE);
	if (slot < 0 || slot >= HEARTBEAT_SLOTS || fstat(fd, &file) == -1 ||
	    file.st_size != (off_t)MEMORY_BYTES)
		return;
	map =
	    mmap(NULL, MEMORY_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (map == MAP_FAILED) {
		log_error("cannot map the heartbeat reason=\"%m\"");
		return;
	}
	slots = map;
	own_slot = slot;
	heartbeat();
}

void
heartbeat_own(int slot)
{
	own_slot = slot;
}

void
heartbeat(void)
{
	if (own_slot != -1)
		heartbeat_beat(own_slot);
}

void
heartbeat_worked(bool well)
{
	int64_t now = clock_monotonic_ms();
	struct slot *slot;

	if (own_slot == -1 || slots == NULL)
		return;
	slot = &slots[own_slot];
	atomic_store(well ? &slot->worked_ms : &slot->failed_ms, now);
	if (well)
		atomic_store(&slot->failing_since_ms, 0);
	else if (atomic_load(&slot->failing_since_ms) == 0)
		atomic_store(&slot->failing_since_ms, now);
}

int
heartbeat_is_alive(enum heartbeat_role role)
{
	int64_t now = clock_monotonic_ms();

	if (slots == NULL)
		return -1;
	for (int i = 0; i < HEARTBEAT_SLOTS; i++)
		if (atomic_load(&slots[i].role) == (int)role &&
		    now - atomic_load(&slots[i].beat_ms) < ALIVE_MS)
			return 1;
	return 0;
}

bool
heartbeat_is_failing(enum heartbeat_role role)
{
	int64_t now = clock_monotonic_ms(), worked = 0, since, failed;
	bool fails = false;

	for (int i = 0; slots != NULL && i < HEARTBEAT_SLOTS; i++)
		if (atomic_load(&slots[i].role) == (int)role &&
		    atomic_load(&slots[i].worked_ms) > worked)
			worked = atomic_load(&slots[i].worked_ms);
	for (int i = 0; slots != NULL && i < HEARTBEAT_SLOTS; i++) {
		since = atomic_load(&slots[i].failing_since_ms);
		failed = atomic_load(&slots[i].failed_ms);
		fails |= atomic_load(&slots[i].role) == (int)role &&
		    since > worked && failed - since >= FAILING_LEAST_MS &&
		    now - failed < FAILED_LATELY_MS;
	}
	return fails;
}
