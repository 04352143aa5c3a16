#ifndef WORKER_SUPERVISOR_H
#define WORKER_SUPERVISOR_H
/*
 * The supervisor forks, reaps and throttles, and nothing else: no database,
 * no Redis, no HTTP.
 *
 *   SIGTERM, SIGINT   drain: deliveries first, then the keeper and the pools
 *   SIGHUP            read the settings again, then replace all, one by one
 *   SIGUSR2           replace all children, one by one
 *
 * A child that dies is started again, after a delay that doubles from 0.1 s
 * to 60 s while its lives are shorter than 10 s. One without a heartbeat for
 * 30 s is killed. systemd's watchdog is fed as long as this loop goes round.
 */

/* After config_load. Exit status for main: 0 stopped on request, 100 fix the
 * setup, 111 try later. */
int supervisor_run(void);
#endif
