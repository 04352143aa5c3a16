#ifndef WORKER_CHILDREN_H
#define WORKER_CHILDREN_H
/*
 * The table of children: who shall live, who does, and since when.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "pools.h"

enum role {
	ROLE_INGEST,
	ROLE_API,
	ROLE_ADMIN,
	ROLE_KEEPER,
	ROLE_DELIVERY,
	ROLES
};

struct child {
	enum role role;
	int number;	      /* of its role, from 1 */
	int slot;	      /* of shared memory */
	pid_t pid;	      /* 0: not running */
	uint64_t incarnation; /* delivery's */
	int64_t started_at;   /* monotonic ms, as all here */
	int64_t start_at;     /* not before */
	int64_t delay_ms;     /* before the next start */
	int64_t kill_at;      /* 0: not told to stop */
	bool outdated;	      /* to be replaced */
	bool unwanted;	      /* not to be started again */
};

/* Makes the table fit the settings: adds what is missing, marks unwanted
 * what is too many. */
void children_fit(void);
/* Starts what shall run and is due; milliseconds until the next is. */
int64_t children_start(int64_t now);
/* Notes deaths. */
void children_reap(int64_t now);
/* SIGKILL for who does not stop in time, or whose heart stands still. */
void children_check(int64_t now);
/* A pause of the supervisor itself (it was stopped) is nobody's fault. */
void children_forgive(void);

/* SIGTERM to those roles, which then stay away. */
void children_stop(enum role first, enum role last, int64_t now);
bool children_run(enum role first, enum role last);
void children_outdate(void); /* all are to be replaced */
/* Replaces the next outdated one, if none is under way; true while any is
 * outdated. */
bool children_roll(int64_t now);
void children_free(void);
#endif
