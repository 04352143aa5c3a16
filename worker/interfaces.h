#ifndef WORKER_INTERFACES_H
#define WORKER_INTERFACES_H
/*
 * The host's own addresses, which may be public ones: egress refuses them.
 * Looks again when the last look is a minute old. 0, or -1 and logged when the
 * system does not say: the last answer stays, and a second later it is asked
 * again.
 */
#include <stdint.h>

int interfaces_look(int64_t now_ms); /* monotonic */
#endif
