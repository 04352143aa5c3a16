/*
 * The ingest loop. A connection's records are gathered here without ever
 * waiting for a peer, until the whole request is there; libfcgi then reads it
 * out of a file in memory, so that it never waits either:
 *
 *	hear ─► whole? ─► parse ─► ready ─► handle all ─► answer all ─► hear
 *	  └─► closed, silent too long, or no request: hang up
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "doors/http_link.h"
#include "doors/http_record.h"
#include "ground/clock.h"
#include "ground/log.h"

/* More than Apache opens to us: a connection without a slot would starve. */
#define SLOTS 512
#define ACCEPTS 16 /* a turn, so that the pool's processes share them */
#define EVENTS (HTTP_BATCH_MAX - ACCEPTS)
#define CHUNK_BYTES 65536
#define PARAMS_BYTES ((size_t)256 << 10)
/* Of requests that are under way in a process, beside the largest two. */
#define ARRIVED_BYTES ((size_t)64 << 20)
#define SPARE_IDLE_MS 1000 /* when others wait for a slot */
#define SPARES 64	   /* a sweep */
#define TICK_MS 1000
#define BUSY_TICK_MS 20
#define STOP_MS 5000	  /* for what is under way when we shall stop */
#define STOP_QUIET_MS 100 /* for what was sent before our end was seen */

struct slot {
	struct exchange exchange;
	struct http_link *link; /* made once, lives as long as the slot */
	struct http_record record;
	struct text arrived;
	bool has_surplus; /* bytes behind the request's end */
	int fd;		  /* -1: free */
	int64_t heard_ms;
};

struct batcher {
	size_t max_body;
	void (*handle)(struct exchange *const *, size_t, void *);
	void (*idle)(void *);
	void *context;
	int epoll;
	int memory; /* what libfcgi reads a request from */
	struct slot *slots;
	size_t open;
	size_t arrived_bytes; /* of all slots */
	bool is_listening;
	struct slot *ready[HTTP_BATCH_MAX];
	size_t ready_count;
	int64_t swept_ms;
	unsigned char chunk[CHUNK_BYTES];
};

static bool
slot_is_idle(const struct slot *slot)
{
	return slot->record.state == HTTP_RECORD_BEGIN &&
	    slot->record.header_length == 0 && slot->record.left == 0;
}

static void
slot_forget(struct batcher *batcher, struct slot *slot)
{
	batcher->arrived_bytes -= slot->arrived.length;
	if (slot->arrived.room > CHUNK_BYTES)
		text_free(&slot->arrived);
	else
		text_clear(&slot->arrived);
	memset(&slot->record, 0, sizeof(slot->record));
	slot->has_surplus = false;
}

/* Its connection is closed already. */
static void
slot_leave(struct batcher *batcher, struct slot *slot)
{
	slot_forget(batcher, slot);
	http_link_reply_on(slot->link, -1);
	slot->fd = -1;
	batcher->open--;
}

static void
slot_hang_up(struct batcher *batcher, struct slot *slot)
{
	close(slot->fd);
	slot_leave(batcher, slot);
}

static void
slot_refuse(struct batcher *batcher, struct slot *slot, const char *why)
{
	log_warning("connection closed reason=%s", why);
	slot_hang_up(batcher, slot);
}

static int
memory_open(struct batcher *batcher)
{
	batcher->memory = memfd_create("request", MFD_CLOEXEC);
	if (batcher->memory == -1)
		log_error("no file in memory error=%s", strerror(errno));
	return batcher->memory == -1 ? -1 : 0;
}

static int
memory_fill(int memory, const struct text *text)
{
	size_t at = 0;
	ssize_t count;

	while (at < text->length) {
		count = pwrite(
		    memory, text->bytes + at, text->length - at, (off_t)at);
		if (count == -1)
			return -1;
		at += (size_t)count;
	}
	if (ftruncate(memory, (off_t)text->length) == -1)
		return -1;
	return lseek(memory, 0, SEEK_SET) == -1 ? -1 : 0;
}

static void
slot_parse(struct batcher *batcher, struct slot *slot)
{
	if (batcher->memory == -1 && memory_open(batcher) == -1) {
		slot_refuse(batcher, slot, "no memory");
		return;
	}
	if (memory_fill(batcher->memory, &slot->arrived) == -1) {
		slot_refuse(batcher, slot, "no memory");
		return;
	}
	if (http_link_begin(slot->link, batcher->memory) == -1) {
		batcher->memory = -1; /* libfcgi closed it */
		slot_refuse(batcher, slot, "malformed request");
		return;
	}
	http_request_read(
	    &slot->exchange.request, slot->link, batcher->max_body);
	if (slot->has_surplus || slot->record.state != HTTP_RECORD_WHOLE)
		http_link_spoil(slot->link);
	http_link_reply_on(slot->link, slot->fd);
	slot_forget(batcher, slot);
	batcher->ready[batcher->ready_count++] = slot;
}

