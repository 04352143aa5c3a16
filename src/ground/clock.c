#include "ground/clock.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* From CLOCK_BOOTTIME, which nobody sets and which goes on in a suspended
 * host: our own wall clock may step, and must not move what is due. */
static int64_t database_offset_us;
static bool is_measured;

static int64_t
clock_read_us(clockid_t id)
{
	struct timespec now;

	clock_gettime(id, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t
clock_monotonic_us(void)
{
	return clock_read_us(CLOCK_MONOTONIC);
}

int64_t
clock_monotonic_ms(void)
{
	return clock_monotonic_us() / 1000;
}

static int64_t
clock_database_us(void)
{
	return is_measured ? clock_read_us(CLOCK_BOOTTIME) + database_offset_us
			   : clock_read_us(CLOCK_REALTIME);
}

int64_t
clock_database_ms(void)
{
	return clock_database_us() / 1000;
}

void
clock_set_database(int64_t earliest_us, int64_t latest_us)
{
	int64_t now = clock_database_us();

	if (is_measured && now >= earliest_us && now <= latest_us)
		return;
	database_offset_us = earliest_us + (latest_us - earliest_us) / 2 -
	    clock_read_us(CLOCK_BOOTTIME);
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

static bool
has_shape(const char *text, const char *shape)
{
	for (; *shape != '\0'; shape++, text++)
		if (*shape == '9' ? !isdigit((unsigned char)*text)
				  : *text != *shape)
			return false;
	return true;
}

static int
two_digits(const char *at)
{
	return (at[0] - '0') * 10 + at[1] - '0';
}

/* The date and the time of day to the second; what follows it, or NULL. */
static const char *
day_parse(const char *text, struct tm *utc)
{
	if (!has_shape(text, "9999-99-99"))
		return NULL;
	*utc = (struct tm){
		.tm_year = two_digits(text) * 100 + two_digits(text + 2) - 1900,
		.tm_mon = two_digits(text + 5) - 1,
		.tm_mday = two_digits(text + 8),
	};
	text += 10;
	if (*text == '\0')
		return text;
	if (strchr("T t", *text) == NULL || !has_shape(text + 1, "99:99"))
		return NULL;
	utc->tm_hour = two_digits(text + 1);
	utc->tm_min = two_digits(text + 4);
	text += 6;
	if (!has_shape(text, ":99"))
		return text;
	utc->tm_sec = two_digits(text + 1);
	return text + 3;
}

static const char *
fraction_parse(const char *at, int64_t *ms)
{
	int64_t worth = 100;

	*ms = 0;
	if (*at != '.' || !isdigit((unsigned char)at[1]))
		return at;
	for (at++; isdigit((unsigned char)*at); at++, worth /= 10)
		*ms += (*at - '0') * worth;
	return at;
}

/* 0, or -1; all of the rest must be a zone. */
static int
zone_parse(const char *at, int64_t *ms)
{
	int minutes;

	*ms = 0;
	if (*at == '\0' || ((*at == 'Z' || *at == 'z') && at[1] == '\0'))
		return 0;
	if (strchr("+-", *at) == NULL || !has_shape(at + 1, "99:99") ||
	    at[6] != '\0')
		return -1;
	minutes = two_digits(at + 1) * 60 + two_digits(at + 4);
	*ms = (*at == '+' ? INT64_C(60000) : INT64_C(-60000)) * minutes;
	return minutes < 24 * 60 ? 0 : -1;
}

int
clock_parse(const char *text, int64_t *ms)
{
	struct tm given, utc;
	const char *rest = day_parse(text, &given);
	int64_t fraction = 0, offset;

	if (rest == NULL)
		return -1;
	if (rest - text == 19)
		rest = fraction_parse(rest, &fraction);
	if (zone_parse(rest, &offset) == -1)
		return -1;
	utc = given;
	*ms = timegm(&utc) * INT64_C(1000) + fraction - offset;
	/* timegm takes the 31st of February for the 3rd of March */
	return utc.tm_mon == given.tm_mon && utc.tm_mday == given.tm_mday &&
		utc.tm_hour == given.tm_hour && utc.tm_min == given.tm_min &&
		*ms >= 0
	    ? 0
	    : -1;
}
