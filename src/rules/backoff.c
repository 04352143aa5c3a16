#include "rules/backoff.h"

int64_t
backoff_ms(const int64_t *schedule, int count, int used, int64_t jitter_percent,
    uint32_t random)
{
	int64_t most;

	if (used < 0 || used >= count)
		return -1;
	most = schedule[used] * jitter_percent / 100;
	return schedule[used] +
	    (int64_t)((uint64_t)random * (uint64_t)most / UINT32_MAX);
}
