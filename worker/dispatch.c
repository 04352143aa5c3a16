/* From the queue, or without Redis from PostgreSQL, to HTTP. */
#include "delivery.h"

#include <stdlib.h>
#include <string.h>

#include "ground/clock.h"
#include "ground/config.h"
#include "ground/log.h"

#define TAKE_EVERY_MS 5000
#define BELL_AGAIN_MS 500    /* its connection was lost */
#define PICK_LEAST_MS 20     /* between two picks */
#define PICK_MOST_MS 1000    /* while they find nothing */
#define PICK_WINDOW 8	     /* in flight a subscription, without Redis */
#define DOUBTS_EVERY_MS 5000 /* giving back may stop the loop for 2 s */
#define ALONE_FROM 2	     /* interruptions in a row */

static size_t
at_most(size_t value, size_t most)
{
	return value < most ? value : most;
}

static bool
may_take(const struct delivery *delivery)
{
	return !delivery->stops && !delivery->database_away &&
	    delivery->wants.count == 0 && delivery->doubts.count == 0 &&
	    delivery->alone.count == 0 && !delivery->alone_runs &&
	    transfers_count(delivery->transfers) < delivery->room &&
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
	/* a bell that rang while the take was out may be about something newer */
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
		if (taken.woken && !taken.failed) {
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
		PICK_WINDOW) == -1)
		dispatch_picked(delivery, false);
}

