#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../../worker/share.c"

#define MIB ((size_t)1 << 20)
#define PAYLOAD MIB

static void
enter(struct share *share, enum queue_class class, size_t bytes, int times)
{
	for (int i = 0; i < times; i++)
		share_enter(share, class, bytes);
}

static void
slots_are_left_for_those_that_answer(void **state)
{
	struct share share = share_of(1000, PAYLOAD);

	(void)state;
	assert_int_equal(share_slots(&share, QUEUE_QUICK), 1000);
	assert_int_equal(share_slots(&share, QUEUE_UNTRIED), 750);
	assert_int_equal(share_slots(&share, QUEUE_SLOW), 500);
	enter(&share, QUEUE_SLOW, 1, 500);
	assert_int_equal(share_slots(&share, QUEUE_SLOW), 0);
	assert_int_equal(share_slots(&share, QUEUE_UNTRIED), 250);
	enter(&share, QUEUE_UNTRIED, 1, 250);
	assert_int_equal(share_slots(&share, QUEUE_UNTRIED), 0);
	assert_int_equal(share_slots(&share, QUEUE_QUICK), 250);
	enter(&share, QUEUE_QUICK, 1, 250);
	assert_int_equal(share_slots(&share, QUEUE_QUICK), 0);
	share_leave(&share, QUEUE_SLOW, 1);
	assert_int_equal(share_slots(&share, QUEUE_SLOW), 1);
}

/* Whoever is quick may take all, and then nobody else gets more. */
static void
quick_ones_may_have_all(void **state)
{
	struct share share = share_of(8, PAYLOAD);

	(void)state;
	enter(&share, QUEUE_QUICK, 1, 7);
	assert_int_equal(share_slots(&share, QUEUE_QUICK), 1);
	assert_int_equal(share_slots(&share, QUEUE_UNTRIED), 1);
	assert_int_equal(share_slots(&share, QUEUE_SLOW), 1);
	share_enter(&share, QUEUE_QUICK, 1);
	assert_int_equal(share_slots(&share, QUEUE_SLOW), 0);
}

static void
one_slot_is_for_everybody(void **state)
{
	struct share share = share_of(1, PAYLOAD);

	(void)state;
	for (size_t class = 0; class < QUEUE_CLASSES; class ++)
		assert_int_equal(share_slots(&share, class), 1);
}

static void
bytes_are_shared_as_slots_are(void **state)
{
	struct share share = share_of(1000, PAYLOAD);

	(void)state;
	enter(&share, QUEUE_SLOW, MIB, 48);
	assert_false(share_has_bytes(&share, QUEUE_SLOW, 0, MIB));
	assert_true(share_has_bytes(&share, QUEUE_UNTRIED, 0, MIB));
	enter(&share, QUEUE_UNTRIED, MIB, 24);
	assert_false(share_has_bytes(&share, QUEUE_UNTRIED, 0, MIB));
	assert_true(share_has_bytes(&share, QUEUE_QUICK, 0, MIB));
	enter(&share, QUEUE_QUICK, MIB, 24);
	assert_false(share_has_bytes(&share, QUEUE_QUICK, 0, MIB));
	share_leave(&share, QUEUE_UNTRIED, MIB);
	assert_true(share_has_bytes(&share, QUEUE_QUICK, 0, MIB));
	assert_true(share_has_bytes(&share, QUEUE_UNTRIED, 0, MIB));
	assert_false(share_has_bytes(&share, QUEUE_SLOW, 0, MIB));
}

static void
one_subscription_has_an_eighth(void **state)
{
	struct share share = share_of(1000, PAYLOAD);

	(void)state;
	assert_true(share_has_bytes(&share, QUEUE_QUICK, 11 * MIB, MIB));
	assert_false(share_has_bytes(&share, QUEUE_QUICK, 12 * MIB, MIB));
	assert_false(share_has_bytes(&share, QUEUE_QUICK, 12 * MIB, 1));
	/* two of the largest, however large these may be */
	share = share_of(1000, 64 * MIB);
	assert_true(share_has_bytes(&share, QUEUE_SLOW, 64 * MIB, 64 * MIB));
	assert_false(share_has_bytes(&share, QUEUE_SLOW, 128 * MIB, MIB));
}

/* However many take all they may, some slots and bytes are left. */
static void
hogs_leave_something(void **state)
{
	for (int hogs = 1; hogs <= 64; hogs *= 4) {
		struct share share = share_of(1000, PAYLOAD);
		size_t slots[64] = { 0 }, bytes[64] = { 0 };

		for (int i = 0; i < 1000 * hogs; i++) {
			size_t hog = (size_t)(i % hogs);
			bool has = share_has_bytes(
			    &share, QUEUE_QUICK, bytes[hog], MIB / 4);

			if (slots[hog] >= share_slots_each(&share))
				continue;
			share_enter(&share, QUEUE_QUICK, has ? MIB / 4 : 0);
			slots[hog]++;
			bytes[hog] += has ? MIB / 4 : 0;
		}
		assert_true(share_slots(&share, QUEUE_QUICK) > 150);
		assert_true(share_has_bytes(&share, QUEUE_QUICK, 0, MIB / 4));
	}
	(void)state;
}

/* A payload of before MAX_PAYLOAD_BYTES was lowered is not stuck. */
static void
the_first_one_always_may(void **state)
{
	struct share share = share_of(1000, 1);

	(void)state;
	for (size_t class = 0; class < QUEUE_CLASSES; class ++)
		assert_true(share_has_bytes(&share, class, 0, 200 * MIB));
	share_enter(&share, QUEUE_SLOW, 200 * MIB);
	assert_false(share_has_bytes(&share, QUEUE_SLOW, 0, MIB));
}

static void
small_payloads_do_not_count(void **state)
{
	struct share share = share_of(1000, PAYLOAD);

	(void)state;
	enter(&share, QUEUE_SLOW, SHARE_SMALL_BYTES, 100);
	assert_int_equal(share.bytes[QUEUE_SLOW], 0);
	enter(&share, QUEUE_SLOW, SHARE_SMALL_BYTES + 1, 1);
	assert_int_equal(share.bytes[QUEUE_SLOW], SHARE_SMALL_BYTES + 1);
	share_leave(&share, QUEUE_SLOW, SHARE_SMALL_BYTES + 1);
	assert_int_equal(share.bytes[QUEUE_SLOW], 0);
	assert_int_equal(share.slots[QUEUE_SLOW], 100);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(slots_are_left_for_those_that_answer),
		cmocka_unit_test(quick_ones_may_have_all),
		cmocka_unit_test(one_slot_is_for_everybody),
		cmocka_unit_test(bytes_are_shared_as_slots_are),
		cmocka_unit_test(one_subscription_has_an_eighth),
		cmocka_unit_test(hogs_leave_something),
		cmocka_unit_test(the_first_one_always_may),
		cmocka_unit_test(small_payloads_do_not_count),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
