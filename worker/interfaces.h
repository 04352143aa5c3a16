#ifndef WORKER_INTERFACES_H
#define WORKER_INTERFACES_H
/*
 * The host's own addresses, which may be public ones: egress refuses them.
 * Looks again when the last look is a minute old; when the system does not
 * say, the last answer stays.
 */
#include <stdint.h>

void interfaces_look(int64_t now_ms); /* monotonic */
#endif
