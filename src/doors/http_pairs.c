#include "doors/http_pairs.h"

/* The number under way is known. */
static void
number_done(struct http_pairs *pairs)
{
	pairs->pending += pairs->length;
	pairs->length = 0;
	pairs->has_name = !pairs->has_name;
}

/* Seven bits, or 31 behind a bit that is set. */
static void
number_take(struct http_pairs *pairs, unsigned char byte)
{
	if (pairs->missing > 0) {
		pairs->length = pairs->length << 8 | byte;
		pairs->missing--;
	} else if (byte >> 7 != 0) {
		pairs->length = byte & 0x7f;
		pairs->missing = 3;
	} else
		pairs->length = byte;
	if (pairs->missing == 0)
		number_done(pairs);
}

static bool
is_in_number(const struct http_pairs *pairs)
{
	return pairs->missing > 0 || pairs->has_name || pairs->pending == 0;
}

bool
http_pairs_scan(struct http_pairs *pairs, const unsigned char *bytes,
    size_t length, size_t most)
{
	size_t count;

	for (size_t at = 0; at < length; at += count) {
		if (is_in_number(pairs)) {
			number_take(pairs, bytes[at]);
			count = 1;
		} else {
			count = length - at < pairs->pending ? length - at
							     : pairs->pending;
			pairs->pending -= count;
		}
		pairs->taken += count;
		if (pairs->taken > most || pairs->pending > most - pairs->taken)
			return false;
	}
	return true;
}

bool
http_pairs_are_whole(const struct http_pairs *pairs)
{
	return pairs->missing == 0 && !pairs->has_name && pairs->pending == 0;
}
