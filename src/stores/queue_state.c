/* Whether Redis can do the queue's work, and whether it is the same as before.
 * Reads succeed on a server that refuses writes, and commands on one that
 * refuses functions: only a function that writes tells. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "ground/log.h"
#include "stores/queue_link.h"

#define EPOCH_KEY "postrider:epoch"

/* Another Redis may have come: it knows no script, and may refuse. */
void
queue_opened(void *context)
{
	struct queue *queue = context;

	for (size_t i = 0; i < SCRIPTS; i++)
		queue->scripts[i].loaded = false;
	queue->proven = false;
	queue_send_probe(queue, TAG_GREET);
}

void
queue_probed(struct queue *queue, int tag, const struct redis_reply *reply)
{
	if (redis_error_is(reply, "NOSCRIPT")) {
		queue_send_probe(queue, tag);
		return;
	}
	queue->proven = reply != NULL &&
	    (!redis_is_error(reply) || redis_error_is(reply, "OOM"));
	if (tag == TAG_PROBE)
		queue->asked = true;
}

void
queue_note_full(struct queue *queue, bool full)
{
	if (full && !queue->full)
		log_warning("Redis is full, delivering from PostgreSQL: raise "
			    "maxmemory or free memory reason=OOM");
	else if (!full && queue->full)
		log_info("Redis has room again");
	queue->full = full;
}

static bool
queue_answers(const struct queue *queue)
{
	return redis_is_up(queue->redis) && queue->proven;
}

bool
queue_is_up(const struct queue *queue)
{
	return queue_answers(queue) && !queue->full;
}

bool
queue_is_full(const struct queue *queue)
{
	return queue_answers(queue) && queue->full;
}

int
queue_probe(struct queue *queue)
{
	queue->asked = false;
	if (queue_send_probe(queue, TAG_PROBE) == -1 ||
	    redis_await(queue->redis, QUEUE_DEADLINE_MS, &queue->asked) == -1)
		return -1;
	return queue_is_up(queue) ? 0 : -1;
}

/* An error of Redis by its code, which is in its documentation; what follows
 * may name users and keys. */
const char *
queue_trouble(struct queue *queue)
{
	const char *reason = queue->full ? "OOM" : redis_reason(queue->redis);
	const char *script = strstr(reason, " script: ");
	size_t length = 0;

	if (queue_is_up(queue))
		return "";
	if (reason[0] == '\0')
		return "no connection yet";
	if (strncmp(reason, "ERR ", 4) == 0)
		reason += 4;
	while (isupper((unsigned char)reason[length]))
		length++;
	if (length < 3 || (reason[length] != ' ' && reason[length] != '\0'))
		length =
		    script != NULL ? (size_t)(script - reason) : strlen(reason);
	snprintf(queue->trouble, sizeof(queue->trouble), "%.*s", (int)length,
	    reason);
	return queue->trouble;
}

static void
queue_read_info(struct queue *queue, const struct redis_reply *reply)
{
	const char *info = redis_string(reply, NULL);
	const char *line = info != NULL ? strstr(info, "run_id:") : NULL;

	queue->run_id[0] = '\0';
	if (line != NULL)
		sscanf(line, "run_id:%40[0-9a-f]", queue->run_id);
}

static void
queue_read_epoch(struct queue *queue, const struct redis_reply *reply)
{
	const struct redis_part parts[] = { REDIS_LITERAL("DEL"),
		REDIS_LITERAL(EPOCH_KEY) };
	const char *epoch = redis_string(reply, NULL);

	queue->asked = true;
	queue->epoch[0] = '\0';
	if (epoch != NULL && !redis_is_error(reply))
		snprintf(queue->epoch, sizeof(queue->epoch), "%s", epoch);
	if (redis_is_error(reply))
		redis_send(
		    queue->redis, TAG_IGNORE, QUEUE_DEADLINE_MS, parts, 2);
}

void
queue_read_state(struct queue *queue, int tag, const struct redis_reply *reply)
{
	if (tag == TAG_INFO)
		queue_read_info(queue, reply);
	else if (tag == TAG_EPOCH)
		queue_read_epoch(queue, reply);
}

static int
queue_ask_state(struct queue *queue)
{
	char text[UUID_TEXT_SIZE];
	const struct uuid fresh = uuid_new();
	const struct redis_part info[] = { REDIS_LITERAL("INFO"),
		REDIS_LITERAL("server") };
	const struct redis_part set[] = { REDIS_LITERAL("SET"),
		REDIS_LITERAL(EPOCH_KEY),
		{ uuid_text(&fresh, text), UUID_TEXT_SIZE - 1 },
		REDIS_LITERAL("NX") };
	const struct redis_part get[] = { REDIS_LITERAL("GET"),
		REDIS_LITERAL(EPOCH_KEY) };
	struct redis *redis = queue->redis;

	queue->asked = false;
	queue->run_id[0] = queue->epoch[0] = '\0';
	if (queue_send_probe(queue, TAG_GREET) == -1 ||
	    redis_send(redis, TAG_INFO, QUEUE_DEADLINE_MS, info, 2) == -1 ||
	    redis_send(redis, TAG_IGNORE, QUEUE_DEADLINE_MS, set, 4) == -1 ||
	    redis_send(redis, TAG_EPOCH, QUEUE_DEADLINE_MS, get, 2) == -1 ||
	    redis_await(redis, QUEUE_DEADLINE_MS, &queue->asked) == -1)
		return -1;
	return queue_is_up(queue) ? 0 : -1;
}

int
queue_check_epoch(struct queue *queue)
{
	bool same;

	if (queue_ask_state(queue) == -1) {
		/* What was pushed meanwhile never arrived: as good as lost. */
		queue->last_run_id[0] = queue->last_epoch[0] = '\0';
		return -1;
	}
	same = queue->last_run_id[0] != '\0' && queue->last_epoch[0] != '\0' &&
	    strcmp(queue->run_id, queue->last_run_id) == 0 &&
	    strcmp(queue->epoch, queue->last_epoch) == 0;
	memcpy(queue->last_run_id, queue->run_id, sizeof(queue->run_id));
	memcpy(queue->last_epoch, queue->epoch, sizeof(queue->epoch));
	return same;
}
