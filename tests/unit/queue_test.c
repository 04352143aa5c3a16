#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "ground/clock.h"
#include "ground/log.h"
#include "ground/text.h"
#include "stores/queue.h"
#include "redis_fixture.h"

#define LEASE 90000
#define WINDOW 256
#define NOW 1800000000000

static struct redis_fixture redis;
static struct queue *queue;

static const char *
share_dir(void)
{
	const char *given = getenv("SHARE_DIR");

	return given != NULL ? given : "src";
}

/* Ids that can be told apart at sight. */
static struct uuid
id_of(int kind, int number)
{
	struct uuid id = { { 0x01, 0x90, 0, 0, 0, 0, 0x70, 0, 0x80 } };

	id.bytes[1] = (unsigned char)kind;
	id.bytes[13] = (unsigned char)(number >> 16);
	id.bytes[14] = (unsigned char)(number >> 8);
	id.bytes[15] = (unsigned char)number;
	return id;
}

static struct uuid
sub_of(int number)
{
	return id_of(0xaa, number);
}

static int
number_of(const struct uuid *id)
{
	return id->bytes[13] << 16 | id->bytes[14] << 8 | id->bytes[15];
}

static void
wait_until(struct queue *of, size_t outstanding, int64_t ms)
{
	int64_t until = clock_monotonic_ms() + ms;

	while (queue_outstanding(of) > outstanding &&
	    clock_monotonic_ms() < until) {
		struct pollfd ready;

		queue_step(of);
		ready =
		    (struct pollfd){ queue_socket(of), queue_events(of), 0 };
		poll(&ready, 1, 5);
	}
}

static void
push(int sub, int first, int count, int64_t due_at)
{
	struct queue_entry *entries =
	    memory_get((size_t)count * sizeof(*entries));

	for (int i = 0; i < count; i++)
		entries[i] = (struct queue_entry){ id_of(0xbb, first + i),
			sub_of(sub), due_at };
	queue_push(queue, entries, (size_t)count, NOW);
	free(entries);
}

static struct queue_taken
next_answer(struct queue *of)
{
	struct queue_taken taken = { .failed = true };
	int64_t until = clock_monotonic_ms() + 5000;

	while (queue_answer(of, &taken) == 0) {
		assert_true(clock_monotonic_ms() < until);
		wait_until(of, 0, 5);
	}
	return taken;
}

static void
forget(struct queue_taken *taken)
{
	free(taken->entries);
	free(taken->classes);
}

static struct queue_taken
take_at(size_t count, size_t slow, int64_t now)
{
	const struct queue_quota quota = { count, count, slow, WINDOW };

	queue_take(queue, &quota, now, LEASE, WINDOW);
	return next_answer(queue);
}

static size_t
take_count(size_t count, int64_t now)
{
	struct queue_taken taken = take_at(count, count, now);
	size_t taken_count = taken.count;

	assert_false(taken.failed);
	forget(&taken);
	return taken_count;
}

static void
settle(int sub, int first, int count, int64_t due_at, int health)
{
	for (int i = 0; i < count; i++) {
		struct queue_settled settled = { id_of(0xbb, first + i),
			sub_of(sub), due_at, health };

		queue_settle(queue, &settled, 1, NOW, WINDOW);
	}
}

static const char *
sub_key(const char *kind, int sub)
{
	static char key[128];
	char text[UUID_TEXT_SIZE];
	struct uuid id = sub_of(sub);

	snprintf(
	    key, sizeof(key), "postrider:%s:%s", kind, uuid_text(&id, text));
	return key;
}

static void
takes_what_is_due(void **state)
{
	struct queue_taken taken;

	(void)state;
	push(1, 10, 3, NOW - 1);
	push(1, 20, 1, NOW + 5000);
	taken = take_at(10, 5, NOW);
	assert_int_equal(taken.count, 3);
	assert_int_equal(number_of(&taken.entries[0].webhook_id), 10);
	assert_int_equal(number_of(&taken.entries[0].subscription_id), 1);
	assert_int_equal(taken.classes[0], QUEUE_UNTRIED);
	assert_true(taken.next_due == NOW + 5000);
	forget(&taken);
	assert_int_equal(take_count(10, NOW), 0);
	assert_int_equal(take_count(10, NOW + 5000), 1);
}

