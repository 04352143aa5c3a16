#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../../worker/watch.c"

#define GAP_MS 10000

/* A lease of webhook `webhook` with the token `token`. */
static struct held
held(unsigned char webhook, uint64_t token)
{
	return (struct held){ { { webhook } }, { 1, token } };
}

static int
expired(const struct watch *watch, int64_t least_ms)
{
	struct held stale;
	size_t at = 0;
	int count = 0;

	while (watch_expired(watch, least_ms, &at, &stale) == 1)
		count++;
	return count;
}

static void
an_unchanged_lease_expires(void **state)
{
	struct watch *watch = watch_new();
	struct held now[] = { held(2, 7), held(1, 7) };

	(void)state;
	for (int64_t ms = 0; ms < 90000; ms += 5000) {
		watch_look(watch, now, 2, ms, GAP_MS);
		assert_int_equal(expired(watch, 90000), 0);
	}
	watch_look(watch, now, 2, 90000, GAP_MS);
	assert_int_equal(expired(watch, 90000), 2);
	watch_free(watch);
}

static void
a_new_token_starts_anew(void **state)
{
	struct watch *watch = watch_new();
	struct held first[] = { held(1, 7), held(2, 7) };
	struct held then[] = { held(2, 7), held(1, 8) };

	(void)state;
	watch_look(watch, first, 2, 0, GAP_MS);
	watch_look(watch, then, 2, 10000, GAP_MS);
	watch_look(watch, then, 2, 15000, GAP_MS);
	assert_int_equal(expired(watch, 10000), 1);
	watch_look(watch, NULL, 0, 20000, GAP_MS);
	assert_int_equal(expired(watch, 0), 0);
	watch_look(watch, then, 2, 25000, GAP_MS);
	assert_int_equal(expired(watch, 1), 0);
	watch_free(watch);
}

static void
time_without_an_answer_does_not_count(void **state)
{
	struct watch *watch = watch_new();
	struct held now[] = { held(1, 7) };

	(void)state;
	watch_look(watch, now, 1, 0, GAP_MS);
	watch_miss(watch);
	watch_look(watch, now, 1, 600000, GAP_MS);
	assert_int_equal(expired(watch, 1), 0);
	/* nor does a pause of our own, beyond the gap */
	watch_look(watch, now, 1, 1200000, GAP_MS);
	assert_int_equal(expired(watch, GAP_MS), 1);
	assert_int_equal(expired(watch, GAP_MS + 1), 0);
	watch_free(watch);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_unchanged_lease_expires),
		cmocka_unit_test(a_new_token_starts_anew),
		cmocka_unit_test(time_without_an_answer_does_not_count),
	};

	return cmocka_run_group_tests_name("watch", tests, NULL, NULL);
}
