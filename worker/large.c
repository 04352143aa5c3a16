/* Webhooks with a large payload: their size is known before the payload is
 * fetched, and they wait here until their share has room for it. */
#include "delivery.h"

#include <string.h>

#include "ground/clock.h"
#include "ground/config.h"

#define LATER_MS 500 /* then somebody may have room for it */

bool
large_has(const struct delivery *delivery, const struct uuid *webhook)
{
	for (size_t i = 0; i < delivery->large_count; i++)
		if (uuid_compare(&delivery->large[i].webhook_id, webhook) == 0)
			return true;
	return false;
}

void
large_add(struct delivery *delivery, const struct wanted *wanted, size_t bytes)
{
	struct wanted *large;

	if (large_has(delivery, &wanted->webhook_id))
		return;
	if (delivery->large_count == LARGE_MOST) {
		claim_unwant(delivery, wanted, clock_database_ms() + LATER_MS);
		return;
	}
	large = &delivery->large[delivery->large_count++];
	*large = *wanted;
	large->bytes = bytes;
	large->since = clock_monotonic_ms();
}

/* Of its subscription, in flight or about to be claimed. */
static size_t
bytes_of(const struct delivery *delivery, const struct uuid *subscription)
{
	const struct wants *wants = &delivery->wants;
	size_t bytes = window_bytes(delivery->window, subscription);

	for (size_t i = 0; i < wants->count; i++)
		if (uuid_compare(
			&wants->list[i].subscription_id, subscription) == 0)
			bytes += wants->list[i].bytes;
	return bytes;
}

static bool
large_fits(const struct delivery *delivery, const struct share *share,
    const struct wanted *large)
{
	return share_slots(share, large->class) > 0 &&
	    share_has_bytes(share, large->class,
		bytes_of(delivery, &large->subscription_id), large->bytes);
}

bool
large_is_ready(const struct delivery *delivery)
{
	for (size_t i = 0; i < delivery->large_count; i++)
		if (large_fits(delivery, &delivery->share, &delivery->large[i]))
			return true;
	return false;
}

bool
large_pick(struct delivery *delivery)
{
	struct share share = delivery->share;
	struct wants *wants = &delivery->wants;
	size_t kept = 0, bytes = 0;

	for (size_t i = 0; i < delivery->large_count; i++) {
		const struct wanted *large = &delivery->large[i];

		if (wants->count < delivery->pace.rows &&
		    (wants->count == 0 ||
			bytes + large->bytes <= delivery->pace.bytes) &&
		    large_fits(delivery, &share, large)) {
			share_enter(&share, large->class, large->bytes);
			bytes += large->bytes;
			wants->list[wants->count++] = *large;
		} else
			delivery->large[kept++] = *large;
	}
	delivery->large_count = kept;
	wants->large = wants->count > 0;
	return wants->large;
}

/* Redis counts what it gave us as lost after a while: before that it goes
 * back, and another process may have room for it. */
void
large_give_back(struct delivery *delivery, int64_t now)
{
	int64_t due = clock_database_ms() + (delivery->stops ? 0 : LATER_MS);
	size_t kept = 0;

	for (size_t i = 0; i < delivery->large_count; i++)
		if (delivery->stops ||
		    now - delivery->large[i].since > config.http_timeout_ms)
			claim_unwant(delivery, &delivery->large[i], due);
		else
			delivery->large[kept++] = delivery->large[i];
	delivery->large_count = kept;
}