static void
equal_pushes_are_one(void **state)
{
	(void)state;
	for (int i = 0; i < 5; i++)
		push(1, 10, 4, NOW);
	assert_int_equal(take_count(100, NOW), 4);
	push(1, 10, 4, NOW); /* due and in flight: left out */
	assert_int_equal(take_count(100, NOW), 0);
	settle(1, 10, 4, 0, QUEUE_WELL);
	assert_int_equal(take_count(100, NOW), 0);
	push(1, 10, 1, NOW); /* sent again by a person */
	assert_int_equal(take_count(100, NOW), 1);
}

static void
settled_comes_again_when_due(void **state)
{
	struct queue_taken taken;

	(void)state;
	push(1, 10, 1, NOW);
	assert_int_equal(take_count(10, NOW), 1);
	settle(1, 10, 1, NOW + 10000, QUEUE_NEUTRAL);
	taken = take_at(10, 5, NOW + 9999);
	assert_int_equal(taken.count, 0);
	assert_true(taken.next_due == NOW + 10000);
	forget(&taken);
	assert_int_equal(take_count(10, NOW + 10000), 1);
	settle(1, 10, 1, 0, QUEUE_WELL);
	taken = take_at(10, 5, NOW + 20000);
	assert_int_equal(taken.count, 0);
	assert_true(taken.next_due == 0);
	forget(&taken);
	assert_string_equal(
	    redis_fixture_say(&redis, "EXISTS %s", sub_key("queue", 1)),
	    ":0\r\n");
}

static void
window_holds_one_subscription(void **state)
{
	(void)state;
	push(1, 0, 1000, NOW);
	assert_int_equal(take_count(100, NOW), 8);
	assert_int_equal(take_count(100, NOW), 0);
	settle(1, 0, 8, 0, QUEUE_WELL); /* 8 well: 16 wide */
	assert_int_equal(take_count(100, NOW), 16);
	settle(1, 8, 1, NOW + 60000, QUEUE_SICK); /* halved */
	assert_int_equal(take_count(100, NOW), 0);
	settle(1, 9, 15, NOW + 60000, QUEUE_SICK); /* down to one */
	assert_int_equal(take_count(100, NOW), 1);
}

/* A subscription with a backlog takes turns with all others. */
static void
nobody_waits_for_a_backlog(void **state)
{
	struct queue_taken taken;
	size_t mine = 0;

	(void)state;
	push(1, 0, 5000, NOW);
	for (int sub = 2; sub < 40; sub++)
		push(sub, sub * 1000 + 100000, 1, NOW);
	taken = take_at(64, 32, NOW);
	for (size_t i = 0; i < taken.count; i++)
		mine += number_of(&taken.entries[i].subscription_id) == 1;
	assert_int_equal(taken.count, 8 + 38);
	assert_int_equal(mine, 8);
	forget(&taken);
}

static void
turns_go_round(void **state)
{
	struct queue_taken taken;
	int seen[3] = { 0 };

	(void)state;
	for (int sub = 0; sub < 3; sub++)
		push(sub, sub * 1000, 100, NOW);
	for (int i = 0; i < 6; i++) {
		taken = take_at(2, 1, NOW);
		assert_int_equal(taken.count, 2);
		seen[number_of(&taken.entries[0].subscription_id)]++;
		forget(&taken);
	}
	for (int sub = 0; sub < 3; sub++)
		assert_int_equal(seen[sub], 2);
}

