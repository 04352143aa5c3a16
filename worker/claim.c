/* From an id that is wanted to a request in flight, or back again. */
#include "delivery.h"

#include <inttypes.h>
#include <stdlib.h>

#include "ground/clock.h"
#include "ground/config.h"
#include "ground/log.h"
#include "stores/keyring.h"

#define ALONE_FROM 2	  /* interruptions in a row */
#define LATER_MS 500	  /* for the name server, and as much spread */
#define PAUSE_FROM 9	  /* failures in a row: one row is left to halve */
#define PAUSE_LEAST_MS 20 /* doubled with each failure */
#define PAUSE_DOUBLED 6	  /* times */
#define PAUSE_MOST_MS 1000
#define RETURN_AGAIN_MS 500 /* while PostgreSQL is away */
#define LOCKED_MS 15000	    /* for whoever mends the key file */
#define LOCKED_TELL_MS 10000
#define PACE_BYTES ((size_t)4 << 20) /* of large payloads in a claim */
#define FAILING_FROM 3		     /* claims in a row */
#define FAILING_TELL_MS 10000
#define FAILING_FORGET_MS 15000 /* without anything to claim */

void
claim_unwant(
    struct delivery *delivery, const struct wanted *wanted, int64_t due_at)
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

/* 0, or -1 when a secret cannot be opened. */
static int
job_sign(struct job *job)
{
	struct claimed *claimed = job->claimed;

	if (claimed_open(claimed) == -1)
		return -1;
	text_clear(&job->signatures);
	request_sign(&job->signatures, claimed->secrets, claimed->secrets_count,
	    &claimed->webhook_id, uuid_ms(&job->log_id) / 1000,
	    claimed->payload, claimed->payload_length);
	claimed_seal(claimed);
	return 0;
}

static void
job_start(struct delivery *delivery, struct job *job)
{
	const struct claimed *claimed = job->claimed;
	struct request_fields fields = { 0 };

	job->log_id = uuid_new();
	if (job_sign(job) == -1) {
		job_locked(delivery, job);
		return;
	}
	fields = (struct request_fields){
		.webhook_id = claimed->webhook_id,
		.timestamp = uuid_ms(&job->log_id) / 1000,
		.signatures = job->signatures.bytes,
		.content_type = claimed->content_type,
		.event_type = claimed->event_type,
		.signature = claimed->signature,
		.hops = claimed->hops,
	};
	if (transfers_start(delivery->transfers, claimed, &fields,
		job->class == QUEUE_SLOW, job) == -1) {
		jobs_add(&delivery->unsent, job);
		return;
	}
	window_enter(delivery->window, &claimed->subscription_id,
	    share_counted(claimed->payload_length));
	share_enter(&delivery->share, job->class, claimed->payload_length);
}

/* So many can wait for their turn alone well within their lease. */
static size_t
alone_most(void)
{
	int64_t most = config.lease_seconds * 1000 / 3 / config.http_timeout_ms;

	return most > 1 ? (size_t)most : 1;
}

static void
job_claimed(
    struct delivery *delivery, struct claimed *claimed, enum queue_class class)
{
	struct job *job = memory_get(sizeof(*job));

	job->claimed = claimed;
	job->class = class;
	if (delivery->stops)
		jobs_add(&delivery->unsent, job);
	else if (claimed->interruptions < ALONE_FROM)
		job_start(delivery, job);
	else if (delivery->alone.count < alone_most())
		jobs_add(&delivery->alone, job);
	else
		jobs_add(&delivery->unsent, job);
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
	return delivery->wants.count > 0 && delivery->returns.count == 0;
}

int
claim_begin(struct delivery *delivery)
{
	struct uuid ids[WANTS_MOST];

	for (size_t i = 0; i < delivery->wants.count; i++)
		ids[i] = delivery->wants.list[i].webhook_id;
	delivery->lease.sequence++;
	return delivery_claim_start(delivery->db, ids, delivery->wants.count,
	    delivery->lease,
	    delivery->wants.large ? SIZE_MAX : SHARE_SMALL_BYTES);
}

/* Nothing is delivered, since PostgreSQL does not let us claim, or give back a
 * claim that failed. */
