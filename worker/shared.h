#ifndef WORKER_SHARED_H
#define WORKER_SHARED_H
/*
 * Memory that the supervisor shares with the children it forks: their
 * heartbeats, and the incarnations of delivery processes that died, which the
 * keeper reads.
 */
#include <stdint.h>

int shared_open(void); /* before the first fork; 0, -1 */

/* The heartbeat of a child (ground/heartbeat.h), at each turn of its loop. */
void shared_beat(int slot);

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
