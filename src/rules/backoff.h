#ifndef RULES_BACKOFF_H
#define RULES_BACKOFF_H
/*
 * When a failed webhook is tried again: a schedule of delays, one a retry.
 */
#include <stdint.h>

/*
 * The delay in ms before the retry that follows when `used` retries of
 * `schedule` (count delays in ms) are spent, or -1 when none is left.
 * random spreads it: at most jitter_percent is added, never taken off.
 */
int64_t backoff_ms(const int64_t *schedule, int count, int used,
    int64_t jitter_percent, uint32_t random);
#endif