/* Body bytes that are too many are counted but not kept. */
static void
slot_keep(struct batcher *batcher, struct slot *slot, size_t length)
{
	if (slot->record.stdin_bytes > batcher->max_body)
		return;
	text_add(&slot->arrived, batcher->chunk, length);
	batcher->arrived_bytes += length;
}

static void
slot_take(struct batcher *batcher, struct slot *slot, size_t length)
{
	struct http_record *record = &slot->record;
	size_t most = ARRIVED_BYTES + 2 * batcher->max_body, used;

	slot_keep(batcher, slot, length);
	used = http_record_scan(record, batcher->chunk, length);
	slot->has_surplus = used != length;
	if (record->state == HTTP_RECORD_BAD ||
	    record->params_bytes > PARAMS_BYTES)
		slot_refuse(batcher, slot, "malformed request");
	else if (batcher->arrived_bytes > most)
		slot_refuse(batcher, slot, "too much under way");
	else if (record->state == HTTP_RECORD_WHOLE ||
	    record->stdin_bytes > batcher->max_body + HTTP_DRAIN_BYTES)
		slot_parse(batcher, slot);
}

static void
slot_hear(struct batcher *batcher, struct slot *slot, int64_t now_ms)
{
	ssize_t count =
	    recv(slot->fd, batcher->chunk, CHUNK_BYTES, MSG_DONTWAIT);

	if (count > 0) {
		slot->heard_ms = now_ms;
		slot_take(batcher, slot, (size_t)count);
	} else if (count == 0 || (errno != EAGAIN && errno != EINTR)) {
		slot_hang_up(batcher, slot);
	}
}

static struct slot *
slot_free(struct batcher *batcher)
{
	for (size_t i = 0; i < SLOTS; i++)
		if (batcher->slots[i].fd == -1)
			return &batcher->slots[i];
	return NULL;
}

static void
slot_open(struct batcher *batcher, struct slot *slot, int fd, int64_t now_ms)
{
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = slot };

	if (slot->link == NULL)
		slot->link = http_link_new();
	slot->fd = fd;
	batcher->open++;
	if (epoll_ctl(batcher->epoll, EPOLL_CTL_ADD, fd, &event) == -1)
		slot_refuse(batcher, slot, strerror(errno));
	else
		slot_hear(batcher, slot, now_ms);
}

static void
accept_some(struct batcher *batcher, int64_t now_ms)
{
	struct slot *slot;
	int fd;

	for (int i = 0; i < ACCEPTS; i++) {
		slot = slot_free(batcher);
		if (slot == NULL)
			return;
		fd = http_process_accept();
		if (fd == -1)
			return;
		slot->heard_ms = now_ms;
		slot_open(batcher, slot, fd, now_ms);
	}
}

static void
listen_stop(struct batcher *batcher)
{
	if (batcher->is_listening)
		epoll_ctl(batcher->epoll, EPOLL_CTL_DEL, HTTP_LISTEN_FD, NULL);
	batcher->is_listening = false;
}

/* A caller that waits in the backlog is seen again when a slot is free. */
static void
listen_set(struct batcher *batcher)
{
	if (batcher->open == SLOTS || http_process_stopping())
		listen_stop(batcher);
	else if (!batcher->is_listening)
		batcher->is_listening =
		    http_process_listen(batcher->epoll, NULL) == 0;
}

static void
slots_sweep(struct batcher *batcher, int64_t now_ms)
{
	struct slot *slot;
	int64_t silence;
	int spares = batcher->open == SLOTS ? SPARES : 0;

	if (now_ms - batcher->swept_ms < TICK_MS)
		return;
	batcher->swept_ms = now_ms;
	for (size_t i = 0; i < SLOTS; i++) {
		slot = &batcher->slots[i];
		if (slot->fd == -1)
			continue;
		silence = now_ms - slot->heard_ms;
		if (!slot_is_idle(slot) && silence > HTTP_SILENCE_MS) {
			slot_refuse(batcher, slot, "silent within a request");
		} else if (slot_is_idle(slot) && silence > SPARE_IDLE_MS &&
		    spares > 0) {
			slot_hang_up(batcher, slot);
			spares--;
		}
	}
}

