#include "ground/clock.h"

#include <stdbool.h>
#include <stdio.h>
#include <time.h>

/* From CLOCK_BOOTTIME, which nobody sets and which goes on in a suspended
 * host: our own wall clock may step, and must not move what is due. */
static int64_t database_offset_ms;
static bool is_measured;

static int64_t
clock_read_ms(clockid_t id)
{
	struct timespec now;

	clock_gettime(id, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t
clock_monotonic_ms(void)
{
	return clock_read_ms(CLOCK_MONOTONIC);
}

int64_t
clock_monotonic_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t
clock_database_ms(void)
{
	return is_measured ? clock_read_ms(CLOCK_BOOTTIME) + database_offset_ms
			   : clock_read_ms(CLOCK_REALTIME);
}

void
clock_set_database(int64_t database_ms)
{
	database_offset_ms = database_ms - clock_read_ms(CLOCK_BOOTTIME);
	is_measured = true;
}

const char *
clock_text(int64_t ms, char text[CLOCK_TEXT_SIZE])
{
	time_t seconds = (time_t)(ms / 1000);
	char date[20];
	struct tm utc;

	if (ms < 0 || gmtime_r(&seconds, &utc) == NULL ||
	    strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &utc) == 0)
		snprintf(date, sizeof(date), "1970-01-01T00:00:00");
	snprintf(text, CLOCK_TEXT_SIZE, "%s.%03dZ", date,
	    ms < 0 ? 0 : (int)(ms % 1000));
	return text;
}
