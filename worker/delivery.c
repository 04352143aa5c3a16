#include "delivery.h"

#include <poll.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "child.h"
#include "ground/clock.h"
#include "ground/config.h"
#include "ground/log.h"
#include "interfaces.h"
#include "shared.h"
#include "stores/keyring.h"
#include "stores/maintenance.h"

#define TURN_MOST_MS 5000 /* between two heartbeats */
#define CLOCK_EVERY_MS 10000
#define CLOCK_AGAIN_MS 500 /* while PostgreSQL is away */
#define CLOCK_TRIES 3
#define FAREWELL_MS 500 /* for what Redis is still to be told */

static void
delivery_free(struct delivery *delivery)
{
	struct jobs *all[] = { &delivery->alone, &delivery->unsent,
		&delivery->postponed, &delivery->locked, &delivery->done,
		&delivery->batch };
	struct job *job;

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		while ((job = jobs_take(all[i])) != NULL)
			job_free(job);
	transfers_free(delivery->transfers);
	window_free(delivery->window);
	queue_free(delivery->bell);
	queue_free(delivery->queue);
	db_free(delivery->db);
	free(delivery);
}

static struct delivery *
delivery_new(uint64_t incarnation)
{
	struct delivery *delivery = memory_get(sizeof(*delivery));

	delivery->room = (size_t)config.worker_concurrency;
	delivery->lease.incarnation = incarnation;
	if (keyring_load(config.secret_key_file) == -1)
		log_error("cannot sign webhooks, what has a secret waits "
			  "reason=\"%s\"",
		    keyring_reason());
	delivery->db = db_new(config.database_url, DB_SERVE);
	delivery->queue = queue_new(config.redis_url, config.share_dir);
	delivery->bell = queue_new(config.redis_url, config.share_dir);
	delivery->window = window_new(delivery->room);
	delivery->transfers =
	    transfers_new(delivery->room, config.http_timeout_ms);
	if (delivery->transfers != NULL)
		return delivery;
	delivery_free(delivery);
	return NULL;
}

/* An early claim may mean that PostgreSQL's clock was set back, and would then
 * be early again and again. */
static bool
clock_is_due(const struct delivery *delivery)
{
	int64_t at = delivery->clock_at;

	if (delivery->clock_doubted)
		at -= CLOCK_EVERY_MS - CLOCK_AGAIN_MS;
	return !delivery->stops && clock_monotonic_ms() >= at;
}

static int
clock_begin(struct delivery *delivery)
{
	delivery->clock_doubted = false;
	delivery->clock_begun = clock_monotonic_ms();
	return maintenance_clock_start(delivery->db);
}

/* While PostgreSQL is away this finds it again. */
static void
clock_ended(struct delivery *delivery, bool well)
{
	int64_t now = clock_monotonic_ms();

	if (!well) {
		delivery->clock_at = now + CLOCK_AGAIN_MS;
		return;
	}
	if (maintenance_clock_finish(
		delivery->db, now - delivery->clock_begun) ||
	    ++delivery->clock_tries >= CLOCK_TRIES) {
		delivery->clock_at = now + CLOCK_EVERY_MS;
		delivery->clock_tries = 0;
	} else
		delivery->clock_at = now;
}

static void
database_ended(struct delivery *delivery, bool well)
{
	bool gone = !well && db_error(delivery->db) == DB_GONE;
	int doing = delivery->doing;

	delivery->doing = DOING_NOTHING;
	if (well && delivery->database_away)
		delivery->clock_at = 0; /* it may be another server now */
	switch (doing) {
	case DOING_CLAIM: claim_ended(delivery, well); break;
	case DOING_PICK: dispatch_picked(delivery, well); break;
	case DOING_SETTLE: settle_end(delivery, well); break;
	case DOING_CLOCK: clock_ended(delivery, well); break;
	default: break;
	}
	if (doing != DOING_CLOCK)
		delivery->settled_last = doing == DOING_SETTLE;
	delivery->database_away = gone;
}

/* Takes turns, so that neither results nor new work pile up. */
static void
database_begin(struct delivery *delivery)
{
	bool claims = claim_is_wanted(delivery);
	int rc;

	if (db_retry_wait_ms(delivery->db) > 0)
		return;
	if (clock_is_due(delivery)) {
		delivery->doing = DOING_CLOCK;
		rc = clock_begin(delivery);
	} else if (delivery->done.count > 0 &&
	    !(claims && delivery->settled_last)) {
		delivery->doing = DOING_SETTLE;
		rc = settle_begin(delivery);
	} else if (claims && !delivery->stops) {
		delivery->doing = DOING_CLAIM;
		rc = claim_begin(delivery);
	} else
		return;
	if (rc == -1)
		database_ended(delivery, false);
}