static void
slow_ones_share_their_part(void **state)
{
	struct queue_taken taken;
	size_t slow = 0;

	(void)state;
	for (int sub = 0; sub < 8; sub++)
		push(sub, sub * 1000, 100, NOW);
	assert_int_equal(take_count(64, NOW), 64);
	for (int sub = 0; sub < 8; sub++)
		settle(sub, sub * 1000, 8, 0,
		    sub < 6 ? QUEUE_TIMED_OUT : QUEUE_WELL);
	taken = take_at(20, 3, NOW);
	for (size_t i = 0; i < taken.count; i++)
		slow += taken.classes[i] == QUEUE_SLOW;
	assert_int_equal(slow, 3);
	assert_int_equal(taken.count, 20);
	forget(&taken);
	taken = take_at(20, 0, NOW);
	for (size_t i = 0; i < taken.count; i++)
		assert_int_not_equal(taken.classes[i], QUEUE_SLOW);
	forget(&taken);
}

/* What the untried may not take is left for those that answer. */
static void
quick_ones_have_slots_of_their_own(void **state)
{
	struct queue_quota quota = { 20, 0, 0, WINDOW };
	struct queue_taken taken;

	(void)state;
	push(1, 0, 1, NOW);
	assert_int_equal(take_count(1, NOW), 1);
	settle(1, 0, 1, 0, QUEUE_WELL);
	push(2, 1000, 1, NOW);
	assert_int_equal(take_count(1, NOW), 1);
	settle(2, 1000, 1, 0, QUEUE_LATE);
	push(3, 2000, 1, NOW);
	assert_int_equal(take_count(1, NOW), 1);
	settle(3, 2000, 1, 0, QUEUE_ANSWERED);
	for (int sub = 1; sub < 100; sub++)
		push(sub, sub * 1000 + 1, 2, NOW);
	queue_take(queue, &quota, NOW, LEASE, WINDOW);
	taken = next_answer(queue);
	assert_int_equal(taken.count, 4);
	for (size_t i = 0; i < taken.count; i++) {
		assert_int_equal(taken.classes[i], QUEUE_QUICK);
		assert_int_not_equal(
		    number_of(&taken.entries[i].subscription_id), 2);
	}
	forget(&taken);
	quota.untried = 5;
	queue_take(queue, &quota, NOW, LEASE, WINDOW);
	taken = next_answer(queue);
	assert_int_equal(taken.count, 5);
	forget(&taken);
}

/* Where slots are scarce a wide window is not used up, and no turn is lost. */
static void
scarce_slots_are_for_more_than_one(void **state)
{
	struct queue_quota quota = { 100, 100, 50, 3 };
	struct queue_taken taken;

	(void)state;
	push(1, 0, 20, NOW);
	push(2, 1000, 2, NOW);
	queue_take(queue, &quota, NOW, LEASE, WINDOW);
	taken = next_answer(queue);
	assert_int_equal(taken.count, 3 + 2);
	assert_true(taken.next_due > NOW);
	forget(&taken);
	queue_take(queue, &quota, NOW, LEASE, WINDOW);
	taken = next_answer(queue);
	assert_int_equal(taken.count, 0);
	forget(&taken);
	settle(1, 0, 1, 0, QUEUE_WELL);
	quota.each = 5;
	queue_take(queue, &quota, NOW, LEASE, WINDOW);
	taken = next_answer(queue);
	assert_int_equal(taken.count, 3);
	forget(&taken);
}

/* A dead process counts for nothing once its lease is over. */
static void
flight_ends_by_itself(void **state)
{
	(void)state;
	push(1, 0, 20, NOW);
	assert_int_equal(take_count(100, NOW), 8);
	assert_int_equal(take_count(100, NOW + LEASE - 1), 0);
	assert_int_equal(take_count(100, NOW + LEASE), 8);
	push(1, 0, 8, NOW); /* the sweep brings the lost ones again */
	assert_int_equal(take_count(100, NOW + 2 * LEASE), 8);
}

/* A clock set back by a day leaves no window full for a day. */
static void
clock_set_back_blocks_nothing(void **state)
{
	int64_t day = 86400000;

	(void)state;
	push(1, 0, 20, NOW - 2 * day);
	assert_int_equal(take_count(100, NOW), 8);
	push(1, 100, 1, NOW - 2 * day);
	settle(1, 500, 1, NOW - 2 * day, QUEUE_NEUTRAL);
	assert_int_equal(take_count(100, NOW - day), 0);
	push(1, 101, 1, NOW - 2 * day);
	queue_settle(queue,
	    &(struct queue_settled){
		id_of(0xbb, 900), sub_of(1), 0, QUEUE_NEUTRAL },
	    1, NOW - day, WINDOW);
	assert_int_equal(take_count(100, NOW - day), 8);
}