void
dispatch_picked(struct delivery *delivery, bool well)
{
	struct picked *picked;
	size_t count, ours;

	delivery->doing = DOING_NOTHING;
	delivery->database_away = !well;
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

static void
unwant(struct delivery *delivery, const struct wanted *wanted, int64_t due_at)
{
	struct queue_settled settled = { wanted->webhook_id,
		wanted->subscription_id, due_at, QUEUE_NEUTRAL };

	queue_settle(delivery->queue, &settled, 1, clock_database_ms(),
	    config.window_max);
}

static void
job_start(struct delivery *delivery, struct job *job)
{
	struct wanted wanted = { job->claimed->webhook_id,
		job->claimed->subscription_id, job->slow };

	job->log_id = uuid_new();
	if (transfers_start(delivery->transfers, job->claimed, job) == -1) {
		delivery_unclaim(
		    delivery->db, &wanted.webhook_id, 1, job->claimed->lease);
		unwant(delivery, &wanted, clock_database_ms() + 1000);
		job_free(job);
		return;
	}
	window_enter(delivery->window, &job->claimed->subscription_id);
	delivery->slow_count += job->slow;
}

/* So many can wait for their turn alone well within their lease. */
static size_t
alone_most(void)
{
	int64_t most = config.lease_seconds * 1000 / 3 / config.http_timeout_ms;

	return most > 1 ? (size_t)most : 1;
}

static void
job_claimed(struct delivery *delivery, struct claimed *claimed, bool slow,
    size_t *deferred)
{
	struct job *job = memory_get(sizeof(*job));
	struct wanted wanted = { claimed->webhook_id, claimed->subscription_id,
		slow };

	job->claimed = claimed;
	job->slow = slow;
	if (delivery->stops)
		jobs_add(&delivery->unsent, job);
	else if (claimed->interruptions < ALONE_FROM)
		job_start(delivery, job);
	else if (delivery->alone.count < alone_most())
		jobs_add(&delivery->alone, job);
	else {
		delivery_unclaim(
		    delivery->db, &claimed->webhook_id, 1, claimed->lease);
		unwant(delivery, &wanted,
		    clock_database_ms() + 500 + 50 * (int64_t)(*deferred)++);
		job_free(job);
	}
}

static const struct wanted *
wanted_find(const struct delivery *delivery, const struct uuid *webhook)
{
	for (size_t i = 0; i < delivery->wants.count; i++)
		if (uuid_compare(
			&delivery->wants.list[i].webhook_id, webhook) == 0)
			return &delivery->wants.list[i];
	return NULL;
}

bool
dispatch_wants_database(const struct delivery *delivery)
{
	return delivery->wants.count > 0 && delivery->doubts.count == 0;
}

int
dispatch_claim(struct delivery *delivery)
{
	struct uuid ids[WANTS_MOST];

	for (size_t i = 0; i < delivery->wants.count; i++)
		ids[i] = delivery->wants.list[i].webhook_id;
	delivery->lease.sequence++;
	return delivery_claim_start(
	    delivery->db, ids, delivery->wants.count, delivery->lease);
}

void
dispatch_claimed(struct delivery *delivery, bool well)
{
	struct claim_answer *answers;
	size_t count, deferred = 0;

	if (!well) { /* its COMMIT may have arrived */
		delivery->doubts = delivery->wants;
		delivery->doubted = delivery->lease;
		delivery->wants.count = 0;
		return;
	}
	count = delivery_claim_finish(delivery->db, delivery->lease, &answers);
	for (size_t i = 0; i < count; i++) {
		const struct wanted *wanted =
		    wanted_find(delivery, &answers[i].webhook_id);

		if (answers[i].kind == CLAIM_TAKEN)
			job_claimed(delivery, answers[i].claimed,
			    wanted != NULL && wanted->slow, &deferred);
		else if (wanted != NULL)
			unwant(delivery, wanted,
			    answers[i].kind == CLAIM_EARLY ? answers[i].due_at
							   : 0);
	}
	free(answers);
	delivery->wants.count = 0;
}

/* A claim that failed may hold rows all the same: they are given back before
 * anything else is claimed. */
static void
doubts_end(struct delivery *delivery, int64_t now)
{
	struct uuid ids[WANTS_MOST];
	size_t count = delivery->doubts.count;

	if (count == 0 || delivery->doing != DOING_NOTHING ||
	    now < delivery->doubts_at || db_retry_wait_ms(delivery->db) > 0)
		return;
	delivery->doubts_at = now + DOUBTS_EVERY_MS;
	for (size_t i = 0; i < count; i++)
		ids[i] = delivery->doubts.list[i].webhook_id;
	delivery->database_away =
	    delivery_unclaim(delivery->db, ids, count, delivery->doubted) == -1;
	if (delivery->database_away)
		return;
	for (size_t i = 0; i < count; i++)
		unwant(
		    delivery, &delivery->doubts.list[i], clock_database_ms());
	delivery->doubts.count = 0;
	delivery->doubts_at = 0;
}

static void
alone_step(struct delivery *delivery)
{
	if (delivery->alone.count == 0 || delivery->alone_runs ||
	    transfers_count(delivery->transfers) > 0 || delivery->stops ||
	    delivery->doing != DOING_NOTHING)
		return;
	delivery->alone_runs = true;
	job_start(delivery, jobs_take(&delivery->alone));
	delivery->alone_runs = transfers_count(delivery->transfers) > 0;
}

void
dispatch_step(struct delivery *delivery, int64_t now)
{
	queue_listen(delivery, now);
	doubts_end(delivery, now);
	alone_step(delivery);
	if (!may_take(delivery) || delivery->take_is_out)
		return;
	if (!queue_is_up(delivery->queue))
		pick(delivery, now);
	else if (now >= delivery->take_at)
		take(delivery);
	/* Idle: whoever enqueues into an idle ring rings. */
	if (queue_is_up(delivery->queue) && !delivery->bell_is_out &&
	    !delivery->take_is_out && now >= delivery->bell_at) {
		queue_wait(delivery->bell, TAKE_EVERY_MS / 1000);
		delivery->bell_is_out = true;
		queue_step(delivery->bell);
	}
}

/* Those of one claim at a time, since they share its lease. */
static void
unsent_give_back(struct delivery *delivery)
{
	struct uuid ids[WANTS_MOST];
	struct lease lease = delivery->unsent.first->claimed->lease;
	struct job *job;
	size_t count = 0;

	while ((job = delivery->unsent.first) != NULL && count < WANTS_MOST &&
	    job->claimed->lease.sequence == lease.sequence) {
		struct wanted wanted = { job->claimed->webhook_id,
			job->claimed->subscription_id, job->slow };

		ids[count++] = wanted.webhook_id;
		unwant(delivery, &wanted, clock_database_ms());
		job_free(jobs_take(&delivery->unsent));
	}
	delivery_unclaim(delivery->db, ids, count, lease);
}

void
dispatch_give_back(struct delivery *delivery)
{
	struct job *job;

	if (delivery->doing != DOING_NOTHING)
		return;
	for (size_t i = 0; i < delivery->wants.count; i++)
		unwant(delivery, &delivery->wants.list[i], clock_database_ms());
	delivery->wants.count = 0;
	while ((job = jobs_take(&delivery->alone)) != NULL)
		jobs_add(&delivery->unsent, job);
	while (delivery->unsent.count > 0)
		unsent_give_back(delivery);
}

int64_t
dispatch_wait_ms(const struct delivery *delivery, int64_t now)
{
	int64_t at = queue_is_up(delivery->queue) ? delivery->take_at
						  : delivery->pick_at;

	if (!may_take(delivery) || delivery->take_is_out ||
	    delivery->doing != DOING_NOTHING)
		return TAKE_EVERY_MS;
	return at > now ? at - now : 0;
}