static void
database_step(struct delivery *delivery)
{
	int rc;

	if (delivery->doing == DOING_NOTHING)
		database_begin(delivery);
	if (delivery->doing == DOING_NOTHING)
		return;
	rc = db_step(delivery->db); /* the first one sends */
	if (rc != 0)
		database_ended(delivery, rc == 1);
}

static int64_t
sooner(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t
delivery_wait_ms(const struct delivery *delivery, int64_t now)
{
	int64_t wait = TURN_MOST_MS, clock;

	wait = sooner(wait, dispatch_wait_ms(delivery, now));
	wait = sooner(wait, queue_wait_ms(delivery->queue));
	wait = sooner(wait, queue_wait_ms(delivery->bell));
	if (delivery->doing != DOING_NOTHING)
		return sooner(wait, db_wait_ms(delivery->db));
	if (delivery->done.count > 0 || delivery->wants.count > 0 ||
	    delivery->postponed.count > 0 || delivery->locked.count > 0)
		wait = sooner(wait, db_retry_wait_ms(delivery->db) + 10);
	if (delivery->stops)
		wait = sooner(wait, 50);
	clock = delivery->clock_at - now;
	return sooner(wait, clock > 0 ? clock : CLOCK_AGAIN_MS);
}

static void
delivery_wait(struct delivery *delivery, int64_t now)
{
	struct pollfd fds[] = {
		{ .fd = child_stops() ? -1 : child_stop_socket(),
		    .events = POLLIN },
		{ .fd = child_stops() ? -1 : child_parent_socket(),
		    .events = POLLIN },
		{ .fd = delivery->doing != DOING_NOTHING
			? db_socket(delivery->db)
			: -1,
		    .events = db_events(delivery->db) },
		{ .fd = queue_socket(delivery->queue),
		    .events = queue_events(delivery->queue) },
		{ .fd = queue_socket(delivery->bell),
		    .events = queue_events(delivery->bell) },
	};
	struct pollfd *parent = &fds[1];
	struct pollfd open[sizeof(fds) / sizeof(fds[0])];
	unsigned count = 0;

	for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++)
		if (fds[i].fd != -1) {
			if (&fds[i] == parent)
				parent = &open[count];
			open[count++] = fds[i];
		}
	transfers_wait(
	    delivery->transfers, open, count, delivery_wait_ms(delivery, now));
	if (parent->revents != 0)
		child_parent_gone();
}

static bool
delivery_is_empty(const struct delivery *delivery)
{
	return transfers_count(delivery->transfers) == 0 &&
	    delivery->done.count == 0 && delivery->batch.count == 0 &&
	    delivery->wants.count == 0 && delivery->doubts.count == 0 &&
	    delivery->unsent.count == 0 && delivery->postponed.count == 0 &&
	    delivery->locked.count == 0 && delivery->doing == DOING_NOTHING &&
	    (!delivery->take_is_out || !queue_is_up(delivery->queue));
}

/* One turn: tick, dispatch, settle. */
static void
delivery_turn(struct delivery *delivery)
{
	int64_t now = clock_monotonic_ms();

	interfaces_look(now);
	settle_answers(delivery);
	database_step(delivery);
	dispatch_step(delivery, now);
	if (delivery->stops)
		claim_give_back(delivery);
	claim_put_off(delivery);
	database_step(delivery);
}

/* A connection a request, and as many kept, besides our own. */
static void
files_raise(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == -1 ||
	    limit.rlim_cur == limit.rlim_max)
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

int
delivery_run(int slot, uint64_t incarnation)
{
	struct delivery *delivery;
	int64_t end = 0, now;
	bool clean, leaves_leases;

	files_raise();
	delivery = delivery_new(incarnation);
	if (delivery == NULL)
		return 111;
	log_info("started delivering concurrency=%zu", delivery->room);
	for (;;) {
		now = clock_monotonic_ms();
		shared_beat(slot);
		if (child_stops() && !delivery->stops) {
			delivery->stops = true;
			end = now + config.http_timeout_ms + 5000;
			log_info("draining in_flight=%zu",
			    transfers_count(delivery->transfers));
		}
		delivery_turn(delivery);
		clean = delivery_is_empty(delivery);
		if (delivery->stops && (clean || now >= end))
			break;
		delivery_wait(delivery, now);
	}
	queue_flush(delivery->queue, FAREWELL_MS);
	if (!clean)
		log_warning("stopped with results that could not be stored "
			    "count=%zu",
		    delivery->done.count + delivery->batch.count);
	log_info("stopped delivering");
	leaves_leases = delivery->leaves_leases;
	delivery_free(delivery);
	return clean && !leaves_leases ? 0 : 111;
}
