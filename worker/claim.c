/* From an id that is wanted to a request in flight, or back again. */
#include "delivery.h"

#include <stdlib.h>

#include "ground/clock.h"
#include "ground/config.h"
#include "ground/log.h"
#include "stores/keyring.h"

#define DOUBTS_EVERY_MS 5000 /* giving back may stop the loop for 2 s */
#define ALONE_FROM 2	     /* interruptions in a row */
#define POSTPONED_MS 500     /* for the name server, and as much spread */
#define LOCKED_MS 15000	     /* for whoever mends the key file */
#define LOCKED_TELL_MS 10000

static void
unwant(struct delivery *delivery, const struct wanted *wanted, int64_t due_at)
{
	struct queue_settled settled = { wanted->webhook_id,
		wanted->subscription_id, due_at, QUEUE_NEUTRAL };

	queue_settle(delivery->queue, &settled, 1, clock_database_ms(),
	    config.window_max);
}

/* It has a secret that we cannot open, which is our fault: it is not sent
 * unsigned, and waits without using up an attempt. */
static void
job_locked(struct delivery *delivery, struct job *job)
{
	char webhook[UUID_TEXT_SIZE], subscription[UUID_TEXT_SIZE];
	int64_t now = clock_monotonic_ms();

	jobs_add(&delivery->locked, job);
	if (now < delivery->locked_tell_at)
		return;
	delivery->locked_tell_at = now + LOCKED_TELL_MS;
	log_error("cannot sign, so webhooks wait subscription=%s webhook=%s "
		  "reason=\"%s\"",
	    uuid_text(&job->claimed->subscription_id, subscription),
	    uuid_text(&job->claimed->webhook_id, webhook), keyring_reason());
}

static void
job_start(struct delivery *delivery, struct job *job)
{
	struct wanted wanted = { job->claimed->webhook_id,
		job->claimed->subscription_id, job->slow };
	int rc;

	if (claimed_open(job->claimed) == -1) {
		job_locked(delivery, job);
		return;
	}
	job->log_id = uuid_new();
	rc = transfers_start(delivery->transfers, job->claimed, job->slow, job);
	claimed_seal(job->claimed);
	if (rc == -1) {
		delivery_unclaim(delivery->db, &wanted.webhook_id, 1,
		    job->claimed->lease, 0);
		unwant(delivery, &wanted, clock_database_ms() + 1000);
		job_free(job);
		return;
	}
	window_enter(delivery->window, &job->claimed->subscription_id);
	delivery->slow_count += job->slow;
	delivery->bytes += job->claimed->payload_length;
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
		    delivery->db, &claimed->webhook_id, 1, claimed->lease, 0);
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
claim_is_wanted(const struct delivery *delivery)
{
	return delivery->wants.count > 0 && delivery->doubts.count == 0;
}

int
claim_begin(struct delivery *delivery)
{
	struct uuid ids[WANTS_MOST];

	for (size_t i = 0; i < delivery->wants.count; i++)
		ids[i] = delivery->wants.list[i].webhook_id;
	delivery->lease.sequence++;
	return delivery_claim_start(
	    delivery->db, ids, delivery->wants.count, delivery->lease);
}

void
claim_ended(struct delivery *delivery, bool well)
{
	struct claim_answer *answers;
	size_t count, deferred = 0;
	bool early = false;

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
		else if (wanted != NULL) {
			early |= answers[i].kind == CLAIM_EARLY;
			unwant(delivery, wanted,
			    answers[i].kind == CLAIM_EARLY ? answers[i].due_at
							   : 0);
		}
	}
	free(answers);
	delivery->wants.count = 0;
	delivery->clock_doubted |= early;
}

/* A claim that failed may hold rows all the same: they are given back before
 * anything else is claimed. */
void
claim_doubts_end(struct delivery *delivery, int64_t now)
{
	struct uuid ids[WANTS_MOST];
	size_t count = delivery->doubts.count;

	if (count == 0 || delivery->doing != DOING_NOTHING ||
	    now < delivery->doubts_at || db_retry_wait_ms(delivery->db) > 0)
		return;
	delivery->doubts_at = now + DOUBTS_EVERY_MS;
	for (size_t i = 0; i < count; i++)
		ids[i] = delivery->doubts.list[i].webhook_id;
	delivery->database_away = delivery_unclaim(delivery->db, ids, count,
				      delivery->doubted, 0) == -1;
	if (delivery->database_away)
		return;
	for (size_t i = 0; i < count; i++)
		unwant(
		    delivery, &delivery->doubts.list[i], clock_database_ms());
	delivery->doubts.count = 0;
	delivery->doubts_at = 0;
}

