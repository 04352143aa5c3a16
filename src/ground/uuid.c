#include "ground/uuid.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>
#include <unistd.h>

#include "ground/clock.h"
#include "ground/log.h"
#include "ground/text.h"

static void
uuid_set_ms(struct uuid *uuid, int64_t ms)
{
	for (int i = 0; i < 6; i++)
		uuid->bytes[i] = (unsigned char)(ms >> (40 - 8 * i));
}

/* A signal may cut it short. Ids that are not random would clash. */
static void
pool_fill(unsigned char *pool, size_t size)
{
	size_t at = 0;
	ssize_t count;

	while (at < size) {
		count = getrandom(pool + at, size - at, 0);
		if (count > 0)
			at += (size_t)count;
		else if (errno != EINTR) {
			log_error("no random bytes reason=\"%m\"");
			_exit(111);
		}
	}
}

/* Random bytes, read 4 KiB at a time: a system call an id is too dear. A
 * forked child must not repeat its parent's ids, so ids are made only by
 * processes that no longer fork. */
static void
random_bytes(void *out, size_t length)
{
	static unsigned char pool[4096];
	static size_t left;

	if (left < length) {
		pool_fill(pool, sizeof(pool));
		left = sizeof(pool);
	}
	left -= length;
	memcpy(out, pool + left, length);
}

/* The 12 bits of rand_a count up within one millisecond (RFC 9562, 6.2,
 * method 1); when they run out, the time of the ids runs ahead. */
struct uuid
uuid_new(void)
{
	static int64_t last_ms;
	static unsigned counter;
	int64_t now = clock_database_ms();
	struct uuid uuid;

	random_bytes(uuid.bytes + 6, 10);
	if (now > last_ms) {
		last_ms = now;
		counter = (unsigned)(uuid.bytes[6] & 0x07) << 8 | uuid.bytes[7];
	} else if (++counter > 0xfff) {
		last_ms++;
		counter = 0;
	}
	uuid_set_ms(&uuid, last_ms);
	uuid.bytes[6] = (unsigned char)(0x70 | counter >> 8);
	uuid.bytes[7] = (unsigned char)counter;
	uuid.bytes[8] = (unsigned char)((uuid.bytes[8] & 0x3f) | 0x80);
	return uuid;
}

struct uuid
uuid_at(int64_t ms)
{
	struct uuid uuid = { { 0 } };

	uuid_set_ms(&uuid, ms < 0 ? 0 : ms);
	return uuid;
}

int64_t
uuid_ms(const struct uuid *uuid)
{
	int64_t ms = 0;

	for (int i = 0; i < 6; i++)
		ms = ms << 8 | uuid->bytes[i];
	return ms;
}

const char *
uuid_text(const struct uuid *uuid, char text[UUID_TEXT_SIZE])
{
	static const char digits[] = "0123456789abcdef";
	char *at = text;

	for (int i = 0; i < 16; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			*at++ = '-';
		*at++ = digits[uuid->bytes[i] >> 4];
		*at++ = digits[uuid->bytes[i] & 15];
	}
	*at = '\0';
	return text;
}

int
uuid_compare(const struct uuid *a, const struct uuid *b)
{
	return memcmp(a->bytes, b->bytes, sizeof(a->bytes));
}

void
uuid_widen(struct uuid *least, struct uuid *most, const struct uuid *id)
{
	if (uuid_compare(id, least) < 0)
		*least = *id;
	if (uuid_compare(id, most) > 0)
		*most = *id;
}

static int uuid_refuse(char *reason, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static int
uuid_refuse(char *reason, const char *format, ...)
{
	va_list args;

	if (reason != NULL) {
		va_start(args, format);
		vsnprintf(reason, UUID_REASON_SIZE, format, args);
		va_end(args);
	}
	return -1;
}

/* The phrases of the reference's parser; positions count from 1. */
static int
uuid_check_digits(
    const char *body, size_t length, const char *whole, char *reason)
{
	size_t groups = 1;

	for (size_t i = 0; i < length; i++) {
		if (body[i] == '-')
			groups++;
		else if (text_hex(body[i]) == -1)
			return uuid_refuse(reason,
			    "invalid character: expected an optional prefix of "
			    "`urn:uuid:` followed by [0-9a-fA-F-], found `%c` "
			    "at %zu",
			    (unsigned char)body[i] < 0x80 && body[i] >= ' '
				? body[i]
				: '?',
			    (size_t)(body - whole) + i + 1);
	}
	if (groups == 1)
		return length == 32
		    ? 0
		    : uuid_refuse(reason,
			  "invalid length: expected length 32 for simple format, "
			  "found %zu",
			  length);
	if (groups != 5)
		return uuid_refuse(reason,
		    "invalid group count: expected 5, found %zu", groups);
	return 0;
}

static int
uuid_check_groups(const char *body, size_t length, char *reason)
{
	static const size_t want[] = { 8, 4, 4, 4, 12 };
	size_t group = 0, found = 0;

	if (memchr(body, '-', length) == NULL)
		return 0;
	for (size_t i = 0; i <= length; i++) {
		if (i < length && body[i] != '-') {
			found++;
			continue;
		}
		if (found != want[group])
			return uuid_refuse(reason,
			    "invalid group length in group %zu: expected %zu, "
			    "found %zu",
			    group, want[group], found);
		group++;
		found = 0;
	}
	return 0;
}

int
uuid_parse(const char *text, struct uuid *uuid, char reason[UUID_REASON_SIZE])
{
	const char *body = text;
	size_t length = strlen(text), digit = 0;

	if (length >= 2 && body[0] == '{' && body[length - 1] == '}') {
		body++;
		length -= 2;
	} else if (strncasecmp(body, "urn:uuid:", 9) == 0) {
		body += 9;
		length -= 9;
	}
	if (uuid_check_digits(body, length, text, reason) == -1 ||
	    uuid_check_groups(body, length, reason) == -1)
		return -1;
	*uuid = (struct uuid){ { 0 } };
	for (size_t i = 0; i < length; i++) {
		if (body[i] == '-')
			continue;
		uuid->bytes[digit / 2] =
		    (unsigned char)(uuid->bytes[digit / 2] << 4 |
			text_hex(body[i]));
		digit++;
	}
	return 0;
}
