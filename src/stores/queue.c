#include "stores/queue.h"

#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ground/clock.h"
#include "ground/log.h"
#include "ground/text.h"
#include "stores/queue_link.h"

#define FLUSH_TICK_MS 50
#define WAIT_SLACK_MS 2000
#define REST_LEAST_MS 50
#define REST_MOST_MS 2000
#define CHUNK 256	 /* entries of one call: it must not take long */
#define WINDOW_ANY 10000 /* the push knows no WINDOW_MAX; the take does */
#define LEASE_ANY_MS 3600000
#define NUMBER_SIZE 24
#define SUB_LENGTH (UUID_TEXT_SIZE - 1)
#define WAKE_KEY "postrider:wake"

struct answer {
	struct queue_taken taken;
	struct answer *next;
};

static void
queue_add_answer(struct queue *queue, const struct queue_taken *taken)
{
	struct answer *answer = memory_get(sizeof(*answer));

	answer->taken = *taken;
	*queue->answers_end = answer;
	queue->answers_end = &answer->next;
}

static enum queue_class
class_of(char flag)
{
	return flag == 'Q' ? QUEUE_QUICK
	    : flag == 'S'  ? QUEUE_SLOW
			   : QUEUE_UNTRIED;
}

/* One id of a take: its bytes, its subscription and the class of that. */
static bool
queue_read_entry(const struct redis_reply *reply, size_t at,
    struct queue_entry *entry, enum queue_class *class)
{
	size_t id_length, sub_length;
	const char *id = redis_string(redis_at(reply, at), &id_length);
	const char *sub = redis_string(redis_at(reply, at + 1), &sub_length);
	const char *flag = redis_string(redis_at(reply, at + 2), NULL);

	if (id == NULL || id_length != sizeof(entry->webhook_id.bytes) ||
	    sub == NULL || sub_length != SUB_LENGTH || flag == NULL ||
	    uuid_parse(sub, &entry->subscription_id, NULL) == -1)
		return false;
	memcpy(entry->webhook_id.bytes, id, id_length);
	*class = class_of(flag[0]);
	return true;
}

static void
queue_read_taken(struct queue *queue, const struct redis_reply *reply)
{
	struct queue_taken taken = { .failed = redis_count(reply) < 2 };
	size_t most = redis_count(reply) / 3;

	taken.next_due = redis_integer(redis_at(reply, 0));
	if (!taken.failed)
		queue_note_full(queue, redis_integer(redis_at(reply, 1)) == 1);
	taken.entries = memory_get(most * sizeof(*taken.entries));
	taken.classes = memory_get(most * sizeof(*taken.classes));
	for (size_t i = 0; i < most; i++)
		if (queue_read_entry(reply, 2 + i * 3,
			&taken.entries[taken.count],
			&taken.classes[taken.count]))
			taken.count++;
	queue_add_answer(queue, &taken);
}

static void
queue_read_woken(struct queue *queue, const struct redis_reply *reply)
{
	const struct queue_taken woken = { .woken = true,
		.failed = reply == NULL || redis_is_error(reply) };
	const struct redis_part parts[] = { REDIS_LITERAL("DEL"),
		REDIS_LITERAL(WAKE_KEY) };

	queue_add_answer(queue, &woken);
	if (!redis_is_error(reply))
		return;
	if (redis_error_is(reply, "WRONGTYPE")) /* a stranger's key goes */
		redis_send(
		    queue->redis, TAG_IGNORE, QUEUE_DEADLINE_MS, parts, 2);
	else
		redis_refused(queue->redis, reply);
}

/* Of a function, whatever it is: an error, unless Redis is only full or has
 * forgotten the function, says that the queue cannot do its work here. */
static void
queue_judge(struct queue *queue, int script, const struct redis_reply *reply)
{
	if (!redis_is_error(reply)) {
		if (script == SCRIPT_PUSH && reply != NULL)
			queue_note_full(queue, false);
	} else if (redis_error_is(reply, "OOM"))
		queue_note_full(queue, true);
	else if (!script_is_forgotten(&queue->scripts[script], reply))
		redis_refused(queue->redis, reply);
}

static void
queue_answered(void *context, int tag, const struct redis_reply *reply)
{
	struct queue *queue = context;

	if (tag < TAG_CALL) {
		script_loaded(&queue->scripts[tag - TAG_LOAD], reply);
		if (redis_is_error(reply))
			redis_refused(queue->redis, reply);
	} else if (tag < TAG_WAIT) {
		if (tag == TAG_TAKE)
			queue_read_taken(queue, reply);
		queue_judge(queue, tag - TAG_CALL, reply);
	} else if (tag == TAG_WAIT)
		queue_read_woken(queue, reply);
	else if (tag == TAG_GREET || tag == TAG_PROBE) {
		queue_judge(queue, SCRIPT_PUSH, reply);
		queue_probed(queue, tag, reply);
	} else
		queue_read_state(queue, tag, reply);
}

