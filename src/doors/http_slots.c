#include "doors/http_slots.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ground/log.h"

#define SWEEP_MS 1000
#define SPARE_IDLE_MS 1000 /* when others wait for a slot */
#define SPARES 64	   /* a sweep */

/* Nothing of a request has come. */
static bool
slot_is_fresh(const struct http_slot *slot)
{
	return slot->record.state == HTTP_RECORD_BEGIN &&
	    slot->record.header_length == 0 && slot->record.left == 0;
}

/* Nor is more to come of one that was answered, as far as one can know. */
static bool
slot_is_idle(const struct http_slot *slot)
{
	return slot_is_fresh(slot) ||
	    (slot->is_early && !slot->closes &&
		slot->record.header_length == 0 && slot->record.left == 0);
}

size_t
http_slot_bytes(const struct http_slot *slot)
{
	return slot->arrived.length +
	    (slot->record.body == NULL ? 0 : slot->record.body->length);
}

/* What was gathered counts no more, and the next request may come. */
void
http_slots_forget(struct http_slots *slots, struct http_slot *slot)
{
	slots->arrived_bytes -= http_slot_bytes(slot);
	if (slot->arrived.room > HTTP_SLOTS_CHUNK_BYTES)
		text_free(&slot->arrived);
	else
		text_clear(&slot->arrived);
	slot->record = (struct http_record){ .pauses = true };
	slot->is_begun = slot->is_asked = slot->is_early = false;
	slot->exchange.is_stranger = false;
}

static void
slot_release(struct http_slot *slot)
{
	text_free(&slot->exchange.response.headers);
	text_free(&slot->exchange.response.body);
	http_request_release(&slot->exchange.request);
}

/* Its connection is closed already. */
void
http_slots_leave(struct http_slots *slots, struct http_slot *slot)
{
	bool is_begun = slot->is_begun;

	for (size_t i = 0; slot->is_asked && i < slots->asked_count; i++)
		if (slots->asked[i] == slot)
			slots->asked[i--] = slots->asked[--slots->asked_count];
	http_slots_forget(slots, slot);
	if (is_begun) {
		slot_release(slot);
		http_link_abandon(slot->link);
	}
	http_link_reply_on(slot->link, -1);
	slot->is_open = false;
	slots->open--;
}

void
http_slots_hang_up(struct http_slots *slots, struct http_slot *slot)
{
	close(slot->fd);
	http_slots_leave(slots, slot);
}

void
http_slots_refuse(
    struct http_slots *slots, struct http_slot *slot, const char *why)
{
	log_warning("connection closed reason=%s", why);
	http_slots_hang_up(slots, slot);
}

int
http_slots_memory(struct http_slots *slots)
{
	slots->memory = memfd_create("request", MFD_CLOEXEC);
	if (slots->memory == -1)
		log_error("no file in memory error=%s", strerror(errno));
	return slots->memory == -1 ? -1 : 0;
}

void
http_slots_ready(struct http_slots *slots, struct http_slot *slot)
{
	slots->ready[slots->ready_count++] = slot;
	slot->is_ready = true;
}

/* All of a request, and nothing else, lies on the connection: libfcgi reads it
 * from there, and need not wait. */
static void
slot_read(struct http_slots *slots, struct http_slot *slot)
{
	if (http_link_begin(slot->link, slot->fd) == -1) {
		log_warning("connection closed reason=malformed request");
		http_slots_leave(slots, slot);
		return;
	}
	http_request_read(&slot->exchange.request, slot->link, slots->max_body);
	http_slots_ready(slots, slot);
}

static bool
is_one_request(const void *bytes, size_t length)
{
	struct http_record record = { 0 };

	return http_record_scan(&record, bytes, length) == length &&
	    record.state == HTTP_RECORD_WHOLE;
}

static ssize_t
slot_receive(struct http_slots *slots, struct http_slot *slot, int flags)
{
	return recv(slot->fd, slots->chunk, HTTP_SLOTS_CHUNK_BYTES,
	    MSG_DONTWAIT | flags);
}

void
http_slots_hear(
    struct http_slots *slots, struct http_slot *slot, int64_t now_ms)
{
	bool begins = slot_is_fresh(slot), is_whole;
	ssize_t count;

