#ifndef WORKER_SHARED_H
#define WORKER_SHARED_H
/*
 * Memory that the supervisor shares with its children: a heartbeat each, and
 * the incarnations of delivery processes that died, which the keeper reads.
 */
#include <stdint.h>

#define SHARED_CHILDREN 1024

int shared_open(void); /* before the first fork; 0, -1 */

/* "I live": a child at each turn of its loop, at least each 5 s. */
void shared_beat(int slot);
int64_t shared_last_beat(int slot); /* clock_monotonic_ms() */

/* The supervisor saw this one die. The keeper wakes by shared_socket, which
 * is readable until shared_acknowledge. */
void shared_bury(uint64_t incarnation);
int shared_socket(void);
void shared_acknowledge(void);
/* One that died and whose leases are not broken yet, 0 when there is none.
 * shared_forget once they are. */
uint64_t shared_dead(void);
void shared_forget(uint64_t incarnation);
#endif
