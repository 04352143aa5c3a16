/*
 * The loop of every pool: wait, hear all that is ready, handle it as one
 * batch, answer it, wait. At ingest the load makes the batches, and a short
 * wait for more; the others take one connection a turn, so that it goes to a
 * process that is free, and a request that is slow to arrive holds none.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "doors/http_slots.h"
#include "ground/clock.h"
#include "ground/heartbeat.h"

#define ACCEPTS 16
/* Each may make one request ready, and one that is evicted. */
#define EVENTS (HTTP_BATCH_MAX / 2 - ACCEPTS)
#define TICK_MS 1000
#define IDLE_TICK_MS HEARTBEAT_EVERY_MS
#define BUSY_TICK_MS 20 /* what idle() began may be ready to go on */

/* A commit of six costs PostgreSQL little more than one of a single request;
 * beyond that the wake-ups for each cost as much as is saved. */
#define GATHER_MS 2
#define GATHER_MOST 6

#define STOP_MS 5000 /* for what is under way when we shall stop */
#define STOP_TICK_MS 50
#define STOP_IDLE_MS 500

struct batcher {
	size_t max_body;
	int accepts;
	void (*heads)(struct exchange *const *, size_t, bool, void *);
	void (*handle)(struct exchange *const *, size_t, bool, void *);
	void (*idle)(void *);
	void *context;
	bool is_listening;
	bool waited;
	size_t expected; /* so many requests came together lately */
	struct http_slots slots;
};

static void
listen_stop(struct batcher *batcher)
{
	if (batcher->is_listening)
		epoll_ctl(
		    batcher->slots.epoll, EPOLL_CTL_DEL, HTTP_LISTEN_FD, NULL);
	batcher->is_listening = false;
}

/* A caller that waits in the backlog is seen again when a slot is free. */
static void
listen_set(struct batcher *batcher)
{
	if (batcher->slots.open == HTTP_SLOTS || http_process_stopping())
		listen_stop(batcher);
	else if (!batcher->is_listening)
		batcher->is_listening =
		    http_process_listen(batcher->slots.epoll, NULL) == 0;
}

static void
answer_all(struct batcher *batcher)
{
	struct http_slot *slot;

	for (size_t i = 0; i < batcher->slots.ready_count; i++) {
		slot = batcher->slots.ready[i];
		slot->is_ready = false;
		http_answer_send(&slot->exchange.request,
		    &slot->exchange.response, slot->link);
		http_request_release(&slot->exchange.request);
		if (slot->is_early)
			http_slots_skip(&batcher->slots, slot);
		else if (!http_link_finish(slot->link))
			http_slots_leave(&batcher->slots, slot);
	}
	batcher->slots.ready_count = 0;
}

/* Requests whose body is still to come may be refused for their header. */
static void
ask_all(struct batcher *batcher)
{
	struct exchange *batch[HTTP_BATCH_MAX];
	struct http_slots *slots = &batcher->slots;
	size_t count = 0;

	for (size_t i = 0; i < slots->asked_count; i++)
		if (!slots->asked[i]->is_ready)
			batch[count++] = &slots->asked[i]->exchange;
	if (count != 0)
		batcher->heads(batch, count, batcher->waited, batcher->context);
	for (size_t i = 0; i < slots->asked_count; i++)
		http_slots_pass(slots, slots->asked[i]);
	slots->asked_count = 0;
}

static void
handle_all(struct batcher *batcher)
{
	struct exchange *batch[HTTP_BATCH_MAX];
	size_t count = 0;

	ask_all(batcher);
	for (size_t i = 0; i < batcher->slots.ready_count; i++)
		if (batcher->slots.ready[i]->exchange.response.status == 0)
			batch[count++] = &batcher->slots.ready[i]->exchange;
	if (count != 0)
		batcher->handle(
		    batch, count, batcher->waited, batcher->context);
	answer_all(batcher);
}

/* Who is in the backlog came before we stopped, and is served. */
static void
listen_end(struct batcher *batcher, int64_t now_ms)
{
	size_t before;

	listen_stop(batcher);
	do {
		before = batcher->slots.open;
		http_slots_accept(&batcher->slots, now_ms);
		handle_all(batcher);
	} while (batcher->slots.open > before);
	http_process_deafen();
}

/* Takes what happens before the time-out; of how many connections. */
static int
hear(struct batcher *batcher, int timeout_ms)
{
	struct epoll_event events[EVENTS];
	int room = EVENTS - (int)batcher->slots.ready_count -
	    (int)batcher->slots.asked_count;
	int count = room <= 0
	    ? 0
	    : http_process_wait(batcher->slots.epoll, events, room, timeout_ms);
	int64_t now_ms = clock_monotonic_ms();

	for (int i = 0; i < count; i++)
		if (events[i].data.ptr != NULL)
			http_slots_hear(
			    &batcher->slots, events[i].data.ptr, now_ms);
	for (int i = 0; i < count; i++)
		if (events[i].data.ptr == NULL)
			http_slots_accept(&batcher->slots, now_ms);
	return count;
}

/* Waits for as many as came together lately. A caller that is alone, and sends
 * one request after another, waits only in the few turns after a crowd. */