void
claim_alone_step(struct delivery *delivery)
{
	if (delivery->alone.count == 0 || delivery->alone_runs ||
	    transfers_count(delivery->transfers) > 0 || delivery->stops ||
	    delivery->doing != DOING_NOTHING)
		return;
	delivery->alone_runs = true;
	job_start(delivery, jobs_take(&delivery->alone));
	delivery->alone_runs = transfers_count(delivery->transfers) > 0;
}

/* Those of one claim, since they share its lease. */
static int
jobs_unclaim(struct delivery *delivery, struct jobs *jobs, int64_t delay_ms,
    struct wants *given, struct lease *lease)
{
	struct uuid ids[WANTS_MOST] = { 0 };
	struct job *job;

	*lease = jobs->first->claimed->lease;
	given->count = 0;
	while ((job = jobs->first) != NULL && given->count < WANTS_MOST &&
	    job->claimed->lease.sequence == lease->sequence) {
		struct wanted wanted = { job->claimed->webhook_id,
			job->claimed->subscription_id, job->slow };

		ids[given->count] = wanted.webhook_id;
		given->list[given->count++] = wanted;
		job_free(jobs_take(jobs));
	}
	return delivery_unclaim(
	    delivery->db, ids, given->count, *lease, delay_ms);
}

static void
unsent_give_back(struct delivery *delivery)
{
	struct wants given;
	struct lease lease;

	if (jobs_unclaim(delivery, &delivery->unsent, 0, &given, &lease) ==
	    -1) {
		delivery->leaves_leases = true;
		return;
	}
	for (size_t i = 0; i < given.count; i++)
		unwant(delivery, &given.list[i], clock_database_ms());
}

/* Gives back what is to be tried again later. Says nothing of the receiver, so
 * that one whose name is answered for stays apart from those that time out.
 * With due_ms it is due in PostgreSQL only then: else the sweep, or a pick
 * without Redis, would bring it again and again meanwhile. */
static void
put_off(struct delivery *delivery, struct jobs *jobs, int64_t queue_ms,
    int64_t due_ms)
{
	struct queue_settled settled[WANTS_MOST];
	struct wants given;
	struct lease lease;

	if (jobs->count == 0 || delivery->doubts.count > 0 ||
	    delivery->doing != DOING_NOTHING ||
	    db_retry_wait_ms(delivery->db) > 0)
		return;
	if (jobs_unclaim(delivery, jobs, due_ms, &given, &lease) == -1) {
		delivery->doubts = given;
		delivery->doubted = lease;
		return;
	}
	for (size_t i = 0; i < given.count; i++)
		settled[i] = (struct queue_settled){ given.list[i].webhook_id,
			given.list[i].subscription_id,
			clock_database_ms() + queue_ms +
			    POSTPONED_MS * (int64_t)i / WANTS_MOST,
			QUEUE_NEUTRAL };
	queue_settle(delivery->queue, settled, given.count, clock_database_ms(),
	    config.window_max);
}

void
claim_put_off(struct delivery *delivery)
{
	put_off(delivery, &delivery->postponed, POSTPONED_MS, 0);
	put_off(delivery, &delivery->locked, LOCKED_MS, LOCKED_MS);
}

void
claim_give_back(struct delivery *delivery)
{
	struct job *job;

	if (delivery->doing != DOING_NOTHING)
		return;
	for (size_t i = 0; i < delivery->wants.count; i++)
		unwant(delivery, &delivery->wants.list[i], clock_database_ms());
	delivery->wants.count = 0;
	while ((job = jobs_take(&delivery->alone)) != NULL ||
	    (job = jobs_take(&delivery->postponed)) != NULL ||
	    (job = jobs_take(&delivery->locked)) != NULL)
		jobs_add(&delivery->unsent, job);
	while (delivery->unsent.count > 0)
		unsent_give_back(delivery);
}
