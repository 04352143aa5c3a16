#ifndef GROUND_CLOCK_H
#define GROUND_CLOCK_H
/*
 * Two clocks, both in milliseconds. Durations and deadlines come from the
 * monotonic one. Everything that is stored or compared with a row comes from
 * clock_database_ms(): PostgreSQL's clock, which the store reads on connect
 * and every 10 s, carried on without our own wall clock (that one serves
 * until the first reading). Inside it has microseconds: of two processes a
 * millisecond apart, the one behind would wait for what the other says is due.
 */
#include <stddef.h>
#include <stdint.h>

int64_t clock_monotonic_ms(void);
int64_t clock_monotonic_us(void); /* the same, finer */
int64_t clock_database_ms(void);  /* since 1970 */
/* It is between these there now, both in microseconds since 1970. Where that
 * is so already nothing changes: a reading that took long tells little. */
void clock_set_database(int64_t earliest_us, int64_t latest_us);

/* RFC 3339 in UTC with milliseconds: 2026-01-31T23:59:59.000Z */
#define CLOCK_TEXT_SIZE 25
const char *clock_text(int64_t ms, char text[CLOCK_TEXT_SIZE]); /* text */
/* Reads ISO 8601 as people and programs write it: a date, or a date and a time
 * of day to the minute, the second or a fraction of it, with Z or an offset;
 * UTC without one. 0, or -1. */
int clock_parse(const char *text, int64_t *ms);
#endif