	/* It may have been evicted since its event was fetched. */
	if (!slot->is_open || slot->is_ready)
		return;
	count = slot_receive(slots, slot, begins ? MSG_PEEK : 0);
	is_whole =
	    begins && count > 0 && is_one_request(slots->chunk, (size_t)count);
	if (begins && count > 0 && !is_whole)
		count = slot_receive(slots, slot, 0);
	if (begins)
		slot->begun_ms = now_ms;
	if (count > 0) {
		slot->heard_ms = now_ms;
		if (is_whole)
			slot_read(slots, slot);
		else
			http_slots_take(slots, slot, (size_t)count);
	} else if (count == 0 || (errno != EAGAIN && errno != EINTR)) {
		http_slots_hang_up(slots, slot);
	}
}

static struct http_slot *
slot_free(struct http_slots *slots)
{
	for (size_t i = 0; i < HTTP_SLOTS; i++)
		if (!slots->all[i].is_open)
			return &slots->all[i];
	return NULL;
}

static void
slot_open(
    struct http_slots *slots, struct http_slot *slot, int fd, int64_t now_ms)
{
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = slot };

	if (slot->link == NULL)
		slot->link = http_link_new();
	slot->fd = fd;
	slot->is_open = true;
	slot->record.pauses = true;
	slots->open++;
	if (epoll_ctl(slots->epoll, EPOLL_CTL_ADD, fd, &event) == -1)
		http_slots_refuse(slots, slot, strerror(errno));
	else
		http_slots_hear(slots, slot, now_ms);
}

void
http_slots_accept(struct http_slots *slots, int64_t now_ms)
{
	struct http_slot *slot;
	int fd;

	for (int i = 0; i < slots->accepts; i++) {
		slot = slot_free(slots);
		if (slot == NULL)
			return;
		fd = http_process_accept();
		if (fd == -1)
			return;
		slot->heard_ms = now_ms;
		slot_open(slots, slot, fd, now_ms);
	}
}

void
http_slots_sweep(struct http_slots *slots, int64_t now_ms)
{
	struct http_slot *slot;
	int64_t silence;
	int spares = slots->open == HTTP_SLOTS ? SPARES : 0;

	if (now_ms - slots->swept_ms < SWEEP_MS)
		return;
	slots->swept_ms = now_ms;
	for (size_t i = 0; i < HTTP_SLOTS; i++) {
		slot = &slots->all[i];
		if (!slot->is_open)
			continue;
		silence = now_ms - slot->heard_ms;
		if (!slot_is_idle(slot) && silence > HTTP_SILENCE_MS) {
			http_slots_refuse(
			    slots, slot, "silent within a request");
		} else if (slot_is_idle(slot) && silence > SPARE_IDLE_MS &&
		    spares > 0) {
			http_slots_hang_up(slots, slot);
			spares--;
		}
	}
}

void
http_slots_close_idle(struct http_slots *slots, int64_t since_ms)
{
	for (size_t i = 0; i < HTTP_SLOTS; i++)
		if (slots->all[i].is_open && slot_is_idle(&slots->all[i]) &&
		    slots->all[i].heard_ms <= since_ms)
			http_slots_hang_up(slots, &slots->all[i]);
}

int
http_slots_open(struct http_slots *slots, size_t max_body, int accepts)
{
	slots->max_body = max_body;
	slots->accepts = accepts;
	slots->all = memory_get(HTTP_SLOTS * sizeof(*slots->all));
	slots->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (slots->epoll == -1)
		log_error("no epoll error=%s", strerror(errno));
	if (http_slots_memory(slots) == -1 || slots->epoll == -1)
		return -1;
	return 0;
}

void
http_slots_close(struct http_slots *slots)
{
	for (size_t i = 0; i < HTTP_SLOTS; i++) {
		if (slots->all[i].is_open)
			http_slots_hang_up(slots, &slots->all[i]);
		http_link_free(slots->all[i].link);
		text_free(&slots->all[i].arrived);
	}
	if (slots->epoll != -1)
		close(slots->epoll);
	if (slots->memory != -1)
		close(slots->memory);
	free(slots->all);
}
