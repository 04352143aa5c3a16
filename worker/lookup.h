#ifndef WORKER_LOOKUP_H
#define WORKER_LOOKUP_H
/*
 * How many names may be looked up at once: at most 128 in a delivery process,
 * at most 64 of them names that were never answered for, and 32 for receivers
 * that timed out before: a dead name server leaves room for names that are
 * known to resolve.
 */
#include <stdbool.h>
#include <stdint.h>

struct lookups;
struct lookups *lookups_new(void); /* yours to free() */

/* Of one name. */
struct lookup {
	uint32_t name; /* hash of the host */
	bool slow;     /* a receiver that timed out before */
	bool running;
};
struct lookup lookup_of(const char *host);

/* True when it may run now; then it counts until lookup_end. */
bool lookup_begin(struct lookups *lookups, struct lookup *lookup);
/* An address came: remembered of the name, and ended. */
void lookup_answered(struct lookups *lookups, struct lookup *lookup);
/* None came in time: the name is as unknown as a new one. */
void lookup_unanswered(struct lookups *lookups, const struct lookup *lookup);
void lookup_end(struct lookups *lookups, struct lookup *lookup);
#endif
