#ifndef WORKER_LOOKUP_H
#define WORKER_LOOKUP_H
/*
 * How many names may be resolved at once. libcurl looks a name up in a thread
 * of its own, which nothing can stop: a thousand names that nobody answers
 * for would be a thousand threads. So at most 128 look-ups run in a delivery
 * process, at most 64 of them for names that were never answered for, and 32
 * for receivers that timed out before: a dead name server leaves room for
 * names that are known to resolve.
 */
#include <stdbool.h>
#include <stdint.h>

struct lookups;
struct lookups *lookups_new(void); /* yours to free() */

/* Of one transfer. */
struct lookup {
	uint32_t name; /* hash of the host */
	bool literal;  /* an address: there is nothing to look up */
	bool slow;     /* a receiver that timed out before */
	bool running;
};
/* url: in its canonical form (target_url.h). */
struct lookup lookup_of(const char *url, bool slow);

/* True when it may run now, or need not; then it counts until lookup_end. */
bool lookup_begin(struct lookups *lookups, struct lookup *lookup);
/* An address came: remembered of the name, and ended. */
void lookup_answered(struct lookups *lookups, struct lookup *lookup);
/* None came in time: the name is as unknown as a new one. */
void lookup_unanswered(struct lookups *lookups, const struct lookup *lookup);
void lookup_end(struct lookups *lookups, struct lookup *lookup);
#endif