static void
window_max_is_obeyed(void **state)
{
	struct queue_taken taken;

	(void)state;
	push(1, 0, 50, NOW);
	queue_take(
	    queue, &(struct queue_quota){ 50, 50, 25, WINDOW }, NOW, LEASE, 3);
	taken = next_answer(queue);
	assert_int_equal(taken.count, 3);
	assert_true(taken.next_due > NOW);
	forget(&taken);
}

static void
push_wakes_who_waits(void **state)
{
	struct queue *waiting = queue_new(redis.url, share_dir());
	struct queue_taken woken;
	int64_t began;

	(void)state;
	queue_wait(waiting, 5);
	wait_until(waiting, 0, 50);
	assert_int_equal(queue_outstanding(waiting), 1);
	began = clock_monotonic_ms();
	push(1, 0, 1, NOW);
	queue_step(queue);
	woken = next_answer(waiting);
	assert_true(woken.woken);
	assert_false(woken.failed);
	assert_true(clock_monotonic_ms() - began < 1000);
	queue_wait(waiting, 1);
	woken = next_answer(waiting); /* nothing came: the second is over */
	assert_true(woken.woken);
	assert_false(woken.failed);
	queue_free(waiting);
}

/* Who can take nothing leaves no token, or two would wake each other. */
static void
tokens_come_to_rest(void **state)
{
	(void)state;
	push(1, 0, 100, NOW);
	assert_int_equal(take_count(4, NOW), 4);
	assert_string_equal(
	    redis_fixture_say(&redis, "LLEN postrider:wake"), ":1\r\n");
	redis_fixture_say(&redis, "DEL postrider:wake");
	assert_int_equal(take_count(0, NOW), 0);
	assert_string_equal(
	    redis_fixture_say(&redis, "LLEN postrider:wake"), ":0\r\n");
}

/* Who sleeps until the next due time must hear of a sooner one. */
static void
sooner_time_wakes(void **state)
{
	static const struct {
		int seconds;
		const char *tokens;
	} cases[] = { { 60, ":1\r\n" }, { 10, ":1\r\n" }, { 10, ":0\r\n" },
		{ 60, ":0\r\n" }, { 5, ":1\r\n" } };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		redis_fixture_say(&redis, "DEL postrider:wake");
		push(1, (int)i, 1, NOW + cases[i].seconds * 1000);
		assert_int_equal(take_count(0, NOW), 0);
		assert_string_equal(
		    redis_fixture_say(&redis, "LLEN postrider:wake"),
		    cases[i].tokens);
	}
}

static void
flushall_leaves_nothing_counted(void **state)
{
	(void)state;
	assert_int_equal(queue_check_epoch(queue), 0);
	assert_int_equal(queue_check_epoch(queue), 1);
	push(1, 0, 20, NOW);
	assert_int_equal(take_count(100, NOW), 8);
	redis_fixture_say(&redis, "FLUSHALL");
	assert_int_equal(queue_check_epoch(queue), 0);
	assert_int_equal(queue_check_epoch(queue), 1);
	settle(1, 0, 8, 0, QUEUE_WELL);
	push(1, 8, 12, NOW);
	assert_int_equal(take_count(100, NOW), 12);
}

/* Whatever happens to them, all that was pushed is taken until it is done,
 * and in the end nothing is left behind. */
