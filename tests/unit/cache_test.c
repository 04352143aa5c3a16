#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "ground/clock.h"
#include "ground/log.h"
#include "ground/text.h"
#include "stores/cache.h"
#include "redis_fixture.h"

#define ID "0190aaaa-0000-7000-8000-000000000001"

static struct redis_fixture redis;
static struct cache *cache;
static struct uuid id;

static struct subscription
sample(void)
{
	static char *events[] = { (char *)"order.created", (char *)"\xc3\xa9" };

	return (struct subscription){ .id = id,
		.target_url = (char *)"https://example.com/?a=\"b\"",
		.sealed_secret = (char *)"s\\e\ncret",
		.events = events,
		.events_count = 2,
		.state = (char *)"active",
		.verify_ingest = (char *)"hmac-sha256-hex",
		.secret_overlap_until = 1800000000789,
		.has_ingest_secret = true,
		.ingest_overlap_until = 1800000000987,
		.created_at = 1800000000123,
		.updated_at = 1800000000456 };
}

static bool
keeps_what_it_is_given(void)
{
	struct subscription subscription = sample(), found;
	bool is_kept;

	cache_put(cache, &subscription);
	is_kept = cache_get(cache, &id, &found) == 1;
	subscription_release(&found);
	return is_kept;
}

static void
put_comes_back(void **state)
{
	struct subscription subscription = sample(), found;

	(void)state;
	assert_int_equal(cache_get(cache, &id, &found), 0);
	cache_put(cache, &subscription);
	assert_int_equal(cache_get(cache, &id, &found), 1);
	assert_memory_equal(&found.id, &id, sizeof(id));
	assert_string_equal(found.target_url, subscription.target_url);
	assert_string_equal(found.sealed_secret, subscription.sealed_secret);
	assert_int_equal(found.events_count, 2);
	assert_string_equal(found.events[0], "order.created");
	assert_string_equal(found.events[1], "\xc3\xa9");
	assert_string_equal(found.state, "active");
	assert_null(found.state_reason);
	assert_string_equal(found.verify_ingest, "hmac-sha256-hex");
	assert_true(found.secret_overlap_until == 1800000000789);
	assert_true(found.has_ingest_secret);
	assert_true(found.ingest_overlap_until == 1800000000987);
	assert_true(found.created_at == 1800000000123);
	assert_true(found.updated_at == 1800000000456);
	subscription_release(&found);
	cache_remove(cache, &id);
	assert_int_equal(cache_get(cache, &id, &found), 0);
}

static void
null_and_empty_stay_apart(void **state)
{
	struct subscription subscription = sample(), found;

	(void)state;
	subscription.sealed_secret = NULL;
	for (int count = -1; count <= 0; count++) {
		subscription.events_count = count;
		cache_put(cache, &subscription);
		assert_int_equal(cache_get(cache, &id, &found), 1);
		assert_null(found.sealed_secret);
		assert_null(found.events);
		assert_int_equal(found.events_count, count);
		subscription_release(&found);
	}
}

static void
every_key_has_an_end(void **state)
{
	struct subscription subscription = sample();

	(void)state;
	cache_put(cache, &subscription);
	assert_string_equal(
	    redis_fixture_say(&redis, "TTL subscription:" ID), ":60\r\n");
}

#define REST \
	",\"state\":\"active\",\"state_reason\":null," \
	"\"created_at\":1,\"updated_at\":1,\"verify_ingest\":null," \
	"\"secret_overlap_until\":0,\"has_ingest_secret\":false," \
	"\"ingest_secret_overlap_until\":0}"

