#ifndef WORKER_KEEPER_H
#define WORKER_KEEPER_H
/*
 * The keeper brings to Redis what PostgreSQL knows and Redis may not: it
 * sweeps the outbox, breaks leases whose holder is gone, ends what can never
 * be delivered, and makes partitions ahead. Every node runs one; all it does
 * may be done twice.
 */

/* Runs until SIGTERM. Exit status for main. */
int keeper_run(int slot);
#endif
