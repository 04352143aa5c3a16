/* From an answer to its commit, and only then to the queue and the log. */
#include "delivery.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdlib.h>

#include "ground/clock.h"
#include "ground/config.h"
#include "ground/log.h"
#include "rules/backoff.h"
#include "rules/retry_after.h"

#define BATCH_MOST 500
#define BATCH_BYTES (1 << 20) /* of answers kept; one result always */
#define SETTLE_AGAIN_MS 200   /* the server is there, and its disk is full */

/* A statement costs PostgreSQL hardly more for twenty results than for one: a
 * few wait for others, and a status is seen that much later. */
#define LINGER_MS 20
#define LINGER_MOST 64

/* What a receiver sends may be any bytes; a text column takes UTF-8. */
static void
headers_clean(struct text *headers)
{
	for (size_t i = 0; i < headers->length; i++)
		if (headers->bytes[i] == '\0')
			headers->bytes[i] = ' ';
	if (text_is_utf8(headers->bytes, headers->length))
		return;
	for (size_t i = 0; i < headers->length; i++)
		if ((unsigned char)headers->bytes[i] >= 0x80)
			headers->bytes[i] = '?';
}

/* A receiver that is too busy may ask for more time than the schedule
 * gives, never for less. */
static int64_t
asked_delay_ms(const struct job *job)
{
	int status = job->result.status_code;

	if (status != 429 && status != 503)
		return -1;
	return retry_after_ms(job->result.response_headers, clock_database_ms(),
	    config.retry_after_max_ms);
}

static void
result_decide(struct job *job)
{
	struct result *result = &job->result;
	int64_t delay, asked;

	result->kind = job->outcome.kind == OUTCOME_SUCCESS ? RESULT_SUCCESS
							    : RESULT_FAILURE;
	if (job->outcome.kind != OUTCOME_RETRY)
		return;
	delay = backoff_ms(config.retry_ms, config.retries,
	    job->claimed->retries_used, config.retry_jitter_percent,
	    randombytes_random());
	if (delay == -1)
		return;
	result->kind = RESULT_RETRY;
	asked = asked_delay_ms(job);
	result->due_at = clock_database_ms() + (asked > delay ? asked : delay);
}

static void
job_answered(struct job *job)
{
	struct transfer_answer *answer = &job->answer;
	const struct claimed *claimed = job->claimed;

	job->outcome = outcome_of(&answer->seen);
	headers_clean(&answer->headers);
	job->result = (struct result){
		.log_id = job->log_id,
		.webhook_id = claimed->webhook_id,
		.subscription_id = claimed->subscription_id,
		.lease = claimed->lease,
		.target_url = claimed->target_url,
		.attempt_number = claimed->attempt_number,
		.status_code = answer->seen.status,
		.error =
		    job->outcome.error[0] != '\0' ? job->outcome.error : NULL,
		.duration_ms = answer->duration_ms,
		.phases = answer->phases,
		.signatures = job->signatures.bytes,
		.response_headers = answer->headers.bytes,
		.response_body = answer->body.bytes,
		.response_body_length = answer->body.length,
		.disable = job->outcome.disable,
	};
	result_decide(job);
}

void
settle_answers(struct delivery *delivery)
{
	struct transfer_answer answer;

	while (transfers_answer(delivery->transfers, &answer) == 1) {
		struct job *job = answer.owner;

		job->answer = answer;
		window_leave(delivery->window, &job->claimed->subscription_id,
		    share_counted(job->claimed->payload_length));
		share_leave(
		    &delivery->share, job->class, job->claimed->payload_length);
		free(job->claimed->payload); /* it waits without its load */
		job->claimed->payload = NULL;
		delivery->alone_runs = false;
		if (answer.postponed) {
			jobs_add(&delivery->unsent, job);
			continue;
		}
		job_answered(job);
		if (delivery->done.count == 0)
			delivery->done_since = clock_monotonic_ms();
		jobs_add(&delivery->done, job);
	}
}

/* Milliseconds until the next batch, INT64_MAX when there are no results, or no
 * partition for them yet. */
static int64_t
batch_wait_ms(const struct delivery *delivery, int64_t now)
{
	size_t count = delivery->done.count;
	int64_t at = delivery->settle_at;

	if (count == 0 || delivery->lacks_partition ||
	    delivery->doing == DOING_PARTITIONS)
		return INT64_MAX;
	if (count < LINGER_MOST && count < delivery->share.slots_most &&
	    !delivery->stops && at < delivery->done_since + LINGER_MS)
		at = delivery->done_since + LINGER_MS;
	return at > now ? at - now : 0;
}

int64_t
settle_wait_ms(const struct delivery *delivery, int64_t now)
{
	int64_t wait;

	if (delivery->settles)
		return db_wait_ms(delivery->results_db);
	wait = batch_wait_ms(delivery, now);
	return wait > 0 ? wait : db_retry_wait_ms(delivery->results_db);
}