static void
corrupt_is_a_miss(void **state)
{
	static const char *const values[] = {
		"",
		"x",
		"null",
		"[]",
		"{}",
		"{",
		"{\"id\":\"" ID "\"}",
		"\xff\xfe",
		"{\"id\":1,\"target_url\":\"u\",\"secret\":null,"
		"\"events\":null" REST,
		"{\"id\":\"0190aaaa-0000-7000-8000-000000000002\","
		"\"target_url\":\"u\",\"secret\":null,\"events\":null" REST,
		"{\"id\":\"" ID "\",\"target_url\":null,\"secret\":null,"
		"\"events\":null" REST,
		"{\"id\":\"" ID "\",\"target_url\":\"u\",\"secret\":{},"
		"\"events\":null" REST,
		"{\"id\":\"" ID "\",\"target_url\":\"u\",\"secret\":null,"
		"\"events\":[\"a\",1]" REST,
		"{\"id\":\"" ID "\",\"target_url\":\"u\",\"secret\":null,"
		"\"events\":\"a\"" REST,
		"{\"id\":\"" ID
		"\",\"target_url\":\"u\",\"secret\":\"a\\u0000\""
		",\"events\":null" REST,
	};
	struct subscription found;

	(void)state;
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		struct text quoted = { 0 };

		for (const char *c = values[i]; *c != '\0'; c++)
			text_addf(&quoted, "\\x%02x", (unsigned char)*c);
		assert_string_equal(
		    redis_fixture_say(&redis, "SET subscription:" ID " \"%s\"",
			text_string(&quoted)),
		    "+OK\r\n");
		text_free(&quoted);
		assert_int_equal(cache_get(cache, &id, &found), 0);
		assert_null(found.target_url);
	}
	redis_fixture_say(&redis, "DEL subscription:" ID);
	redis_fixture_say(&redis, "LPUSH subscription:" ID " a");
	assert_int_equal(cache_get(cache, &id, &found), 0);
	assert_true(keeps_what_it_is_given());
}

static void
whole_value_is_a_hit(void **state)
{
	struct subscription found;

	(void)state;
	redis_fixture_say(&redis, "SET subscription:" ID " '%s'",
	    "{\"id\":\"" ID "\",\"target_url\":\"u\",\"secret\":null,"
	    "\"events\":[]" REST);
	assert_int_equal(cache_get(cache, &id, &found), 1);
	subscription_release(&found);
}

static void
dead_redis_is_a_miss_and_rests(void **state)
{
	struct subscription subscription = sample(), found;
	int64_t began;

	(void)state;
	cache_put(cache, &subscription);
	kill(redis.pid, SIGSTOP);
	began = clock_monotonic_ms();
	assert_int_equal(cache_get(cache, &id, &found), 0);
	assert_in_range(clock_monotonic_ms() - began, 150, 2000);
	began = clock_monotonic_ms();
	for (int i = 0; i < 1000; i++) {
		assert_int_equal(cache_get(cache, &id, &found), 0);
		cache_put(cache, &subscription);
		cache_remove(cache, &id);
	}
	/* else each of the 3,000 would wait */
	assert_true(clock_monotonic_ms() - began < 3000);
	assert_false(keeps_what_it_is_given());
	kill(redis.pid, SIGCONT);
	usleep(600000);
	assert_int_equal(cache_get(cache, &id, &found), 1);
	subscription_release(&found);
	redis_fixture_kill(&redis);
	assert_int_equal(cache_get(cache, &id, &found), 0);
	redis_fixture_spawn(&redis);
	usleep(600000);
	assert_int_equal(cache_get(cache, &id, &found), 0);
	assert_true(keeps_what_it_is_given());
}

static int
begin(void **state)
{
	(void)state;
	redis_fixture_say(&redis, "FLUSHALL");
	cache = cache_new(redis.url, 60);
	return uuid_parse(ID, &id, NULL);
}

static int
end(void **state)
{
	(void)state;
	cache_free(cache);
	return 0;
}

static int
begin_all(void **state)
{
	(void)state;
	log_open("cache_test", LOG_DEBUG);
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
		TEST(put_comes_back),
		TEST(null_and_empty_stay_apart),
		TEST(every_key_has_an_end),
		TEST(corrupt_is_a_miss),
		TEST(whole_value_is_a_hit),
		TEST(dead_redis_is_a_miss_and_rests),
	};

	return cmocka_run_group_tests(tests, begin_all, end_all);
}