static void
answer_all(struct batcher *batcher)
{
	struct slot *slot;

	for (size_t i = 0; i < batcher->ready_count; i++) {
		slot = batcher->ready[i];
		http_answer_send(&slot->exchange.request,
		    &slot->exchange.response, slot->link);
		http_request_release(&slot->exchange.request);
		if (!http_link_finish(slot->link))
			slot_leave(batcher, slot);
	}
	batcher->ready_count = 0;
}

static void
handle_all(struct batcher *batcher)
{
	struct exchange *batch[HTTP_BATCH_MAX];

	for (size_t i = 0; i < batcher->ready_count; i++)
		batch[i] = &batcher->ready[i]->exchange;
	if (batcher->ready_count != 0)
		batcher->handle(batch, batcher->ready_count, batcher->context);
	answer_all(batcher);
}

/* One turn; true when something happened. */
static bool
turn(struct batcher *batcher, int timeout_ms)
{
	struct epoll_event events[EVENTS];
	int count;
	int64_t now_ms;

	if (batcher->idle != NULL)
		batcher->idle(batcher->context);
	listen_set(batcher);
	count = http_process_wait(batcher->epoll, events, EVENTS, timeout_ms);
	now_ms = clock_monotonic_ms();
	for (int i = 0; i < count; i++)
		if (events[i].data.ptr != NULL)
			slot_hear(batcher, events[i].data.ptr, now_ms);
	for (int i = 0; i < count; i++)
		if (events[i].data.ptr == NULL)
			accept_some(batcher, now_ms);
	handle_all(batcher);
	slots_sweep(batcher, now_ms);
	return count != 0;
}

static size_t
slots_under_way(const struct batcher *batcher)
{
	size_t count = 0;

	for (size_t i = 0; i < SLOTS; i++)
		if (batcher->slots[i].fd != -1 &&
		    !slot_is_idle(&batcher->slots[i]))
			count++;
	return count;
}

/* Apache may have sent a request just before it sees our end: what is under
 * way is finished, and what is idle is closed last. */
static void
stop(struct batcher *batcher)
{
	int64_t end_ms = clock_monotonic_ms() + STOP_MS;

	listen_stop(batcher);
	while (clock_monotonic_ms() < end_ms)
		if (!turn(batcher, STOP_QUIET_MS) &&
		    slots_under_way(batcher) == 0)
			break;
}

static void
batcher_close(struct batcher *batcher)
{
	for (size_t i = 0; i < SLOTS; i++) {
		if (batcher->slots[i].fd != -1)
			slot_hang_up(batcher, &batcher->slots[i]);
		http_link_free(batcher->slots[i].link);
		text_free(&batcher->slots[i].arrived);
	}
	if (batcher->epoll != -1)
		close(batcher->epoll);
	if (batcher->memory != -1)
		close(batcher->memory);
	free(batcher->slots);
}

static int
serve_pool(struct batcher *batcher)
{
	bool was_busy = false;
	int rc = 111;

	batcher->slots = memory_get(SLOTS * sizeof(*batcher->slots));
	for (size_t i = 0; i < SLOTS; i++)
		batcher->slots[i].fd = -1;
	batcher->epoll = epoll_create1(EPOLL_CLOEXEC);
	http_process_start();
	if (memory_open(batcher) == -1 || batcher->epoll == -1)
		goto out;
	while (!http_process_stopping())
		was_busy = turn(batcher, was_busy ? BUSY_TICK_MS : TICK_MS);
	stop(batcher);
	rc = 0;
out:
	batcher_close(batcher);
	return rc;
}

static int
serve_cgi(struct batcher *batcher)
{
	struct slot slot = { .fd = STDOUT_FILENO, .link = http_link_new() };

	http_link_begin_cgi(slot.link);
	http_request_read(&slot.exchange.request, slot.link, batcher->max_body);
	batcher->ready[batcher->ready_count++] = &slot;
	batcher->open++;
	handle_all(batcher);
	http_link_free(slot.link);
	return 0;
}

int
http_serve_batches(size_t max_body,
    void (*handle)(struct exchange *const *, size_t, void *),
    void (*idle)(void *), void *context)
{
	struct batcher *batcher = memory_get(sizeof(*batcher));
	int rc;

	batcher->max_body = max_body;
	batcher->handle = handle;
	batcher->idle = idle;
	batcher->context = context;
	rc = http_link_init() ? serve_cgi(batcher) : serve_pool(batcher);
	free(batcher);
	return rc;
}
