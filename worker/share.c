#include "share.h"

#define BYTES_MOST ((size_t)96 << 20)
#define PAYLOADS_LEAST 12
#define SCARCE 4	/* less than this part of the slots is free */
#define SCARCE_EACH 16	/* parts of what is free then */
#define EACH 8		/* subscriptions at least that share all bytes */
#define EACH_PAYLOADS 2 /* of the largest size that each may have at least */

static size_t
larger(size_t a, size_t b)
{
	return a > b ? a : b;
}

struct share
share_of(size_t slots, size_t payload_most)
{
	struct share share = { .slots_most = slots };

	share.bytes_most = larger(BYTES_MOST, PAYLOADS_LEAST * payload_most);
	share.bytes_each =
	    larger(share.bytes_most / EACH, EACH_PAYLOADS * payload_most);
	return share;
}

size_t
share_counted(size_t bytes)
{
	return bytes > SHARE_SMALL_BYTES ? bytes : 0;
}

/* Of `all`, what the subscriptions of `class` or a slower one may have. */
static size_t
part_of(size_t all, enum queue_class class)
{
	if (class == QUEUE_QUICK)
		return all;
	return class == QUEUE_UNTRIED ? all - all / 4 : all - all / 2;
}

static size_t
used_from(const size_t *used, enum queue_class class)
{
	size_t sum = 0;

	for (size_t i = class; i < QUEUE_CLASSES; i++)
		sum += used[i];
	return sum;
}

size_t
share_slots(const struct share *share, enum queue_class class)
{
	size_t least = share->slots_most;

	/* a class counts among those quicker than it too */
	for (size_t i = QUEUE_QUICK; i <= class; i++) {
		size_t part = part_of(share->slots_most, i);
		size_t used = used_from(share->slots, i);
		size_t left = used < part ? part - used : 0;

		if (left < least)
			least = left;
	}
	return least;
}

size_t
share_slots_each(const struct share *share)
{
	size_t free_slots = share_slots(share, QUEUE_QUICK);

	if (free_slots >= share->slots_most / SCARCE)
		return share->slots_most;
	return larger(free_slots / SCARCE_EACH, 1);
}

bool
share_has_bytes(
    const struct share *share, enum queue_class class, size_t own, size_t bytes)
{
	if (own > 0 && own + bytes > share->bytes_each)
		return false;
	for (size_t i = QUEUE_QUICK; i <= class; i++) {
		size_t part = part_of(share->bytes_most, i);
		size_t used = used_from(share->bytes, i);

		if (used > 0 && used + bytes > part)
			return false;
		if (own > 0 && own + bytes > (part - used) / 2)
			return false;
	}
	return true;
}

void
share_enter(struct share *share, enum queue_class class, size_t bytes)
{
	share->slots[class]++;
	share->bytes[class] += share_counted(bytes);
}

void
share_leave(struct share *share, enum queue_class class, size_t bytes)
{
	share->slots[class]--;
	share->bytes[class] -= share_counted(bytes);
}