static int
batch_begin(struct delivery *delivery)
{
	const struct result *results[BATCH_MOST];
	size_t count = 0, bytes = 0;

	if (delivery->batch_most == 0 || delivery->batch_most > BATCH_MOST)
		delivery->batch_most = BATCH_MOST;
	while (count < delivery->batch_most && bytes < BATCH_BYTES &&
	    delivery->done.count > 0) {
		struct job *job = jobs_take(&delivery->done);

		bytes += job->answer.headers.length + job->answer.body.length;
		results[count++] = &job->result;
		jobs_add(&delivery->batch, job);
	}
	delivery->settles = true;
	return delivery_settle_start(delivery->results_db, results, count);
}

static void
job_log(const struct job *job)
{
	static const char *const kinds[] = { [RESULT_SUCCESS] = "success",
		[RESULT_RETRY] = "retry",
		[RESULT_FAILURE] = "failure" };
	const struct result *result = &job->result;
	char webhook[UUID_TEXT_SIZE], subscription[UUID_TEXT_SIZE];

	log_info("attempted webhook=%s subscription=%s attempt=%d outcome=%s "
		 "status=%d ms=%" PRId64 " error=\"%s\"",
	    uuid_text(&result->webhook_id, webhook),
	    uuid_text(&result->subscription_id, subscription),
	    result->attempt_number, kinds[result->kind], result->status_code,
	    result->duration_ms, result->error != NULL ? result->error : "");
}

/* Soon: within a quarter of the time it has. */
static int
health_of(const struct job *job)
{
	bool soon = job->result.duration_ms * 4 <= config.http_timeout_ms;

	switch (job->outcome.health) {
	case HEALTH_WELL: return soon ? QUEUE_WELL : QUEUE_LATE;
	case HEALTH_SICK: return QUEUE_SICK;
	case HEALTH_TIMED_OUT: return QUEUE_TIMED_OUT;
	default:
		return soon && job->result.status_code != 0 ? QUEUE_ANSWERED
							    : QUEUE_NEUTRAL;
	}
}

static void
batch_tell(struct delivery *delivery)
{
	struct queue_settled settled[BATCH_MOST];
	size_t count = 0;
	struct job *job;

	while ((job = jobs_take(&delivery->batch)) != NULL) {
		settled[count++] = (struct queue_settled){
			.webhook_id = job->result.webhook_id,
			.subscription_id = job->result.subscription_id,
			.due_at = job->result.due_at,
			.health = health_of(job),
		};
		job_log(job);
		job_free(job);
	}
	queue_settle(delivery->queue, settled, count, clock_database_ms(),
	    config.window_max);
	delivery->rang = true; /* windows and slots came free */
	delivery->take_at = 0;
}

/* A statement that is wrong for one row is wrong for all: they go one by
 * one, and the one that cannot be stored ends here. Its lease is broken by
 * the keeper, and after ten such interruptions it fails. */
static void
batch_refused(struct delivery *delivery)
{
	char id[UUID_TEXT_SIZE];
	struct job *job;

	if (delivery->batch.count > 1) {
		delivery->batch_most = 1;
		return;
	}
	job = jobs_take(&delivery->batch);
	if (job == NULL)
		return;
	log_error("dropped a result that cannot be stored webhook=%s",
	    uuid_text(&job->result.webhook_id, id));
	job_free(job);
}

static void
tell_disabled(struct delivery *delivery)
{
	char text[UUID_TEXT_SIZE];
	struct uuid *ids;
	size_t count = delivery_settle_disabled(delivery->results_db, &ids);

	for (size_t i = 0; i < count; i++) {
		log_warning(
		    "subscription is disabled id=%s", uuid_text(&ids[i], text));
		queue_uncache(delivery->queue, &ids[i]);
	}
	free(ids);
}

static void
batch_stored(struct delivery *delivery)
{
	size_t late = delivery_settle_finish(delivery->results_db);

	if (late > 0)
		log_warning("results moved no webhook: stored before, or their "
			    "lease was broken count=%zu",
		    late);
	tell_disabled(delivery);
	delivery->batch_most *= 2;
	batch_tell(delivery);
}

static void
batch_failed(struct delivery *delivery)
{
	switch (db_error(delivery->results_db)) {
	case DB_NO_PARTITION: delivery->lacks_partition = true; break;
	case DB_BAD:
	case DB_CONFLICT: batch_refused(delivery); break;
	case DB_GONE: /* it may have been too much for the time */
		if (delivery->batch.count > 1)
			delivery->batch_most = delivery->batch.count / 2;
		delivery->settle_at = clock_monotonic_ms() + SETTLE_AGAIN_MS;
		break;
	default: break;
	}
	jobs_put_back(&delivery->done, &delivery->batch);
}

/* rc: as of db_step. */
static void
batch_step(struct delivery *delivery, int rc)
{
	if (rc == 0)
		return;
	delivery->settles = false;
	delivery_seen(
	    delivery, &delivery->results_away, delivery->results_db, rc == 1);
	if (rc == 1)
		batch_stored(delivery);
	else
		batch_failed(delivery);
}

void
settle_step(struct delivery *delivery)
{
	if (delivery->settles)
		batch_step(delivery, db_step(delivery->results_db));
	if (delivery->settles ||
	    batch_wait_ms(delivery, clock_monotonic_ms()) > 0 ||
	    db_retry_wait_ms(delivery->results_db) > 0)
		return;
	batch_step(delivery,
	    batch_begin(delivery) == -1 ? -1 : db_step(delivery->results_db));
}
