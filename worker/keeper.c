#include "keeper.h"

#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "child.h"
#include "ground/clock.h"
#include "ground/config.h"
#include "ground/log.h"
#include "shared.h"
#include "stores/backlog.h"
#include "stores/db.h"
#include "stores/delivery.h"
#include "stores/maintenance.h"
#include "stores/stats.h"
#include "stores/queue.h"
#include "watch.h"

#define PAGE 1000 /* rows of a full pass at once */
#define PAGES_A_TURN 20
#define SLOW_PAGE 500 /* rows a second of the slow pass */
#define RECENT_MOST 10000
#define EXPIRE_MOST 1000
#define EXPIRE_BEFORE_H 2 /* before its payload is purged */
#define PUSH_MOST 500
#define PUSH_PATIENCE_MS 1000

/* A dead process's claim may be committed after its death was seen, by a
 * server that was still at it: its leases are broken again so much later. */
static const int64_t again_ms[] = { 1000, 3000, 12000 };
#define AGAIN (sizeof(again_ms) / sizeof(again_ms[0]))
#define MOURNED_MOST 64

struct mourned {
	uint64_t incarnation; /* 0: a free place */
	int64_t since;
	size_t again;
};

struct keeper {
	int slot;
	struct mourned mourned[MOURNED_MOST];
	struct db *db;
	struct queue *queue;
	struct watch *watch;
	bool full_pass;			  /* from both ends, until they meet */
	struct uuid oldest, newest, slow; /* cursors */
};

/* Redis's buffer is bounded, so a page waits until the last one has left. */
static void
queue_drain(struct queue *queue)
{
	int64_t end = clock_monotonic_ms() + PUSH_PATIENCE_MS;
	struct pollfd fd;

	while (queue_step(queue) == 0 && (queue_events(queue) & POLLOUT) != 0 &&
	    clock_monotonic_ms() < end) {
		fd = (struct pollfd){ .fd = queue_socket(queue),
			.events = queue_events(queue) };
		poll(&fd, 1, 50);
	}
}

static void
keeper_push(struct keeper *keeper, const struct due *due, size_t count)
{
	struct queue_entry entries[PUSH_MOST];
	size_t done = 0, some;

	while (done < count) {
		some = count - done < PUSH_MOST ? count - done : PUSH_MOST;
		for (size_t i = 0; i < some; i++)
			entries[i] =
			    (struct queue_entry){ due[done + i].webhook_id,
				    due[done + i].subscription_id,
				    due[done + i].due_at };
		queue_push(keeper->queue, entries, some, clock_database_ms());
		queue_drain(keeper->queue);
		done += some;
	}
}

/* Of broken leases: Redis counts them as in flight, and they are not. */
static void
keeper_put_back(struct keeper *keeper, const struct due *due, size_t count)
{
	struct queue_settled settled;

	for (size_t i = 0; i < count; i++) {
		settled = (struct queue_settled){ due[i].webhook_id,
			due[i].subscription_id, due[i].due_at, QUEUE_NEUTRAL };
		queue_settle(keeper->queue, &settled, 1, clock_database_ms(),
		    config.window_max);
	}
	queue_drain(keeper->queue);
}

/* 0, or -1 when PostgreSQL did not do it. */
static int
break_dead(struct keeper *keeper, uint64_t incarnation)
{
	struct due *due;
	int count, all = 0;

	do {
		count = delivery_break_incarnation(
		    keeper->db, incarnation, PAGE, &due);
		if (count > 0)
			keeper_put_back(keeper, due, (size_t)count);
		free(due);
		all += count > 0 ? count : 0;
		shared_beat(keeper->slot);
	} while (count == PAGE);
	if (all > 0)
		log_warning("broke the leases of a dead process count=%d", all);
	return count == -1 ? -1 : 0;
}

static void
mourn(struct keeper *keeper, uint64_t incarnation)
{
	size_t place = 0;

	for (size_t i = 0; i < MOURNED_MOST; i++)
		if (keeper->mourned[i].since < keeper->mourned[place].since)
			place = i;
	keeper->mourned[place] =
	    (struct mourned){ incarnation, clock_monotonic_ms(), 0 };
}

static void
bury_dead(struct keeper *keeper)
{
	uint64_t incarnation;

	shared_acknowledge();
	while (db_retry_wait_ms(keeper->db) == 0 &&
	    (incarnation = shared_dead()) != 0) {
		if (break_dead(keeper, incarnation) == -1)
			return; /* it stays noted */
		mourn(keeper, incarnation);
		shared_forget(incarnation);
	}
}

