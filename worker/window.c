#include "window.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ground/text.h"

/* Open addressing, never over half full; a count of 0 frees the place, and
 * what was pushed behind it moves up. */
struct place {
	struct uuid subscription;
	size_t count, bytes;
};

struct window {
	struct place *places;
	size_t mask;
};

struct window *
window_new(size_t most)
{
	struct window *window = memory_get(sizeof(*window));
	size_t size = 16;

	while (size < most * 2)
		size *= 2;
	window->places = memory_get(size * sizeof(*window->places));
	window->mask = size - 1;
	return window;
}

void
window_free(struct window *window)
{
	if (window == NULL)
		return;
	free(window->places);
	free(window);
}

static size_t
window_home(const struct window *window, const struct uuid *subscription)
{
	uint64_t random;

	/* The last half of an id is random (RFC 9562). */
	memcpy(&random, subscription->bytes + 8, sizeof(random));
	return (size_t)(random ^ random >> 32) & window->mask;
}

static struct place *
window_find(const struct window *window, const struct uuid *subscription)
{
	size_t at = window_home(window, subscription);

	while (window->places[at].count > 0 &&
	    uuid_compare(&window->places[at].subscription, subscription) != 0)
		at = (at + 1) & window->mask;
	return &window->places[at];
}

void
window_enter(
    struct window *window, const struct uuid *subscription, size_t bytes)
{
	struct place *place = window_find(window, subscription);

	place->subscription = *subscription;
	place->count++;
	place->bytes += bytes;
}

void
window_leave(
    struct window *window, const struct uuid *subscription, size_t bytes)
{
	struct place *place = window_find(window, subscription), moved;
	size_t at;

	if (place->count == 0)
		return;
	place->bytes -= bytes;
	if (--place->count > 0)
		return;
	place->bytes = 0;
	at = (size_t)(place - window->places);
	for (at = (at + 1) & window->mask; window->places[at].count > 0;
	     at = (at + 1) & window->mask) {
		moved = window->places[at];
		window->places[at].count = window->places[at].bytes = 0;
		*window_find(window, &moved.subscription) = moved;
	}
}

size_t
window_count(const struct window *window, const struct uuid *subscription)
{
	return window_find(window, subscription)->count;
}

size_t
window_bytes(const struct window *window, const struct uuid *subscription)
{
	return window_find(window, subscription)->bytes;
}