static void
nothing_is_forgotten(void **state)
{
	enum { SUBS = 30, IDS = 3000 };
	unsigned char done[IDS] = { 0 };
	struct queue_settled settled[64];
	struct queue_taken taken;
	size_t left = IDS;
	int64_t now = NOW;

	(void)state;
	srand(7);
	for (int i = 0; i < IDS; i++) {
		push(i % SUBS, i, 1, NOW + rand() % 20000);
		assert_int_equal(queue_probe(queue), 0);
	}
	for (int round = 0; left > 0; round++) {
		assert_true(round < 20000);
		taken = take_at((size_t)rand() % 65, (size_t)rand() % 20, now);
		for (size_t i = 0; i < taken.count; i++) {
			int number = number_of(&taken.entries[i].webhook_id);
			bool ends = rand() % 3 != 0;

			assert_in_range(number, 0, IDS - 1);
			assert_int_equal(done[number], 0);
			done[number] = ends;
			left -= ends;
			settled[i] =
			    (struct queue_settled){ taken.entries[i].webhook_id,
				    taken.entries[i].subscription_id,
				    ends ? 0 : now + rand() % 5000,
				    rand() % 6 };
		}
		queue_settle(queue, settled, taken.count, now, WINDOW);
		if (taken.count == 0)
			now += taken.next_due > now ? taken.next_due - now : 50;
		forget(&taken);
	}
	assert_int_equal(take_count(64, now), 0);
	assert_string_equal(redis_fixture_say(&redis, "EXISTS %s %s",
				"postrider:ring postrider:ring:slow",
				"postrider:ring:untried postrider:later"),
	    ":0\r\n");
	for (int sub = 0; sub < SUBS; sub++) {
		assert_string_equal(redis_fixture_say(&redis, "EXISTS %s",
					sub_key("queue", sub)),
		    ":0\r\n");
		assert_string_equal(redis_fixture_say(&redis, "EXISTS %s",
					sub_key("flight", sub)),
		    ":0\r\n");
	}
}

static void
forgotten_functions_are_loaded_again(void **state)
{
	struct queue_taken taken;

	(void)state;
	push(1, 0, 2, NOW);
	assert_int_equal(take_count(1, NOW), 1);
	redis_fixture_say(&redis, "SCRIPT FLUSH");
	taken = take_at(1, 1, NOW);
	assert_true(taken.failed);
	forget(&taken);
	assert_int_equal(take_count(1, NOW), 1);
}

static void
strangers_are_put_out(void **state)
{
	static const char *const kinds[] = { "queue", "flight", "health" };
	static const char *const names[] = { "ring", "ring:slow",
		"ring:untried", "later", "turn", "wake" };

	(void)state;
	for (int i = 0; i < 6; i++) {
		redis_fixture_say(&redis, "HSET postrider:%s a b", names[i]);
		push(1, i, 1, NOW);
		assert_int_equal(take_count(10, NOW), 1);
		settle(1, i, 1, 0, QUEUE_WELL);
	}
	redis_fixture_say(&redis, "SET postrider:turn x");
	for (int i = 0; i < 3; i++) {
		redis_fixture_say(&redis, "SET %s x", sub_key(kinds[i], 2));
		push(2, i, 1, NOW);
		assert_int_equal(take_count(10, NOW), 1);
		settle(2, i, 1, 0, QUEUE_WELL);
	}
	redis_fixture_say(
	    &redis, "HSET %s window nan gentle x slow 7", sub_key("health", 3));
	redis_fixture_say(
	    &redis, "ZADD %s -inf a 1 b 2 c inf d", sub_key("queue", 3));
	redis_fixture_say(&redis, "ZADD postrider:ring -1 x -inf y 5 z");
	redis_fixture_say(&redis, "ZADD postrider:later -1 x 6 y 5 z");
	for (int i = 0; i < 300; i++)
		redis_fixture_say(
		    &redis, "ZADD postrider:ring %d foreign%d", i, i);
	push(3, 1, 1, NOW);
	assert_int_equal(take_count(10, NOW), 1);
	for (int i = 0; i < 10; i++)
		assert_int_equal(take_count(10, NOW), 0);
	assert_string_equal(
	    redis_fixture_say(&redis, "ZCARD postrider:ring"), ":0\r\n");
	assert_string_equal(
	    redis_fixture_say(&redis, "ZCARD postrider:later"), ":1\r\n");
}