static void
bury_again(struct keeper *keeper)
{
	int64_t now = clock_monotonic_ms();

	for (size_t i = 0; i < MOURNED_MOST; i++) {
		struct mourned *one = &keeper->mourned[i];

		if (one->incarnation == 0 ||
		    now < one->since + again_ms[one->again])
			continue;
		if (break_dead(keeper, one->incarnation) == -1)
			return; /* each of them would wait as long */
		if (++one->again == AGAIN)
			*one = (struct mourned){ 0 };
	}
}

/* A page from one end: 1, 0 once there is nothing further, -1 on error. */
static int
pass_page(
    struct keeper *keeper, struct uuid *cursor, bool backward, size_t most)
{
	struct due *due = NULL;
	size_t scanned = 0;
	int count =
	    delivery_page(keeper->db, cursor, backward, most, &due, &scanned);

	if (count > 0)
		keeper_push(keeper, due, (size_t)count);
	free(due);
	return count == -1 ? -1 : scanned > 0;
}

static void
full_pass_begin(struct keeper *keeper)
{
	log_info("started a full pass: what Redis holds is not known");
	keeper->full_pass = true;
	memset(&keeper->oldest, 0, sizeof(keeper->oldest));
	memset(&keeper->newest, 0xff, sizeof(keeper->newest));
}

/* The oldest have waited longest, the newest are waited for: in turn. */
static void
full_pass_step(struct keeper *keeper)
{
	int newer, older;

	for (int i = 0; i < PAGES_A_TURN && queue_is_up(keeper->queue); i++) {
		newer = pass_page(keeper, &keeper->newest, true, PAGE);
		older = newer == -1
		    ? -1
		    : pass_page(keeper, &keeper->oldest, false, PAGE);
		shared_beat(keeper->slot);
		if (older == -1)
			return; /* goes on at the next turn */
		if (newer == 0 || older == 0 ||
		    uuid_compare(&keeper->oldest, &keeper->newest) >= 0) {
			keeper->full_pass = false;
			log_info("ended a full pass");
			return;
		}
	}
}

/* Of resumed subscriptions; a big backlog takes some turns. */
static void
restart_resumed(struct keeper *keeper)
{
	struct due *due;
	bool more = true;
	int count;

	for (int i = 0; i < PAGES_A_TURN && more; i++) {
		count = delivery_restart(keeper->db, PAGE, &due, &more);
		if (count > 0)
			keeper_push(keeper, due, (size_t)count);
		free(due);
		shared_beat(keeper->slot);
	}
}

static void
each_second(struct keeper *keeper)
{
	int64_t now = clock_database_ms();
	struct due *due = NULL;
	int count;

	if (queue_check_epoch(keeper->queue) == 0)
		full_pass_begin(keeper);
	if (!queue_is_up(keeper->queue))
		return;
	count = delivery_recently_due(
	    keeper->db, now - 10000, now - 2000, RECENT_MOST, &due);
	if (count > 0)
		keeper_push(keeper, due, (size_t)count);
	free(due);
	if (count != -1 && !keeper->full_pass &&
	    pass_page(keeper, &keeper->slow, false, SLOW_PAGE) == 0)
		memset(&keeper->slow, 0, sizeof(keeper->slow));
}

static void
watch_leases(struct keeper *keeper)
{
	int64_t least = config.lease_seconds * 1000;
	struct held *held = NULL, stale;
	struct due *due;
	size_t at = 0;
	int count = delivery_leases(keeper->db, &held);

	if (count == -1) {
		watch_miss(keeper->watch);
		free(held);
		return;
	}
	watch_look(
	    keeper->watch, held, (size_t)count, clock_monotonic_ms(), 10000);
	free(held);
	while (watch_expired(keeper->watch, least, &at, &stale) == 1) {
		char id[UUID_TEXT_SIZE];

		due = NULL;
		count = delivery_break_lease(
		    keeper->db, &stale.webhook_id, stale.lease, &due);
		if (count > 0) {
			log_warning("broke a lease that nobody settled "
				    "webhook=%s",
			    uuid_text(&stale.webhook_id, id));
			keeper_put_back(keeper, due, (size_t)count);
		}
		free(due);
		shared_beat(keeper->slot);
		if (count == -1)
			return;
	}
}

static void
expire(struct keeper *keeper)
{
	int count;

	do {
		count = delivery_expire(keeper->db,
		    config.log_retention_hours - EXPIRE_BEFORE_H, EXPIRE_MOST);
		if (count > 0)
			log_info(
			    "ended what cannot be delivered count=%d", count);
		shared_beat(keeper->slot);
	} while (count >= EXPIRE_MOST && !child_stops());
}

