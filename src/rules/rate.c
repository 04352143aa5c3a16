#include "rules/rate.h"

#define SECOND_US INT64_C(1000000)
#define BURST_US (RATE_BURST_S * SECOND_US)
/* A host that was started again counts from 0: what lies further ahead is of
 * the time before. */
#define AHEAD_MOST_US (3600 * SECOND_US)

static int64_t
paid_by_now(int64_t paid_us, int64_t now_us)
{
	return paid_us < now_us || paid_us - now_us > AHEAD_MOST_US ? now_us
								    : paid_us;
}

int64_t
rate_wait_us(const _Atomic int64_t *paid_us, int64_t now_us)
{
	int64_t ahead_us = paid_by_now(atomic_load(paid_us), now_us) - now_us;

	return ahead_us < BURST_US ? 0 : ahead_us - BURST_US + 1;
}

void
rate_take(_Atomic int64_t *paid_us, int64_t now_us, int64_t amount,
    int64_t per_second)
{
	int64_t old_us = atomic_load(paid_us), new_us;

	if (per_second == 0)
		return;
	do {
		new_us = paid_by_now(old_us, now_us) +
		    amount * SECOND_US / per_second;
		if (new_us > now_us + AHEAD_MOST_US)
			new_us = now_us + AHEAD_MOST_US;
	} while (!atomic_compare_exchange_weak(paid_us, &old_us, new_us));
}