static void
gather(struct batcher *batcher)
{
	int64_t now_ms = clock_monotonic_ms(), end_ms = now_ms + GATHER_MS;
	size_t came;

	while (
	    batcher->slots.ready_count < batcher->expected && now_ms < end_ms) {
		hear(batcher, (int)(end_ms - now_ms));
		now_ms = clock_monotonic_ms();
	}
	came = batcher->slots.ready_count;
	if (came < batcher->expected)
		batcher->expected--;
	else
		batcher->expected = came < GATHER_MOST ? came : GATHER_MOST;
}

/* One turn; true when something happened. */
static bool
turn(struct batcher *batcher, int timeout_ms)
{
	int count;

	heartbeat();
	if (batcher->idle != NULL)
		batcher->idle(batcher->context);
	listen_set(batcher);
	count = hear(batcher, 0);
	batcher->waited = count != 0;
	if (!batcher->waited)
		count = hear(batcher, timeout_ms);
	if (batcher->accepts > 1 && batcher->slots.ready_count > 0)
		gather(batcher);
	handle_all(batcher);
	http_slots_sweep(&batcher->slots, clock_monotonic_ms());
	return count != 0;
}

/* Apache may reuse a kept connection at the very moment we close it, and
 * then its client gets a 503. One that has been idle for a while is hardly
 * going to be taken just now. (To close a busy one with its answer is no
 * cure: Apache is quicker to reuse it than we are to close it.) */
static void
stop(struct batcher *batcher)
{
	int64_t begun_ms = clock_monotonic_ms(), now_ms = begun_ms;

	listen_end(batcher, now_ms);
	while (batcher->slots.open != 0 && now_ms - begun_ms < STOP_MS) {
		turn(batcher, STOP_TICK_MS);
		now_ms = clock_monotonic_ms();
		http_slots_close_idle(&batcher->slots, now_ms - STOP_IDLE_MS);
	}
}

static int
patience_ms(const struct batcher *batcher, bool was_busy)
{
	if (batcher->idle != NULL)
		return was_busy ? BUSY_TICK_MS : TICK_MS;
	/* Where it cannot listen, it tries again. */
	return batcher->slots.open != 0 || !batcher->is_listening
	    ? TICK_MS
	    : IDLE_TICK_MS;
}

static int
serve_pool(struct batcher *batcher)
{
	bool was_busy = false;
	int rc = 111;

	if (http_slots_open(
		&batcher->slots, batcher->max_body, batcher->accepts) == -1 ||
	    http_process_start() == -1)
		goto out;
	while (!http_process_stopping())
		was_busy = turn(batcher, patience_ms(batcher, was_busy));
	stop(batcher);
	rc = 0;
out:
	http_slots_close(&batcher->slots);
	return rc;
}

static int
serve_cgi(struct batcher *batcher)
{
	struct http_link *link = http_link_new();
	struct exchange exchange = { 0 }, *batch = &exchange;

	http_link_begin_cgi(link);
	http_request_read(&exchange.request, link, batcher->max_body);
	batcher->handle(&batch, 1, false, batcher->context);
	http_answer_send(&exchange.request, &exchange.response, link);
	http_request_release(&exchange.request);
	http_link_free(link);
	return 0;
}

/* The batcher is the caller's to fill in. */
static int
serve(struct batcher *batcher)
{
	int rc = 111, started = http_link_init();

	heartbeat_take_over();
	if (started != -1)
		rc = started == 1 ? serve_cgi(batcher) : serve_pool(batcher);
	free(batcher);
	return rc;
}

int
http_serve_batches(size_t max_body,
    void (*heads)(struct exchange *const *, size_t, bool, void *),
    void (*handle)(struct exchange *const *, size_t, bool, void *),
    void (*idle)(void *), void *context)
{
	struct batcher *batcher = memory_get(sizeof(*batcher));

	batcher->max_body = max_body;
	batcher->accepts = ACCEPTS;
	batcher->heads = heads;
	batcher->handle = handle;
	batcher->idle = idle;
	batcher->context = context;
	return serve(batcher);
}

struct service {
	void (*head)(const struct request *, struct response *, void *);
	void (*handle)(const struct request *, struct response *, void *);
	void *context;
};

static void
head_each(
    struct exchange *const *batch, size_t count, bool waited, void *context)
{
	const struct service *service = context;

	(void)waited;
	for (size_t i = 0; i < count; i++)
		service->head(
		    &batch[i]->request, &batch[i]->response, service->context);
}

static void
handle_each(
    struct exchange *const *batch, size_t count, bool waited, void *context)
{
	const struct service *service = context;

	(void)waited;
	for (size_t i = 0; i < count; i++)
		service->handle(
		    &batch[i]->request, &batch[i]->response, service->context);
}

int
http_serve(size_t max_body,
    void (*head)(const struct request *, struct response *, void *),
    void (*handle)(const struct request *, struct response *, void *),
    void *context)
{
	struct service service = { head, handle, context };
	struct batcher *batcher = memory_get(sizeof(*batcher));

	batcher->max_body = max_body;
	batcher->accepts = 1;
	batcher->heads = head_each;
	batcher->handle = handle_each;
	batcher->context = &service;
	return serve(batcher);
}
