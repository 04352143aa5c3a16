/* From the queue, or without Redis from PostgreSQL, to HTTP. */
#include "delivery.h"

#include <stdlib.h>

#include "ground/clock.h"
#include "ground/config.h"
#include "ground/log.h"

#define TAKE_EVERY_MS 2000	/* a take shows whether Redis still can */
#define TAKE_UNHEARD_MS 250	/* when nothing can wake us */
#define BELL_AGAIN_MS 500	/* its connection was lost */
#define PICK_LEAST_MS 20	/* between two picks */
#define PICK_MOST_MS 1000	/* while they find nothing */
#define BYTES_MOST (256u << 20) /* of payload in flight; one claim more */
#define PICK_WINDOW 8		/* in flight a subscription, without Redis */

static size_t
at_most(size_t value, size_t most)
{
	return value < most ? value : most;
}

static bool
may_take(const struct delivery *delivery)
{
	return !delivery->stops && !delivery->database_away &&
	    !delivery->results_away &&
	    delivery->doing != DOING_PICK && /* it fills the same list */
	    delivery->wants.count == 0 && delivery->returns.count == 0 &&
	    delivery->unsent.count == 0 && delivery->locked.count == 0 &&
	    delivery->alone.count == 0 && !delivery->alone_runs &&
	    transfers_count(delivery->transfers) < delivery->room &&
	    delivery->bytes < BYTES_MOST &&
	    delivery->done.count + delivery->batch.count <= 2 * delivery->room;
}

static void
want(struct delivery *delivery, const struct uuid *webhook,
    const struct uuid *subscription, bool slow)
{
	delivery->wants.list[delivery->wants.count++] =
	    (struct wanted){ *webhook, *subscription, slow };
}

static void
take_answered(struct delivery *delivery, struct queue_taken *taken, int64_t now)
{
	int64_t wait = TAKE_EVERY_MS;

	delivery->take_is_out = false;
	for (size_t i = 0; i < taken->count && i < WANTS_MOST; i++)
		want(delivery, &taken->entries[i].webhook_id,
		    &taken->entries[i].subscription_id, taken->slow[i]);
	if (taken->count > 0)
		wait = 0;
	else if (taken->next_due != 0) {
		wait = taken->next_due - clock_database_ms();
		wait = wait < 1		   ? 1
		    : wait > TAKE_EVERY_MS ? TAKE_EVERY_MS
					   : wait;
	}
	/* What rang while the take was out may be newer than its answer. */
	if (!taken->failed && !delivery->rang)
		delivery->take_at = now + wait;
}

static void
queue_listen(struct delivery *delivery, int64_t now)
{
	struct queue_taken taken;

	queue_step(delivery->queue);
	while (queue_answer(delivery->queue, &taken) == 1) {
		take_answered(delivery, &taken, now);
		free(taken.entries);
		free(taken.slow);
	}
	queue_step(delivery->bell);
	while (queue_answer(delivery->bell, &taken) == 1) {
		delivery->bell_is_out = false;
		if (taken.failed) {
			delivery->bell_at = now + BELL_AGAIN_MS;
			if (delivery->take_at > now + TAKE_UNHEARD_MS)
				delivery->take_at = now + TAKE_UNHEARD_MS;
		} else if (taken.woken) {
			delivery->rang = true;
			delivery->take_at = now;
		}
		free(taken.entries);
		free(taken.slow);
	}
}

static void
take(struct delivery *delivery)
{
	size_t free_slots =
	    delivery->room - transfers_count(delivery->transfers);
	size_t half = (delivery->room + 1) / 2;
	size_t slow =
	    delivery->slow_count < half ? half - delivery->slow_count : 0;

	free_slots = at_most(free_slots, WANTS_MOST);
	queue_take(delivery->queue, free_slots, at_most(slow, free_slots),
	    clock_database_ms(), 2 * config.http_timeout_ms + 5000,
	    config.window_max);
	delivery->take_is_out = true;
	delivery->rang = false;
	queue_step(delivery->queue);
}

/* Without Redis. */
static void
pick(struct delivery *delivery, int64_t now)
{
	size_t free_slots =
	    delivery->room - transfers_count(delivery->transfers);

	if (delivery->doing != DOING_NOTHING || now < delivery->pick_at ||
	    db_retry_wait_ms(delivery->db) > 0)
		return;
	delivery->doing = DOING_PICK;
	if (delivery_pick_start(delivery->db, at_most(free_slots, WANTS_MOST),
		PICK_WINDOW) == -1) {
		delivery_seen(
		    delivery, &delivery->database_away, delivery->db, false);
		dispatch_picked(delivery, false);
	}
}

void
dispatch_picked(struct delivery *delivery, bool well)
{
	struct picked *picked;
	size_t count, ours;

	delivery->doing = DOING_NOTHING;
	if (!well)
		return;
	count = delivery_pick_finish(delivery->db, &picked);
	for (size_t i = 0; i < count && i < WANTS_MOST; i++) {
		const struct uuid *subscription = &picked[i].subscription_id;

		ours = window_count(delivery->window, subscription);
		for (size_t w = 0; w < delivery->wants.count; w++)
			ours +=
			    uuid_compare(subscription,
				&delivery->wants.list[w].subscription_id) == 0;
		if (ours < PICK_WINDOW)
			want(delivery, &picked[i].webhook_id, subscription,
			    false);
	}
	free(picked);
	delivery->pick_wait_ms =
	    delivery->wants.count > 0 || delivery->pick_wait_ms == 0
	    ? PICK_LEAST_MS
	    : delivery->pick_wait_ms * 2;
	if (delivery->pick_wait_ms > PICK_MOST_MS)
		delivery->pick_wait_ms = PICK_MOST_MS;
	delivery->pick_at = clock_monotonic_ms() + delivery->pick_wait_ms;
}

/* What a full Redis still holds is taken too, which makes room there. */
static bool
can_take(const struct delivery *delivery)
{
	return delivery->doing != DOING_PICK &&
	    (queue_is_up(delivery->queue) || queue_is_full(delivery->queue));
}

void
dispatch_step(struct delivery *delivery, int64_t now)
{
	queue_listen(delivery, now);
	claim_alone_step(delivery);
	if (!may_take(delivery) || delivery->take_is_out)
		return;
	if (!queue_is_up(delivery->queue))
		pick(delivery, now);
	if (can_take(delivery) && now >= delivery->take_at)
		take(delivery);
	/* Idle: whoever enqueues into an idle ring rings. */
	if (queue_is_up(delivery->queue) && !delivery->bell_is_out &&
	    !delivery->take_is_out && now >= delivery->bell_at) {
		queue_wait(delivery->bell, TAKE_EVERY_MS / 1000);
		delivery->bell_is_out = true;
		queue_step(delivery->bell);
	}
}

int64_t
dispatch_wait_ms(const struct delivery *delivery, int64_t now)
{
	int64_t at = INT64_MAX;

	if (!queue_is_up(delivery->queue))
		at = delivery->pick_at;
	if (can_take(delivery) && delivery->take_at < at)
		at = delivery->take_at;
	if (!may_take(delivery) || delivery->take_is_out ||
	    delivery->doing != DOING_NOTHING)
		return TAKE_EVERY_MS;
	return at > now ? at - now : 0;
}
