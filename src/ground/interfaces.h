#ifndef GROUND_INTERFACES_H
#define GROUND_INTERFACES_H
/*
 * The host's own addresses, which may be public ones. Gives them to `take`,
 * which copies, when the last look is a minute old. 0, or -1 and logged when
 * the system does not say: nothing is given, and a second later it is asked
 * again.
 */
#include <stdint.h>
#include <sys/socket.h>

int interfaces_look(int64_t now_ms, /* monotonic */
    void (*take)(const struct sockaddr *const *addresses, int count));
#endif
