#ifndef GROUND_HEARTBEAT_H
#define GROUND_HEARTBEAT_H
/*
 * The heartbeats of a supervisor's children, in memory that all of them
 * share: a file in memory, so that a program which the supervisor executes
 * finds it too. A child that has not beaten for 30 s is replaced.
 *
 * Every function but heartbeat_create does nothing where there is no such
 * memory, as in a program that was started by hand.
 */
#include <stdbool.h>
#include <stdint.h>

#define HEARTBEAT_SLOTS 1024
#define HEARTBEAT_EVERY_MS 5000 /* a child beats at least so often */

enum heartbeat_role {
	HEARTBEAT_NONE, /* no process */
	HEARTBEAT_INGEST,
	HEARTBEAT_DELIVERY,
	HEARTBEAT_OTHER
};

/* The supervisor, before its first fork. 0, or -1 after it was logged. */
int heartbeat_create(void);
/* A slot's process started with this role, or ended: HEARTBEAT_NONE. */
void heartbeat_set_role(int slot, enum heartbeat_role role);
void heartbeat_beat(int slot);
int64_t heartbeat_last(int slot); /* clock_monotonic_ms() of its last beat */

/* Between fork and exec: the program that comes finds the memory, and beats
 * in this slot. */
void heartbeat_hand_over(int slot);
/* In that program, early in main. */
void heartbeat_take_over(void);
/* In a child that executes no other program. */
void heartbeat_own(int slot);
/* "I am alive": the program's own beat. */
void heartbeat(void);

/* The program did what it is for, or failed to. */
void heartbeat_worked(bool well);

/* Has a process of this role beaten lately? 1 yes, 0 no, -1 unknown: no
 * supervisor started this program. */
int heartbeat_is_alive(enum heartbeat_role role);
/* Has a process of this role failed for 2 s, the last time within 10 s, and has
 * none of them succeeded since? */
bool heartbeat_is_failing(enum heartbeat_role role);
#endif
