/* From the queue, or without Redis from PostgreSQL, to HTTP. */
#include "delivery.h"

#include <stdlib.h>

#include "ground/clock.h"
#include "ground/config.h"
#include "ground/log.h"

#define TAKE_EVERY_MS 2000  /* a take shows whether Redis still can */
#define TAKE_UNHEARD_MS 250 /* when nothing can wake us */
#define BELL_AGAIN_MS 500   /* its connection was lost */
#define PICK_LEAST_MS 20    /* between two picks */
#define PICK_MOST_MS 1000   /* while they find nothing */
#define PICK_WINDOW 8	    /* in flight a subscription, without Redis */

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
	    share_slots(&delivery->share, QUEUE_QUICK) > 0 &&
	    delivery->done.count + delivery->batch.count <=
	    2 * delivery->share.slots_most;
}

static void
want(struct delivery *delivery, const struct uuid *webhook,
    const struct uuid *subscription, enum queue_class class)
{
	delivery->wants.list[delivery->wants.count++] =
	    (struct wanted){ *webhook, *subscription, class, 0, 0 };
	delivery->wants.large = false;
}

static void
take_answered(struct delivery *delivery, struct queue_taken *taken, int64_t now)
{
	int64_t wait = TAKE_EVERY_MS;

	delivery->take_is_out = false;
	for (size_t i = 0; i < taken->count && i < WANTS_MOST; i++)
		want(delivery, &taken->entries[i].webhook_id,
		    &taken->entries[i].subscription_id, taken->classes[i]);
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
		free(taken.classes);
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
		free(taken.classes);
	}
}

static struct queue_quota
quota_of(const struct delivery *delivery)
{
	const struct share *share = &delivery->share;

	return (struct queue_quota){
		.count = at_most(
		    share_slots(share, QUEUE_QUICK), delivery->pace.rows),
		.untried = share_slots(share, QUEUE_UNTRIED),
		.slow = share_slots(share, QUEUE_SLOW),
		.each = share_slots_each(share),
	};
}

static void
take(struct delivery *delivery)
{
	struct queue_quota quota = quota_of(delivery);

	queue_take(delivery->queue, &quota, clock_database_ms(),
	    2 * config.http_timeout_ms + 5000, config.window_max);
	delivery->take_is_out = true;
	delivery->rang = false;
	queue_step(delivery->queue);
}

/* Without Redis. */
static void
pick(struct delivery *delivery, int64_t now)
{
	struct queue_quota quota = quota_of(delivery);

	if (delivery->doing != DOING_NOTHING || now < delivery->pick_at ||
	    db_retry_wait_ms(delivery->db) > 0)
		return;
	delivery->doing = DOING_PICK;
	if (delivery_pick_start(delivery->db, &quota, PICK_WINDOW) == -1) {
		delivery_seen(
		    delivery, &delivery->database_away, delivery->db, false);
		dispatch_picked(delivery, false);
	}
}

/* In flight, and about to be claimed. */
static size_t
count_of(const struct delivery *delivery, const struct uuid *subscription)
{
	size_t count = window_count(delivery->window, subscription);

	for (size_t i = 0; i < delivery->wants.count; i++)
		count += uuid_compare(subscription,
			     &delivery->wants.list[i].subscription_id) == 0;
	return count;
}

/* Picks of classes at once may be more than their common share. */
static void
want_picked(
    struct delivery *delivery, const struct picked *picked, size_t count)
{
	struct share share = delivery->share;
	size_t each = at_most(share_slots_each(&share), PICK_WINDOW);

	for (size_t i = 0; i < count && i < WANTS_MOST; i++) {
		const struct uuid *subscription = &picked[i].subscription_id;

		if (share_slots(&share, picked[i].class) == 0 ||
		    large_has(delivery, &picked[i].webhook_id) ||
		    count_of(delivery, subscription) >= each)
			continue;
		share_enter(&share, picked[i].class, 0);
		want(delivery, &picked[i].webhook_id, subscription,
		    picked[i].class);
	}
}

/* One that PostgreSQL refused has found nothing. */
void
dispatch_picked(struct delivery *delivery, bool well)
{
	struct picked *picked = NULL;
	size_t count = well ? delivery_pick_finish(delivery->db, &picked) : 0;

	delivery->doing = DOING_NOTHING;
	want_picked(delivery, picked, count);
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

/* Monotonic: when the queue, or PostgreSQL in its place, is asked again. */
static int64_t
source_at(const struct delivery *delivery)
{
	int64_t at = INT64_MAX;

	if (!queue_is_up(delivery->queue))
		at = delivery->pick_at;
	if (can_take(delivery) && delivery->take_at < at)
		at = delivery->take_at;
	return at;
}

/* Large payloads and the queue take turns, so that neither waits for the
 * other. */
static bool
large_step(struct delivery *delivery, int64_t now)
{
	if ((delivery->large_next || now < source_at(delivery)) &&
	    large_pick(delivery)) {
		delivery->large_next = false;
		return true;
	}
	delivery->large_next = true;
	return false;
}

/* While nothing is taken: whoever enqueues into an idle ring rings. */
static void
bell_step(struct delivery *delivery, int64_t now)
{
	if (!queue_is_up(delivery->queue) || delivery->bell_is_out ||
	    now >= delivery->take_at || now < delivery->bell_at)
		return;
	queue_wait(delivery->bell, TAKE_EVERY_MS / 1000);
	delivery->bell_is_out = true;
	queue_step(delivery->bell);
}

void
dispatch_step(struct delivery *delivery, int64_t now)
{
	queue_listen(delivery, now);
	claim_alone_step(delivery);
	claim_idle_step(delivery, now);
	large_give_back(delivery, now);
	if (!may_take(delivery) || delivery->take_is_out)
		return;
	bell_step(delivery, now);
	if (large_step(delivery, now))
		return;
	if (!queue_is_up(delivery->queue))
		pick(delivery, now);
	if (can_take(delivery) && now >= delivery->take_at)
		take(delivery);
}

int64_t
dispatch_wait_ms(const struct delivery *delivery, int64_t now)
{
	int64_t at = source_at(delivery);

	if (!may_take(delivery) || delivery->take_is_out ||
	    delivery->doing != DOING_NOTHING)
		return TAKE_EVERY_MS;
	return at > now && !large_is_ready(delivery) ? at - now : 0;
}
