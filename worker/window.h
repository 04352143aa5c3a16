#ifndef WORKER_WINDOW_H
#define WORKER_WINDOW_H
/*
 * How many requests of each subscription this process has in flight, and how
 * many bytes of payload they hold. Without Redis the first is what keeps one
 * subscriber from taking all slots.
 */
#include <stddef.h>

#include "ground/uuid.h"

struct window;

struct window *window_new(size_t most);	 /* in flight at once, in all */
void window_free(struct window *window); /* NULL is fine */
void window_enter(
    struct window *window, const struct uuid *subscription, size_t bytes);
void window_leave(
    struct window *window, const struct uuid *subscription, size_t bytes);
size_t
window_count(const struct window *window, const struct uuid *subscription);
size_t
window_bytes(const struct window *window, const struct uuid *subscription);
#endif
