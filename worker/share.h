#ifndef WORKER_SHARE_H
#define WORKER_SHARE_H
/*
 * How the slots of a delivery process (its requests in flight) and the bytes
 * of payload that it holds for them are shared:
 *
 *   all subscriptions                   all slots       all bytes
 *   those untried and slow (queue.h)    three quarters  three quarters
 *   those slow                          half            half
 *   each of them                        its window      an eighth
 *
 * So that some that hang do not take all that is left: while less than a
 * quarter of the slots is free, who has a sixteenth of that in flight gets no
 * more; and of bytes nobody has more than half of what is free, beyond one
 * payload.
 *
 * All bytes are 96 MiB, or twelve payloads of the largest size if that is
 * more; an eighth is at least two such payloads. A payload of up to 16 KiB
 * is not counted, since the slots bound how many there are.
 */
#include <stdbool.h>
#include <stddef.h>

#include "stores/queue.h"

#define SHARE_SMALL_BYTES ((size_t)16 << 10)

struct share {
	size_t slots_most, bytes_most, bytes_each;
	size_t slots[QUEUE_CLASSES], bytes[QUEUE_CLASSES]; /* in use */
};

/* payload_most: MAX_PAYLOAD_BYTES. */
struct share share_of(size_t slots, size_t payload_most);

/* What counts of a payload: its bytes, or 0 of a small one. */
size_t share_counted(size_t bytes);

/* How many requests more a class may have in flight. */
size_t share_slots(const struct share *share, enum queue_class class);

/* How many requests a subscription may have in flight, if it is to get more. */
size_t share_slots_each(const struct share *share);

/* True when a payload of `bytes` may be held besides: of a subscription that
 * has `own` bytes in flight. The first one of a class always may. */
bool share_has_bytes(const struct share *share, enum queue_class class,
    size_t own, size_t bytes);

void share_enter(struct share *share, enum queue_class class, size_t bytes);
void share_leave(struct share *share, enum queue_class class, size_t bytes);
#endif