static void
restart_is_survived(void **state)
{
	struct queue_taken taken;
	int rc = -1;

	(void)state;
	assert_int_equal(queue_probe(queue), 0);
	assert_int_equal(queue_check_epoch(queue), 0);
	redis_fixture_kill(&redis);
	taken = take_at(1, 1, NOW);
	assert_true(taken.failed);
	forget(&taken);
	assert_int_equal(queue_probe(queue), -1);
	assert_false(queue_is_up(queue));
	assert_int_equal(queue_socket(queue), -1);
	assert_true(queue_wait_ms(queue) <= 2000);
	redis_fixture_spawn(&redis);
	for (int i = 0; i < 300 && rc == -1; i++) {
		rc = queue_check_epoch(queue);
		usleep(10000);
	}
	assert_int_equal(rc, 0);
	push(1, 0, 1, NOW);
	assert_int_equal(take_count(1, NOW), 1);
}

static void
frozen_redis_holds_nobody(void **state)
{
	int64_t began;
	struct queue_taken taken;

	(void)state;
	assert_int_equal(queue_probe(queue), 0);
	kill(redis.pid, SIGSTOP);
	began = clock_monotonic_ms();
	taken = take_at(1, 1, NOW);
	assert_true(taken.failed);
	forget(&taken);
	assert_in_range(clock_monotonic_ms() - began, 900, 1500);
	kill(redis.pid, SIGCONT);
}

/* It takes nothing new, which one must know although nothing is to be taken;
 * what it holds can be taken and settled, and so it has room again. */
static void
full_redis_is_emptied(void **state)
{
	struct queue *other;

	(void)state;
	push(1, 0, 12, NOW);
	assert_int_equal(take_count(8, NOW), 8);
	assert_true(queue_is_up(queue));
	redis_fixture_say(&redis, "CONFIG SET maxmemory 1");
	push(1, 100, 1, NOW);
	settle(1, 0, 4, 0, QUEUE_WELL);
	settle(1, 4, 4, NOW + 5, QUEUE_WELL); /* not kept */
	assert_int_equal(take_count(8, NOW), 4);
	settle(1, 8, 4, 0, QUEUE_WELL);
	assert_int_equal(take_count(8, NOW), 0);
	assert_false(queue_is_up(queue));
	assert_true(queue_is_full(queue));
	assert_string_equal(queue_trouble(queue), "OOM");
	assert_string_equal(redis_fixture_say(&redis, "EXISTS %s %s",
				sub_key("queue", 1), sub_key("flight", 1)),
	    ":0\r\n");
	other = queue_new(redis.url, share_dir());
	assert_int_equal(queue_check_epoch(other), -1);
	assert_true(queue_is_full(other));
	redis_fixture_say(&redis, "CONFIG SET maxmemory 0");
	assert_int_equal(take_count(8, NOW), 0);
	assert_true(queue_is_up(queue));
	assert_int_equal(queue_check_epoch(other), 0);
	assert_true(queue_is_up(other));
	queue_free(other);
}

/* Each is seen on a connection that worked, within a take and a probe, by a new
 * connection too, and is over when the server says so. */
