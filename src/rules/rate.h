#ifndef RULES_RATE_H
#define RULES_RATE_H
/*
 * A rate limit in one number that processes may share (the generic cell rate
 * algorithm): the time in microseconds at which all that was taken is paid
 * for. { 0 } has taken nothing. The limit allows RATE_BURST_S seconds' worth
 * at once, and whatever comes next in one piece, however large: what it takes
 * too much is waited for afterwards.
 */
#include <stdatomic.h>
#include <stdint.h>

#define RATE_BURST_S 2

/* Microseconds to wait before the next may be taken; 0: it may now. */
int64_t rate_wait_us(const _Atomic int64_t *paid_us, int64_t now_us);
/* Takes so much of so much a second (0: no limit, nothing happens). */
void rate_take(_Atomic int64_t *paid_us, int64_t now_us, int64_t amount,
    int64_t per_second);
#endif
