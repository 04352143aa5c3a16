#include "delivery.h"

#include <malloc.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "child.h"
#include "ground/clock.h"
#include "ground/config.h"
#include "ground/interfaces.h"
#include "ground/log.h"
#include "rules/egress.h"
#include "shared.h"
#include "stores/keyring.h"
#include "stores/maintenance.h"

#define TURN_MOST_MS 5000 /* between two heartbeats */
#define CLOCK_EVERY_MS 10000
#define CLOCK_AGAIN_MS 500 /* while PostgreSQL is away */
#define CLOCK_TRIES 3
#define FAREWELL_MS 500 /* for what Redis is still to be told */

/* Kept for the next batch instead of given back to the kernel after each. */
#define SPARE_BYTES (16 << 20)
/* By itself, so given back when freed. Above libcurl's buffer of 64 KiB, which
 * is made and freed with each request. */
#define MAPPED_FROM_BYTES (128 << 10)

static void
delivery_free(struct delivery *delivery)
{
	struct jobs *all[] = { &delivery->alone, &delivery->unsent,
		&delivery->locked, &delivery->done, &delivery->batch };
	struct job *job;

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		while ((job = jobs_take(all[i])) != NULL)
			job_free(job);
	transfers_free(delivery->transfers);
	window_free(delivery->window);
	queue_free(delivery->bell);
	queue_free(delivery->queue);
	db_free(delivery->results_db);
	db_free(delivery->db);
	free(delivery);
}

/* Several name servers have their turn within an attempt. */
static struct dns_patience
dns_patience(void)
{
	int64_t most = config.http_timeout_ms / 3;
	int64_t timeout = config.dns_timeout_ms;

	return (struct dns_patience){ timeout < most ? timeout : most,
		config.dns_tries };
}

static struct delivery *
delivery_new(uint64_t incarnation)
{
	struct delivery *delivery = memory_get(sizeof(*delivery));

	size_t room = (size_t)config.worker_concurrency;

	delivery->share = share_of(room, (size_t)config.max_payload_bytes);
	claim_begin_pace(delivery);
	delivery->lease.incarnation = incarnation;
	if (keyring_load(config.secret_key_file) == -1)
		log_error("cannot sign webhooks, what has a secret waits "
			  "reason=\"%s\"",
		    keyring_reason());
	delivery->db =
	    db_new(config.delivery_database_url, DB_DELIVER, DELIVERY_NAME);
	delivery->results_db =
	    db_new(config.delivery_database_url, DB_SERVE, "postrider results");
	delivery->queue = queue_new(config.redis_url, config.share_dir);
	delivery->bell = queue_new(config.redis_url, config.share_dir);
	delivery->window = window_new(room);
	delivery->transfers = transfers_new(room, config.http_timeout_ms,
	    config.require_https, config.ca_file, dns_patience());
	if (delivery->queue != NULL && delivery->bell != NULL &&
	    delivery->transfers != NULL &&
	    interfaces_look(clock_monotonic_ms(), egress_set_own) == 0)
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
	delivery->clock_begun_us = clock_monotonic_us();
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
	if (maintenance_clock_finish(delivery->db,
		clock_monotonic_us() - delivery->clock_begun_us) ||
	    ++delivery->clock_tries >= CLOCK_TRIES) {
		delivery->clock_at = now + CLOCK_EVERY_MS;
		delivery->clock_tries = 0;
	} else
		delivery->clock_at = now;
}

void
delivery_seen(
    struct delivery *delivery, bool *away, const struct db *db, bool well)
{
	if (well && *away)
		delivery->clock_at = 0; /* it may be another server now */
	*away = !well && db_error(db) == DB_GONE;
}

static void
database_ended(struct delivery *delivery, bool well)
{
	int doing = delivery->doing;

	delivery->doing = DOING_NOTHING;
	delivery_seen(delivery, &delivery->database_away, delivery->db, well);
	switch (doing) {
	case DOING_CLAIM: claim_ended(delivery, well); break;
	case DOING_PICK: dispatch_picked(delivery, well); break;
	case DOING_CLOCK: clock_ended(delivery, well); break;
	case DOING_RETURN: claim_return_ended(delivery, well); break;
	default: break; /* without a partition the next settle says so */
	}
}

static int
partitions_begin(struct delivery *delivery)
{
	delivery->lacks_partition = false;
	return maintenance_ensure_start(delivery->db);
}

static int
next_doing(struct delivery *delivery)
{
	if (clock_is_due(delivery))
		return DOING_CLOCK;
	if (delivery->lacks_partition)
		return DOING_PARTITIONS;
	if (claim_return_wait_ms(delivery, clock_monotonic_ms()) == 0)
		return DOING_RETURN;
	return claim_is_wanted(delivery) && !delivery->stops ? DOING_CLAIM
							     : DOING_NOTHING;
}

static void
database_begin(struct delivery *delivery)
{
	static int (*const begin[])(struct delivery *) = {
		[DOING_CLAIM] = claim_begin,
		[DOING_CLOCK] = clock_begin,
		[DOING_RETURN] = claim_return_begin,
		[DOING_PARTITIONS] = partitions_begin,
	};

	if (db_retry_wait_ms(delivery->db) > 0)
		return;
	delivery->doing = next_doing(delivery);
	if (delivery->doing != DOING_NOTHING &&
	    begin[delivery->doing](delivery) == -1)
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
delivery_wait_ms(struct delivery *delivery, int64_t now)
{
	int64_t wait = TURN_MOST_MS, clock, returns;

	wait = sooner(wait, dispatch_wait_ms(delivery, now));
	wait = sooner(wait, queue_wait_ms(delivery->queue));
	wait = sooner(wait, queue_wait_ms(delivery->bell));
	wait = sooner(wait, settle_wait_ms(delivery, now));
	if (delivery->doing != DOING_NOTHING)
		return sooner(wait, db_wait_ms(delivery->db));
	returns = claim_return_wait_ms(delivery, now);
	if (delivery->wants.count > 0 || returns == 0 ||
	    delivery->lacks_partition)
		wait = sooner(wait, db_retry_wait_ms(delivery->db) + 10);
	else
		wait = sooner(wait, returns);
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
		{ .fd = delivery->settles ? db_socket(delivery->results_db)
					  : -1,
		    .events = db_events(delivery->results_db) },
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
	    delivery->wants.count == 0 && delivery->large_count == 0 &&
	    delivery->returns.count == 0 && delivery->unsent.count == 0 &&
	    delivery->locked.count == 0 && delivery->doing == DOING_NOTHING &&
	    !delivery->settles &&
	    (!delivery->take_is_out || !queue_is_up(delivery->queue));
}

static void
delivery_turn(struct delivery *delivery)
{
	int64_t now = clock_monotonic_ms();

	interfaces_look(now, egress_set_own);
	settle_answers(delivery);
	settle_step(delivery);
	database_step(delivery);
	dispatch_step(delivery, now);
	if (delivery->stops)
		claim_stop(delivery);
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
	bool clean;

	files_raise();
	mallopt(M_TRIM_THRESHOLD, SPARE_BYTES);
	mallopt(M_MMAP_THRESHOLD, MAPPED_FROM_BYTES);
	delivery = delivery_new(incarnation);
	if (delivery == NULL)
		return 111;
	log_info(
	    "started delivering concurrency=%zu", delivery->share.slots_most);
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
	delivery_free(delivery);
	return clean ? 0 : 111; /* else the supervisor has its leases broken */
}