static void
failure_note(struct delivery *delivery)
{
	struct pace *pace = &delivery->pace;
	int64_t now = clock_monotonic_ms();

	if (pace->failed++ == 0)
		pace->failing_since = now;
	pace->failed_at = now;
	if (pace->failed < FAILING_FROM)
		return;
	db_rename(delivery->db, DELIVERY_FAILING_NAME);
	if (now < pace->tell_at)
		return;
	pace->tell_at = now + FAILING_TELL_MS;
	log_error("claims keep failing, so nothing is delivered failed=%zu "
		  "seconds=%" PRId64 " rows=%zu bytes=%zu reason=\"%s\"",
	    pace->failed, (now - pace->failing_since) / 1000, pace->rows,
	    pace->bytes, db_message(delivery->db));
}

/* The next claim asks for half as much, down to one row. */
static void
claim_failed(struct delivery *delivery)
{
	struct pace *pace = &delivery->pace;

	if (pace->rows > 1)
		pace->rows /= 2;
	if (pace->bytes > 1)
		pace->bytes /= 2;
	failure_note(delivery);
}

/* Asking for less may help, and needs no pause; then claims that PostgreSQL
 * refuses at once would fill its log. */
static int64_t
failure_pause_ms(const struct pace *pace)
{
	if (pace->failed < PAUSE_FROM)
		return 0;
	return pace->failed < PAUSE_FROM + PAUSE_DOUBLED
	    ? PAUSE_LEAST_MS << (pace->failed - PAUSE_FROM)
	    : PAUSE_MOST_MS;
}

static void
failure_forget(struct delivery *delivery)
{
	struct pace *pace = &delivery->pace;

	if (pace->failed >= FAILING_FROM) {
		db_rename(delivery->db, DELIVERY_NAME);
		log_info("claims work again failed=%zu", pace->failed);
	}
	pace->failed = 0;
}

static void
claim_worked(struct delivery *delivery)
{
	struct pace *pace = &delivery->pace;

	failure_forget(delivery);
	pace->rows = pace->rows < WANTS_MOST / 2 ? pace->rows * 2 : WANTS_MOST;
	pace->bytes =
	    pace->bytes < PACE_BYTES / 2 ? pace->bytes * 2 : PACE_BYTES;
}

void
claim_idle_step(struct delivery *delivery, int64_t now)
{
	if (delivery->pace.failed > 0 && delivery->doing == DOING_NOTHING &&
	    delivery->wants.count == 0 && delivery->returns.count == 0 &&
	    now - delivery->pace.failed_at >= FAILING_FORGET_MS)
		failure_forget(delivery);
}

void
claim_begin_pace(struct delivery *delivery)
{
	delivery->pace =
	    (struct pace){ .rows = WANTS_MOST, .bytes = PACE_BYTES };
}

/* What was not taken, and why. */
static void
claim_refused(struct delivery *delivery, const struct wanted *wanted,
    const struct claim_answer *answer)
{
	if (answer->kind == CLAIM_LARGE)
		large_add(delivery, wanted, answer->bytes);
	else
		claim_unwant(delivery, wanted,
		    answer->kind == CLAIM_EARLY ? answer->due_at : 0);
	delivery->clock_doubted |= answer->kind == CLAIM_EARLY;
}

void
claim_ended(struct delivery *delivery, bool well)
{
	struct claim_answer *answers;
	size_t count;

	if (!well) { /* its COMMIT may have arrived */
		claim_failed(delivery);
		delivery->returns = delivery->wants;
		delivery->returns_lease = delivery->lease;
		delivery->returns_at =
		    clock_monotonic_ms() + failure_pause_ms(&delivery->pace);
		/* alone it is what cannot be claimed: others go first */
		delivery->returns_later = delivery->wants.count == 1;
		delivery->returns_locked = false;
		delivery->wants.count = 0;
		return;
	}
	count = delivery_claim_finish(delivery->db, delivery->lease, &answers);
	for (size_t i = 0; i < count; i++) {
		const struct wanted *wanted =
		    wanted_find(delivery, &answers[i].webhook_id);

		if (answers[i].kind == CLAIM_TAKEN)
			job_claimed(delivery, answers[i].claimed,
			    wanted != NULL ? wanted->class : QUEUE_UNTRIED);
		else if (wanted != NULL)
			claim_refused(delivery, wanted, &answers[i]);
	}
	free(answers);
	delivery->wants.count = 0;
	claim_worked(delivery);
}

