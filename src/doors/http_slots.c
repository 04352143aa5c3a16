#include "doors/http_slots.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ground/log.h"

/* Of requests that are under way in a process, beside the largest two. */
#define ARRIVED_BYTES ((size_t)64 << 20)
#define SWEEP_MS 1000
#define SPARE_IDLE_MS 1000 /* when others wait for a slot */
#define SPARES 64	   /* a sweep */

static bool
slot_is_idle(const struct http_slot *slot)
{
	return slot->record.state == HTTP_RECORD_BEGIN &&
	    slot->record.header_length == 0 && slot->record.left == 0;
}

static void
slot_forget(struct http_slots *slots, struct http_slot *slot)
{
	slots->arrived_bytes -= slot->arrived.length;
	if (slot->arrived.room > HTTP_SLOTS_CHUNK_BYTES)
		text_free(&slot->arrived);
	else
		text_clear(&slot->arrived);
	memset(&slot->record, 0, sizeof(slot->record));
	slot->has_surplus = false;
}

/* Its connection is closed already. */
void
http_slots_leave(struct http_slots *slots, struct http_slot *slot)
{
	slot_forget(slots, slot);
	http_link_reply_on(slot->link, -1);
	slot->is_open = false;
	slots->open--;
}

static void
slot_hang_up(struct http_slots *slots, struct http_slot *slot)
{
	close(slot->fd);
	http_slots_leave(slots, slot);
}

static void
slot_refuse(struct http_slots *slots, struct http_slot *slot, const char *why)
{
	log_warning("connection closed reason=%s", why);
	slot_hang_up(slots, slot);
}

static int
memory_open(struct http_slots *slots)
{
	slots->memory = memfd_create("request", MFD_CLOEXEC);
	if (slots->memory == -1)
		log_error("no file in memory error=%s", strerror(errno));
	return slots->memory == -1 ? -1 : 0;
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
slot_ready(struct http_slots *slots, struct http_slot *slot)
{
	http_request_read(&slot->exchange.request, slot->link, slots->max_body);
	slots->ready[slots->ready_count++] = slot;
	slot->is_ready = true;
}

/* All of a request, and nothing else, lies on the connection: libfcgi reads it
 * from there, and need not wait. */
static void
slot_read(struct http_slots *slots, struct http_slot *slot)
{
	if (http_link_begin(slot->link, slot->fd) == -1) {
		log_warning("connection closed reason=\"malformed request\"");
		http_slots_leave(slots, slot);
		return;
	}
	slot_ready(slots, slot);
}

static void
slot_parse(struct http_slots *slots, struct http_slot *slot)
{
	if (slots->memory == -1 && memory_open(slots) == -1) {
		slot_refuse(slots, slot, "no memory");
		return;
	}
	if (memory_fill(slots->memory, &slot->arrived) == -1) {
		slot_refuse(slots, slot, "no memory");
		return;
	}
	if (http_link_begin(slot->link, slots->memory) == -1) {
		slots->memory = -1; /* libfcgi closed it */
		slot_refuse(slots, slot, "malformed request");
		return;
	}
	slot_ready(slots, slot);
	if (slot->has_surplus || slot->record.state != HTTP_RECORD_WHOLE)
		http_link_spoil(slot->link);
	http_link_reply_on(slot->link, slot->fd);
	slot_forget(slots, slot);
}

/* Body bytes that are too many are counted but not kept. */
static void
slot_keep(struct http_slots *slots, struct http_slot *slot, size_t length)
{
	if (slot->record.stdin_bytes > slots->max_body)
		return;
	text_add(&slot->arrived, slots->chunk, length);
	slots->arrived_bytes += length;
}

static void
slot_take(struct http_slots *slots, struct http_slot *slot, size_t length)
{
	struct http_record *record = &slot->record;
	size_t most = ARRIVED_BYTES + 2 * slots->max_body, used;

	slot_keep(slots, slot, length);
	used = http_record_scan(record, slots->chunk, length);
	slot->has_surplus = used != length;
	if (record->state == HTTP_RECORD_BAD)
		slot_refuse(slots, slot, "malformed request");
	else if (slots->arrived_bytes > most)
		slot_refuse(slots, slot, "too much under way");
	else if (record->state == HTTP_RECORD_WHOLE ||
	    record->stdin_bytes > slots->max_body + HTTP_DRAIN_BYTES)
		slot_parse(slots, slot);
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
	bool begins = slot_is_idle(slot), is_whole;
	ssize_t count;

	if (slot->is_ready)
		return;
	count = slot_receive(slots, slot, begins ? MSG_PEEK : 0);
	is_whole =
	    begins && count > 0 && is_one_request(slots->chunk, (size_t)count);
	if (begins && count > 0 && !is_whole)
		count = slot_receive(slots, slot, 0);
	if (count > 0) {
		slot->heard_ms = now_ms;
		if (is_whole)
			slot_read(slots, slot);
		else
			slot_take(slots, slot, (size_t)count);
	} else if (count == 0 || (errno != EAGAIN && errno != EINTR)) {
		slot_hang_up(slots, slot);
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
	slots->open++;
	if (epoll_ctl(slots->epoll, EPOLL_CTL_ADD, fd, &event) == -1)
		slot_refuse(slots, slot, strerror(errno));
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
			slot_refuse(slots, slot, "silent within a request");
		} else if (slot_is_idle(slot) && silence > SPARE_IDLE_MS &&
		    spares > 0) {
			slot_hang_up(slots, slot);
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
			slot_hang_up(slots, &slots->all[i]);
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
	if (memory_open(slots) == -1 || slots->epoll == -1)
		return -1;
	return 0;
}

void
http_slots_close(struct http_slots *slots)
{
	for (size_t i = 0; i < HTTP_SLOTS; i++) {
		if (slots->all[i].is_open)
			slot_hang_up(slots, &slots->all[i]);
		http_link_free(slots->all[i].link);
		text_free(&slots->all[i].arrived);
	}
	if (slots->epoll != -1)
		close(slots->epoll);
	if (slots->memory != -1)
		close(slots->memory);
	free(slots->all);
}
