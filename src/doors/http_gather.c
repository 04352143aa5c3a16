/* Requests that come in pieces. */
#include <string.h>
#include <unistd.h>

#include "doors/http_slots.h"
#include "doors/problem.h"
#include "ground/log.h"

/* Of requests that are under way in a process, beside the largest two. */
#define ARRIVED_BYTES ((size_t)64 << 20)
/* One that is answered takes a place among those that are ready. */
#define EVICTIONS_BELOW (HTTP_BATCH_MAX / 2)

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

/* The header is whole. */
static void
slot_begin(struct http_slots *slots, struct http_slot *slot)
{
	struct request *request = &slot->exchange.request;

	if ((slots->memory == -1 && http_slots_memory(slots) == -1) ||
	    memory_fill(slots->memory, &slot->arrived) == -1) {
		http_slots_refuse(slots, slot, "no memory");
		return;
	}
	if (http_link_begin(slot->link, slots->memory) == -1) {
		slots->memory = -1; /* libfcgi closed it */
		http_slots_refuse(slots, slot, "malformed request");
		return;
	}
	http_link_reply_on(slot->link, slot->fd);
	http_request_head(request, slot->link, slots->max_body);
	slot->is_begun = true;
	slot->begun_ms = slot->heard_ms;
	slots->arrived_bytes -= slot->arrived.length;
	text_clear(&slot->arrived);
	slot->record.pauses = false;
	if (request->body_state == BODY_COMING)
		slot->record.body = &request->body;
	slot->record.body_most = slots->max_body;
}

/* It goes to be answered, whatever of it is still to come. */
static void
slot_end_early(struct http_slots *slots, struct http_slot *slot)
{
	slots->arrived_bytes -= http_slot_bytes(slot);
	slot->record.body = NULL;
	slot->record.skips = true;
	slot->is_early = true;
	text_free(&slot->exchange.request.body);
	http_slots_ready(slots, slot);
}

/* The request is whole. */
static void
slot_end(struct http_slots *slots, struct http_slot *slot, bool has_surplus)
{
	bool is_early = slot->is_early;
	bool is_over = slot->record.stdin_bytes > slots->max_body;

	if (is_early && slot->closes) {
		http_slots_hang_up(slots, slot);
		return;
	}
	http_slots_forget(slots, slot);
	if (is_early)
		return;
	http_request_end(&slot->exchange.request, is_over);
	if (has_surplus)
		http_link_spoil(slot->link);
	http_slots_ready(slots, slot);
}

/* Another request begins where the rest of the last was to come. */
static void
slot_next(struct http_slots *slots, struct http_slot *slot)
{
	struct http_record next = { .pauses = true };

	text_add(
	    &slot->arrived, slot->record.header, sizeof(slot->record.header));
	slots->arrived_bytes += sizeof(slot->record.header);
	http_record_scan(
	    &next, slot->record.header, sizeof(slot->record.header));
	slot->record = next;
	slot->begun_ms = slot->heard_ms;
	slot->is_early = false;
}

/* What the bytes that came mean. */
static void
slot_advance(struct http_slots *slots, struct http_slot *slot, bool has_more)
{
	switch (slot->record.state) {
	case HTTP_RECORD_BEGIN:
	case HTTP_RECORD_PARAMS: return;
	case HTTP_RECORD_STDIN:
		if (!slot->is_begun && !slot->is_early) {
			slot_begin(slots, slot);
		} else if (slot->is_begun && !slot->is_early &&
		    slot->record.stdin_bytes > slots->max_body) {
			slot->exchange.request.body_state = BODY_TOO_LARGE;
			slot_end_early(slots, slot);
		}
		return;
	case HTTP_RECORD_WHOLE: slot_end(slots, slot, has_more); return;
	case HTTP_RECORD_NEXT: slot_next(slots, slot); return;
	case HTTP_RECORD_BAD:
		http_slots_refuse(slots, slot, "malformed request");
		return;
	}
}

/* Does this one go before that one: a stranger, or who sends more slowly? */
static bool
goes_before(
    const struct http_slot *one, const struct http_slot *other, int64_t now_ms)
{
	if (other == NULL)
		return true;
	if (one->exchange.is_stranger != other->exchange.is_stranger)
		return one->exchange.is_stranger;
	return (double)http_slot_bytes(one) *
	    (double)(now_ms - other->begun_ms + 1) <
	    (double)http_slot_bytes(other) *
	    (double)(now_ms - one->begun_ms + 1);
}

/* Whoever gives least for the memory he holds. What holds less than a chunk is
 * spared: all of them together are within the limit. */
static struct http_slot *
slowest(struct http_slots *slots, int64_t now_ms)
{
	struct http_slot *slot, *found = NULL;

	for (size_t i = 0; i < HTTP_SLOTS; i++) {
		slot = &slots->all[i];
		if (slot->is_open && !slot->is_ready && !slot->is_early &&
		    http_slot_bytes(slot) >= HTTP_SLOTS_CHUNK_BYTES &&
		    goes_before(slot, found, now_ms))
			found = slot;
	}
	return found;
}

static void
evict(struct http_slots *slots, int64_t now_ms)
{
	struct http_slot *slot = slowest(slots, now_ms);
	struct exchange *exchange;

	if (slot == NULL)
		return;
	if (!slot->is_begun || slots->ready_count >= EVICTIONS_BELOW) {
		http_slots_refuse(slots, slot, "too much under way");
		return;
	}
	exchange = &slot->exchange;
	log_warning("request refused reason=\"too much under way\" bytes=%zu "
		    "ms=%lld request=%s",
	    http_slot_bytes(slot), (long long)(now_ms - slot->begun_ms),
	    exchange->request.id);
	problem_answer(&exchange->request, &exchange->response, 503,
	    "Too many large requests at once, please try again");
	slot_end_early(slots, slot);
}

void
http_slots_take(struct http_slots *slots, struct http_slot *slot, size_t length)
{
	const unsigned char *from = slots->chunk;
	size_t before, used;

	while (length != 0 && slot->is_open && !slot->is_ready) {
		before = http_slot_bytes(slot);
		used = http_record_scan(&slot->record, from, length);
		if (!slot->is_begun && !slot->is_early)
			text_add(&slot->arrived, from, used);
		slots->arrived_bytes += http_slot_bytes(slot) - before;
		from += used;
		length -= used;
		slot_advance(slots, slot, length != 0);
	}
	if (slot->is_open && slot->is_begun && !slot->is_ready &&
	    !slot->is_asked && !slot->is_early) {
		slot->is_asked = true;
		slots->asked[slots->asked_count++] = slot;
	}
	if (slots->arrived_bytes > ARRIVED_BYTES + 2 * slots->max_body)
		evict(slots, slot->heard_ms);
}

void
http_slots_pass(struct http_slots *slots, struct http_slot *slot)
{
	struct exchange *exchange = &slot->exchange;

	if (slot->is_ready)
		return; /* it was evicted meanwhile */
	if (exchange->response.status == 0) {
		text_free(&exchange->response.headers);
		text_free(&exchange->response.body);
	}
	if (exchange->response.status != 0 ||
	    exchange->request.body_state != BODY_COMING)
		slot_end_early(slots, slot);
}

void
http_slots_skip(struct http_slots *slots, struct http_slot *slot)
{
	slot->is_begun = false;
	if (!http_link_finish_early(slot->link, &slot->closes))
		http_slots_leave(slots, slot);
}