struct queue *
queue_new(const char *url, const char *share_dir)
{
	static const char *const names[SCRIPTS] = { "push", "take", "settle" };
	struct queue *queue = memory_get(sizeof(*queue));
	const struct redis_user user = { .name = "queue",
		.rest_least_ms = REST_LEAST_MS,
		.rest_most_ms = REST_MOST_MS,
		.opened = queue_opened,
		.answered = queue_answered,
		.context = queue };

	queue->answers_end = &queue->answers;
	queue->redis = redis_new(url, &user);
	for (size_t i = 0; i < SCRIPTS; i++) {
		queue->scripts[i].name = names[i];
		if (script_read(&queue->scripts[i], share_dir) == -1) {
			queue_free(queue);
			return NULL;
		}
	}
	return queue;
}

void
queue_free(struct queue *queue)
{
	struct queue_taken taken;

	if (queue == NULL)
		return;
	while (queue_answer(queue, &taken) == 1) {
		free(taken.entries);
		free(taken.classes);
	}
	redis_free(queue->redis);
	for (size_t i = 0; i < SCRIPTS; i++)
		script_release(&queue->scripts[i]);
	free(queue);
}

static struct redis_part
part_number(char text[NUMBER_SIZE], int64_t number)
{
	int length = snprintf(text, NUMBER_SIZE, "%" PRId64, number);

	return (struct redis_part){ text, (size_t)length };
}

static struct redis_part
part_sub(char text[UUID_TEXT_SIZE], const struct uuid *id)
{
	return (struct redis_part){ uuid_text(id, text), SUB_LENGTH };
}

static struct redis_part
part_id(const struct uuid *id)
{
	return (struct redis_part){ id->bytes, sizeof(id->bytes) };
}

/* What every call begins with, after the parts that are script_call's. */
#define HEAD_PARTS (SCRIPT_PARTS + 3)
struct head {
	char now[NUMBER_SIZE], window_max[NUMBER_SIZE], lease[NUMBER_SIZE];
};

static void
parts_head(struct redis_part *parts, struct head *head, int64_t now_ms,
    int64_t window_max, int64_t lease_ms)
{
	parts[SCRIPT_PARTS] = part_number(head->now, now_ms);
	parts[SCRIPT_PARTS + 1] = part_number(head->window_max, window_max);
	parts[SCRIPT_PARTS + 2] = part_number(head->lease, lease_ms);
}

static int
queue_call(struct queue *queue, int script, int tag, struct redis_part *parts,
    size_t count)
{
	return script_call(&queue->scripts[script], queue->redis,
	    TAG_LOAD + script, tag, QUEUE_DEADLINE_MS, parts, count);
}

int
queue_send_probe(struct queue *queue, int tag)
{
	struct redis_part parts[HEAD_PARTS];
	struct head head;

	parts_head(parts, &head, 0, WINDOW_ANY, LEASE_ANY_MS);
	return queue_call(queue, SCRIPT_PUSH, tag, parts, HEAD_PARTS);
}

/* The texts of one chunk's parts. */
struct words {
	char sub[UUID_TEXT_SIZE], due[NUMBER_SIZE];
};

void
queue_push(struct queue *queue, const struct queue_entry *entries, size_t count,
    int64_t now_ms)
{
	struct redis_part parts[HEAD_PARTS + CHUNK * 3];
	struct words words[CHUNK];
	struct head head;

	parts_head(parts, &head, now_ms, WINDOW_ANY, LEASE_ANY_MS);
	for (size_t done = 0; done < count; done += CHUNK) {
		size_t n = HEAD_PARTS;

		for (size_t i = 0; i < CHUNK && done + i < count; i++) {
			const struct queue_entry *entry = &entries[done + i];

			parts[n++] = part_id(&entry->webhook_id);
			parts[n++] =
			    part_sub(words[i].sub, &entry->subscription_id);
			parts[n++] = part_number(words[i].due, entry->due_at);
		}
		if (queue_call(queue, SCRIPT_PUSH, TAG_CALL + SCRIPT_PUSH,
			parts, n) == -1)
			return; /* the sweep brings them */
	}
}

