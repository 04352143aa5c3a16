#include "watch.h"

#include <stdbool.h>
#include <stdlib.h>

#include "ground/text.h"

struct seen {
	struct held held;
	int64_t since; /* by the watch's own time */
};

struct watch {
	struct seen *seen; /* by webhook id */
	size_t count;
	int64_t time; /* ms during which PostgreSQL answered */
	int64_t looked_at;
	bool runs;
};

struct watch *
watch_new(void)
{
	return memory_get(sizeof(struct watch));
}

void
watch_free(struct watch *watch)
{
	if (watch == NULL)
		return;
	free(watch->seen);
	free(watch);
}

static int
held_compare(const void *a, const void *b)
{
	const struct held *left = a, *right = b;

	return uuid_compare(&left->webhook_id, &right->webhook_id);
}

static bool
lease_is(struct lease a, struct lease b)
{
	return a.incarnation == b.incarnation && a.sequence == b.sequence;
}

static void
watch_tick(struct watch *watch, int64_t now_ms, int64_t gap_ms)
{
	int64_t gap = now_ms - watch->looked_at;

	if (watch->runs)
		watch->time += gap < gap_ms ? gap : gap_ms;
	watch->looked_at = now_ms;
	watch->runs = true;
}

void
watch_look(struct watch *watch, struct held *held, size_t count, int64_t now_ms,
    int64_t gap_ms)
{
	struct seen *fresh = memory_get((count + 1) * sizeof(*fresh));
	size_t old = 0;

	watch_tick(watch, now_ms, gap_ms);
	if (count > 1)
		qsort(held, count, sizeof(*held), held_compare);
	for (size_t i = 0; i < count; i++) {
		const struct seen *last;

		while (old < watch->count &&
		    held_compare(&watch->seen[old].held, &held[i]) < 0)
			old++;
		last = old < watch->count ? &watch->seen[old] : NULL;
		fresh[i].held = held[i];
		fresh[i].since = watch->time;
		if (last != NULL && held_compare(&last->held, &held[i]) == 0 &&
		    lease_is(last->held.lease, held[i].lease))
			fresh[i].since = last->since;
	}
	free(watch->seen);
	watch->seen = fresh;
	watch->count = count;
}

void
watch_miss(struct watch *watch)
{
	watch->runs = false;
}

int
watch_expired(
    const struct watch *watch, int64_t least_ms, size_t *at, struct held *held)
{
	for (; *at < watch->count; (*at)++)
		if (watch->time - watch->seen[*at].since >= least_ms) {
			*held = watch->seen[(*at)++].held;
			return 1;
		}
	return 0;
}
