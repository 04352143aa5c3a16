#ifndef WORKER_WATCH_H
#define WORKER_WATCH_H
/*
 * The watch over leases: which were seen unchanged for how long. It counts
 * only time during which PostgreSQL answered, since a holder that was cut off
 * from it could not settle.
 */
#include <stddef.h>
#include <stdint.h>

#include "stores/delivery.h"

struct watch;

struct watch *watch_new(void);
void watch_free(struct watch *watch); /* NULL is fine */

/* All leases there are now, as delivery_leases gave them; sorts the vector.
 * Two looks further than `gap_ms` apart count as gap_ms. */
void watch_look(struct watch *watch, struct held *held, size_t count,
    int64_t now_ms, int64_t gap_ms);
/* PostgreSQL did not answer: the time until the next look does not count. */
void watch_miss(struct watch *watch);

/* The next lease that was seen unchanged for `least_ms`: 1, or 0 when there
 * is none further. *at starts at 0. */
int watch_expired(
    const struct watch *watch, int64_t least_ms, size_t *at, struct held *held);
#endif