static void
refusing_redis_is_down(void **state)
{
	static const struct {
		const char *word, *begin, *end;
	} cases[] = {
		{ "READONLY", "REPLICAOF 127.0.0.1 1", "REPLICAOF NO ONE" },
		{ "NOREPLICAS", "CONFIG SET min-replicas-to-write 1",
		    "CONFIG SET min-replicas-to-write 0" },
		{ "NOPERM", "ACL SETUSER default -evalsha -eval",
		    "ACL SETUSER default +@all" },
		{ "The user executing the script can't run this command or "
		  "subcommand",
		    "ACL SETUSER default -incr", "ACL SETUSER default +@all" },
		{ "The user executing the script can't access at least one of "
		  "the keys mentioned in the command arguments",
		    "ACL SETUSER default resetkeys", "ACL SETUSER default ~*" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct queue *other = queue_new(redis.url, share_dir());
		struct queue_taken taken;
		int rc = -1;

		for (int n = 0; n < 300 && queue_probe(queue) == -1; n++)
			usleep(10000);
		assert_true(queue_is_up(queue));
		redis_fixture_say(&redis, "%s", cases[i].begin);
		taken = take_at(1, 1, NOW);
		assert_true(taken.failed);
		forget(&taken);
		assert_false(queue_is_up(queue) || queue_is_full(queue));
		assert_string_equal(queue_trouble(queue), cases[i].word);
		assert_int_equal(queue_probe(other), -1);
		assert_string_equal(queue_trouble(other), cases[i].word);
		redis_fixture_say(&redis, "%s", cases[i].end);
		for (int n = 0; n < 300 && rc == -1; n++) {
			rc = queue_probe(other);
			usleep(10000);
		}
		assert_int_equal(rc, 0);
		queue_free(other);
	}
}

static void
password_is_said(void **state)
{
	char url[256];
	struct queue *other;

	(void)state;
	redis_fixture_say(&redis, "CONFIG SET requirepass a:b@c");
	snprintf(url, sizeof(url), "unix://:a%%3ab%%40c@%s?db=3", redis.socket);
	other = queue_new(url, share_dir());
	assert_int_equal(queue_probe(other), 0);
	queue_free(other);
	other = queue_new(redis.url, share_dir());
	assert_int_equal(queue_probe(other), -1);
	queue_free(other);
	snprintf(url, sizeof(url), "unix://:wrong@%s", redis.socket);
	other = queue_new(url, share_dir());
	assert_int_equal(queue_probe(other), -1);
	queue_free(other);
	snprintf(url, sizeof(url), "unix://:a%%3ab%%40c@%s", redis.socket);
	other = queue_new(url, share_dir());
	assert_int_equal(queue_check_epoch(other), 0);
	queue_free(other);
	/* a later test begins without */
	redis_fixture_kill(&redis);
	redis_fixture_spawn(&redis);
}

static void
bad_urls_are_never_up(void **state)
{
	static const char *const urls[] = { "", "redis://", "http://a",
		"redis://h:0", "redis://h:99999", "redis://h/x", "unix://",
		"redis://[::1", "redis://%zz@h", "unix:///p?x=1", "unix://a" };

	(void)state;
	for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
		struct queue *other = queue_new(urls[i], share_dir());

		assert_int_equal(queue_step(other), -1);
		assert_int_equal(queue_probe(other), -1);
		queue_free(other);
	}
}

static void
no_queue_without_its_functions(void **state)
{
	(void)state;
	assert_null(queue_new(redis.url, "/nonexistent"));
}

static int
begin(void **state)
{
	(void)state;
	redis_fixture_say(&redis, "FLUSHALL");
	queue = queue_new(redis.url, share_dir());
	return 0;
}

static int
end(void **state)
{
	(void)state;
	queue_free(queue);
	return 0;
}

static int
begin_all(void **state)
{
	(void)state;
	log_open("queue_test", LOG_DEBUG);
	redis_fixture_start(&redis);
	return 0;
}

static int
end_all(void **state)
{
	(void)state;
	redis_fixture_stop(&redis);
	return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(takes_what_is_due),
		TEST(equal_pushes_are_one),
		TEST(settled_comes_again_when_due),
		TEST(window_holds_one_subscription),
		TEST(nobody_waits_for_a_backlog),
		TEST(turns_go_round),
		TEST(slow_ones_share_their_part),
		TEST(quick_ones_have_slots_of_their_own),
		TEST(scarce_slots_are_for_more_than_one),
		TEST(flight_ends_by_itself),
		TEST(clock_set_back_blocks_nothing),
		TEST(window_max_is_obeyed),
		TEST(push_wakes_who_waits),
		TEST(tokens_come_to_rest),
		TEST(sooner_time_wakes),
		TEST(flushall_leaves_nothing_counted),
		TEST(nothing_is_forgotten),
		TEST(forgotten_functions_are_loaded_again),
		TEST(strangers_are_put_out),
		TEST(restart_is_survived),
		TEST(frozen_redis_holds_nobody),
		TEST(full_redis_is_emptied),
		TEST(refusing_redis_is_down),
		TEST(password_is_said),
		TEST(bad_urls_are_never_up),
		TEST(no_queue_without_its_functions),
	};

	return cmocka_run_group_tests(tests, begin_all, end_all);
}