void
queue_settle(struct queue *queue, const struct queue_settled *settled,
    size_t count, int64_t now_ms, int64_t window_max)
{
	static const struct redis_part healths[] = { [QUEUE_WELL] = { "W", 1 },
		[QUEUE_LATE] = { "L", 1 },
		[QUEUE_ANSWERED] = { "A", 1 },
		[QUEUE_SICK] = { "S", 1 },
		[QUEUE_TIMED_OUT] = { "T", 1 },
		[QUEUE_NEUTRAL] = { "N", 1 } };
	struct redis_part parts[HEAD_PARTS + CHUNK * 4];
	struct words words[CHUNK];
	struct head head;

	parts_head(parts, &head, now_ms, window_max, LEASE_ANY_MS);
	for (size_t done = 0; done < count; done += CHUNK) {
		size_t n = HEAD_PARTS;

		for (size_t i = 0; i < CHUNK && done + i < count; i++) {
			const struct queue_settled *one = &settled[done + i];

			parts[n++] = part_id(&one->webhook_id);
			parts[n++] =
			    part_sub(words[i].sub, &one->subscription_id);
			parts[n++] = part_number(
			    words[i].due, one->due_at > 0 ? one->due_at : 0);
			parts[n++] = healths[one->health];
		}
		if (queue_call(queue, SCRIPT_SETTLE, TAG_CALL + SCRIPT_SETTLE,
			parts, n) == -1)
			return; /* their flight ends by itself */
	}
}

void
queue_take(struct queue *queue, const struct queue_quota *quota, int64_t now_ms,
    int64_t lease_ms, int64_t window_max)
{
	const size_t counts[] = { quota->count, quota->untried, quota->slow,
		quota->each };
	struct redis_part parts[HEAD_PARTS + 4];
	char texts[4][NUMBER_SIZE];
	struct head head;

	parts_head(parts, &head, now_ms, window_max, lease_ms);
	for (size_t i = 0; i < 4; i++)
		parts[HEAD_PARTS + i] =
		    part_number(texts[i], (int64_t)counts[i]);
	queue->outstanding++;
	if (queue_call(queue, SCRIPT_TAKE, TAG_CALL + SCRIPT_TAKE, parts,
		HEAD_PARTS + 4) == -1)
		queue_read_taken(queue, NULL);
}

void
queue_uncache(struct queue *queue, const struct uuid *subscription_id)
{
	char key[sizeof("subscription:") + SUB_LENGTH] = "subscription:";
	const struct redis_part parts[] = { REDIS_LITERAL("DEL"),
		{ key, sizeof(key) - 1 } };

	uuid_text(subscription_id, key + sizeof("subscription:") - 1);
	redis_send(queue->redis, TAG_IGNORE, QUEUE_DEADLINE_MS, parts, 2);
}

void
queue_wait(struct queue *queue, int64_t seconds)
{
	char text[NUMBER_SIZE];
	int64_t whole = seconds > 0 ? seconds : 1; /* 0 would be for ever */
	const struct redis_part parts[] = { REDIS_LITERAL("BLPOP"),
		REDIS_LITERAL(WAKE_KEY), part_number(text, whole) };

	queue->outstanding++;
	if (redis_send(queue->redis, TAG_WAIT, whole * 1000 + WAIT_SLACK_MS,
		parts, 3) == -1)
		queue_read_woken(queue, NULL);
}

int
queue_answer(struct queue *queue, struct queue_taken *taken)
{
	struct answer *answer = queue->answers;

	if (answer == NULL)
		return 0;
	*taken = answer->taken;
	queue->answers = answer->next;
	if (queue->answers == NULL)
		queue->answers_end = &queue->answers;
	queue->outstanding--;
	free(answer);
	return 1;
}

int
queue_step(struct queue *queue)
{
	return redis_step(queue->redis);
}

int
queue_socket(const struct queue *queue)
{
	return redis_socket(queue->redis);
}

short
queue_events(const struct queue *queue)
{
	return redis_events(queue->redis);
}

int64_t
queue_wait_ms(const struct queue *queue)
{
	/* an answer may have come with the very step that sent the call */
	return queue->answers != NULL ? 0 : redis_wait_ms(queue->redis);
}

void
queue_flush(struct queue *queue, int64_t most_ms)
{
	int64_t end_ms = clock_monotonic_ms() + most_ms;
	struct pollfd wait;

	while (queue_step(queue) == 0 && clock_monotonic_ms() < end_ms) {
		wait = (struct pollfd){ .fd = queue_socket(queue),
			.events = queue_events(queue) };
		if ((wait.events & POLLOUT) == 0)
			return;
		poll(&wait, 1, FLUSH_TICK_MS);
	}
}

size_t
queue_outstanding(const struct queue *queue)
{
	return queue->outstanding;
}
