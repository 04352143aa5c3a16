#include "stores/inbox.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stores/redis.h"

#define DEADLINE_MS 1000
#define REST_MS 500
#define PARTS_MAX 8

#define KEYS \
	"local list = 'postrider:inbox:' .. ARGV[1]\n" \
	"local answer = 'postrider:inbox-answer:' .. ARGV[1]\n"

/* name, letter, ms: the status, which also goes in front of the letter. */
static const char put_lua[] =
    KEYS "local all = 'postrider:inboxes'\n"
	 "local status = redis.call('GET', answer) or '200'\n"
	 "redis.call('LPUSH', list, status .. ' ' .. ARGV[2])\n"
	 "redis.call('LTRIM', list, 0, 49)\n"
	 "redis.call('EXPIRE', list, 86400)\n"
	 "redis.call('ZADD', all, ARGV[3], ARGV[1])\n"
	 "redis.call('EXPIRE', all, 86400)\n"
	 "for _, old in ipairs(redis.call('ZRANGE', all, 0, -21)) do\n"
	 "  redis.call('DEL', 'postrider:inbox:' .. old,\n"
	 "    'postrider:inbox-answer:' .. old)\n"
	 "  redis.call('ZREM', all, old)\n"
	 "end\n"
	 "return status\n";

/* name, first, last: the status, how many there are, and those. */
static const char read_lua[] = KEYS
    "return {redis.call('GET', answer) or '200', redis.call('LLEN', list),\n"
    "  redis.call('LRANGE', list, ARGV[2], ARGV[3])}\n";

static const char clear_lua[] = KEYS "redis.call('DEL', list)\n";

/* name, status */
static const char answer_lua[] =
    KEYS "redis.call('SET', answer, ARGV[2], 'EX', 86400)\n";

struct inbox {
	struct redis *redis;
	/* the answer to the call under way */
	bool answered, well;
	int status;
	struct inbox_page *page; /* NULL: not asked for */
};

bool
inbox_name_is(const char *name)
{
	size_t length = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-");

	return length >= 1 && length <= INBOX_NAME_MAX && name[length] == '\0';
}

bool
inbox_answer_is(int64_t status)
{
	return status == 200 || status == 410 || status == 500 || status == 503;
}

static void
page_read(struct inbox_page *page, const struct redis_reply *list)
{
	size_t count = redis_count(list), length;
	const char *bytes;

	page->letters = memory_get((count + 1) * sizeof(*page->letters));
	for (size_t i = 0; i < count; i++) {
		bytes = redis_string(redis_at(list, i), &length);
		if (bytes != NULL &&
		    inbox_letter_read(
			&page->letters[page->count], bytes, length))
			page->count++;
	}
}

static int
status_read(const struct redis_reply *reply)
{
	size_t length;
	const char *text = redis_string(reply, &length);
	int status = text == NULL ? 0 : atoi(text);

	return inbox_answer_is(status) ? status : 200;
}

static void
inbox_answered(void *context, int tag, const struct redis_reply *reply)
{
	struct inbox *inbox = context;

	(void)tag;
	inbox->answered = true;
	inbox->well = reply != NULL && !redis_is_error(reply);
	if (!inbox->well)
		return;
	if (inbox->page == NULL) {
		inbox->status = status_read(reply);
		return;
	}
	inbox->page->answer = status_read(redis_at(reply, 0));
	inbox->page->kept = redis_integer(redis_at(reply, 1));
	page_read(inbox->page, redis_at(reply, 2));
}

struct inbox *
inbox_new(const char *redis_url)
{
	struct inbox *inbox = memory_get(sizeof(*inbox));
	const struct redis_user user = { .name = "inbox",
		.rest_least_ms = REST_MS,
		.rest_most_ms = REST_MS,
		.answered = inbox_answered,
		.context = inbox };

	inbox->redis = redis_new(redis_url, &user);
	return inbox;
}

void
inbox_free(struct inbox *inbox)
{
	if (inbox == NULL)
		return;
	redis_free(inbox->redis);
	free(inbox);
}

/* args: of the function, the first of them the name. */
static int
inbox_call(struct inbox *inbox, const char *lua, const struct redis_part *args,
    size_t count)
{
	struct redis_part parts[PARTS_MAX] = { REDIS_LITERAL("EVAL"),
		{ lua, strlen(lua) }, REDIS_LITERAL("0") };

	memcpy(parts + 3, args, count * sizeof(*args));
	inbox->answered = false;
	if (redis_ask(inbox->redis, 0, DEADLINE_MS, parts, 3 + count,
		&inbox->answered) == -1)
		return -1;
	return inbox->well ? 0 : -1;
}

static struct redis_part
string_part(const char *string)
{
	return (struct redis_part){ string, strlen(string) };
}

static struct redis_part
number_part(char buffer[24], int64_t number)
{
	snprintf(buffer, 24, "%" PRId64, number);
	return string_part(buffer);
}

int
inbox_put(struct inbox *inbox, const char *name, struct inbox_letter *letter)
{
	struct text bytes = { 0 };
	char now[24];
	struct redis_part args[3];
	int rc;

	inbox_letter_make(letter, &bytes);
	args[0] = string_part(name);
	args[1] = (struct redis_part){ bytes.bytes, bytes.length };
	args[2] = number_part(now, letter->at);
	rc = inbox_call(inbox, put_lua, args, 3);
	text_free(&bytes);
	if (rc == -1)
		return -1;
	letter->status = inbox->status;
	return letter->status;
}

int
inbox_read(struct inbox *inbox, const char *name, int64_t skip, int64_t limit,
    struct inbox_page *page)
{
	char first[24], last[24];
	const struct redis_part args[] = { string_part(name),
		number_part(first, skip), number_part(last, skip + limit - 1) };
	int rc;

	memset(page, 0, sizeof(*page));
	inbox->page = page;
	rc = inbox_call(inbox, read_lua, args, 3);
	inbox->page = NULL;
	return rc;
}

void
inbox_page_release(struct inbox_page *page)
{
	for (int i = 0; i < page->count; i++)
		inbox_letter_release(&page->letters[i]);
	free(page->letters);
	memset(page, 0, sizeof(*page));
}

int
inbox_clear(struct inbox *inbox, const char *name)
{
	const struct redis_part args[] = { string_part(name) };

	return inbox_call(inbox, clear_lua, args, 1);
}

int
inbox_set_answer(struct inbox *inbox, const char *name, int status)
{
	char buffer[24];
	const struct redis_part args[] = { string_part(name),
		number_part(buffer, status) };

	return inbox_call(inbox, answer_lua, args, 2);
}