static void
look_at_leases(struct keeper *keeper)
{
	watch_leases(keeper);
	expire(keeper);
}

static void
measure_clock(struct keeper *keeper)
{
	maintenance_measure_clock(keeper->db);
}

/* Whose backlog it is: the worker's, or a subscription's own. */
static void
warn_of_late(struct keeper *keeper)
{
	struct backlog backlog;
	char id[UUID_TEXT_SIZE];

	if (backlog_get(keeper->db, &backlog) == -1)
		return;
	if (backlog.unserved.ms >= 0)
		log_error(
		    "webhooks are due and not being delivered: the worker "
		    "may be stuck, or have too few processes "
		    "subscription=%s oldest_s=%" PRId64 " pending=%" PRId64,
		    uuid_text(&backlog.unserved.subscription_id, id),
		    backlog.unserved.ms / 1000, backlog.pending);
	else if (backlog.oldest.ms >= BACKLOG_LATE_MS)
		log_info("a subscription has a backlog of its own "
			 "subscription=%s oldest_s=%" PRId64
			 " pending=%" PRId64,
		    uuid_text(&backlog.oldest.subscription_id, id),
		    backlog.oldest.ms / 1000, backlog.pending);
}

static void
make_partitions(struct keeper *keeper)
{
	maintenance_ensure_partitions(keeper->db, 10000);
}

static void
sum_up(struct keeper *keeper)
{
	stats_sum_up(keeper->db);
}

static struct duty {
	int64_t every_ms;
	void (*run)(struct keeper *keeper);
	int64_t next;
} duties[] = {
	{ 10000, measure_clock, 0 },
	{ 600000, make_partitions, 0 },
	{ 1000, bury_again, 0 },
	{ 500, restart_resumed, 0 },
	{ 1000, each_second, 0 },
	{ 5000, look_at_leases, 0 },
	{ 60000, warn_of_late, 0 },
	{ 60000, sum_up, 0 },
};
#define DUTIES (sizeof(duties) / sizeof(duties[0]))

/* What is due; returns how long one may sleep. */
static int64_t
keeper_tick(struct keeper *keeper)
{
	int64_t now, wait = 1000;

	if (db_retry_wait_ms(keeper->db) > 0) {
		watch_miss(keeper->watch);
		return db_retry_wait_ms(keeper->db);
	}
	for (size_t i = 0; i < DUTIES && !child_stops(); i++) {
		now = clock_monotonic_ms();
		if (now >= duties[i].next) {
			duties[i].run(keeper);
			duties[i].next = now + duties[i].every_ms;
			shared_beat(keeper->slot);
		}
		if (duties[i].next - now < wait)
			wait = duties[i].next - now;
	}
	if (keeper->full_pass)
		full_pass_step(keeper);
	if (keeper->full_pass && queue_is_up(keeper->queue))
		return db_retry_wait_ms(keeper->db);
	return wait > 0 ? wait : 0;
}

static void
keeper_wait(struct keeper *keeper, int64_t wait_ms)
{
	struct pollfd fds[] = {
		{ .fd = shared_socket(), .events = POLLIN },
		{ .fd = child_stop_socket(), .events = POLLIN },
		{ .fd = child_parent_socket(), .events = POLLIN },
		{ .fd = queue_socket(keeper->queue),
		    .events = queue_events(keeper->queue) },
	};

	poll(fds, 4, (int)wait_ms);
	if (fds[2].revents != 0)
		child_parent_gone();
	queue_step(keeper->queue);
}

static void
keep(struct keeper *keeper)
{
	log_info("started keeping");
	while (!child_stops()) {
		shared_beat(keeper->slot);
		bury_dead(keeper);
		keeper_wait(keeper, keeper_tick(keeper));
	}
	bury_dead(keeper); /* who died while the service stopped */
	log_info("stopped keeping");
}

int
keeper_run(int slot)
{
	struct keeper keeper = { .slot = slot };
	int rc;

	keeper.db = db_new(
	    config.delivery_database_url, DB_MAINTAIN, "postrider keeper");
	keeper.queue = queue_new(config.redis_url, config.share_dir);
	keeper.watch = watch_new();
	if (keeper.queue != NULL)
		keep(&keeper);
	rc = keeper.queue != NULL ? 0 : 111;
	watch_free(keeper.watch);
	queue_free(keeper.queue);
	db_free(keeper.db);
	return rc;
}
