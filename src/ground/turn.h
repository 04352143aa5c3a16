#ifndef GROUND_TURN_H
#define GROUND_TURN_H
/*
 * Taking turns: of a costly thing so many are done at once on this host, by
 * whatever processes. A turn is a lock on a file, so it ends with its process.
 */
#include <stdint.h>

/* Waits for one of `count` turns, the files DIRECTORY/NAME.0 and on. The turn,
 * or -1 when none was free within wait_ms, or no file could be made (that is
 * logged). */
int
turn_take(const char *directory, const char *name, int count, int64_t wait_ms);
void turn_end(int turn);
#endif