void
claim_alone_step(struct delivery *delivery)
{
	if (delivery->alone.count == 0 || delivery->alone_runs ||
	    transfers_count(delivery->transfers) > 0 || delivery->stops ||
	    delivery->done.count > 0 || delivery->settles ||
	    delivery->doing != DOING_NOTHING)
		return;
	delivery->alone_runs = true;
	job_start(delivery, jobs_take(&delivery->alone));
	delivery->alone_runs = transfers_count(delivery->transfers) > 0;
}

void
claim_stop(struct delivery *delivery)
{
	struct job *job;

	if (delivery->doing == DOING_CLAIM)
		return;
	for (size_t i = 0; i < delivery->wants.count; i++)
		claim_unwant(
		    delivery, &delivery->wants.list[i], clock_database_ms());
	delivery->wants.count = 0;
	large_give_back(delivery, clock_monotonic_ms());
	while ((job = jobs_take(&delivery->alone)) != NULL)
		jobs_add(&delivery->unsent, job);
}

/* Those of one claim, since they share its lease. */
static void
returns_fill(struct delivery *delivery, struct jobs *jobs)
{
	struct wants *returns = &delivery->returns;
	struct lease lease = jobs->first->claimed->lease;
	struct job *job;

	while ((job = jobs->first) != NULL && returns->count < WANTS_MOST &&
	    job->claimed->lease.sequence == lease.sequence) {
		returns->list[returns->count++] =
		    (struct wanted){ .webhook_id = job->claimed->webhook_id,
			    .subscription_id = job->claimed->subscription_id };
		job_free(jobs_take(jobs));
	}
	delivery->returns_lease = lease;
	delivery->returns_later = !delivery->stops;
	delivery->returns_locked = jobs == &delivery->locked;
}

/* In PostgreSQL what is locked is due later too: else the sweep, or a pick
 * without Redis, would bring it again and again meanwhile. */
static int64_t
returns_delay_ms(const struct delivery *delivery)
{
	return delivery->returns_locked ? LOCKED_MS : 0;
}

/* A claim under way is given back too, if it fails: it goes first. */
int64_t
claim_return_wait_ms(struct delivery *delivery, int64_t now)
{
	struct jobs *jobs =
	    delivery->unsent.count > 0 ? &delivery->unsent : &delivery->locked;

	if (delivery->returns.count == 0 && jobs->count > 0 &&
	    delivery->doing != DOING_CLAIM)
		returns_fill(delivery, jobs);
	if (delivery->returns.count == 0)
		return INT64_MAX;
	return now < delivery->returns_at ? delivery->returns_at - now : 0;
}

int
claim_return_begin(struct delivery *delivery)
{
	struct uuid ids[WANTS_MOST];
	size_t count = delivery->returns.count;

	for (size_t i = 0; i < count; i++)
		ids[i] = delivery->returns.list[i].webhook_id;
	return delivery_unclaim_start(delivery->db, ids, count,
	    delivery->returns_lease, returns_delay_ms(delivery));
}

/* Says nothing of the receiver, so that one whose name is answered for stays
 * apart from those that time out. */
void
claim_return_ended(struct delivery *delivery, bool well)
{
	struct queue_settled settled[WANTS_MOST];
	size_t count = delivery->returns.count;
	int64_t now = clock_database_ms();

	if (!well) {
		failure_note(delivery);
		delivery->returns_at = clock_monotonic_ms() + RETURN_AGAIN_MS;
		return;
	}
	for (size_t i = 0; i < count; i++) {
		const struct wanted *wanted = &delivery->returns.list[i];

		settled[i] = (struct queue_settled){ wanted->webhook_id,
			wanted->subscription_id,
			now + returns_delay_ms(delivery), QUEUE_NEUTRAL };
		if (delivery->returns_later)
			settled[i].due_at +=
			    LATER_MS + LATER_MS * (int64_t)i / WANTS_MOST;
	}
	queue_settle(delivery->queue, settled, count, now, config.window_max);
	delivery->returns.count = 0;
	delivery->returns_at = 0;
}
