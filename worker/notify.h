#ifndef WORKER_NOTIFY_H
#define WORKER_NOTIFY_H
/*
 * What systemd is told: sd_notify(3), and its watchdog (sd_watchdog_enabled(3)).
 * Without systemd neither does anything.
 */
#include <stdint.h>

void notify(const char *state); /* "READY=1" */
/* Once a turn of the supervisor's loop: feeds the watchdog, four times in its
 * period. Whoever does not come here is killed and started again. */
void notify_alive(int64_t now); /* monotonic ms */
#endif
