#include "lookup.h"

#include <stddef.h>

#include "ground/text.h"

#define RUNNING_MOST 128
#define RUNNING_NEW 64
#define RUNNING_SLOW 32
#define KNOWN_SIZE 4096

struct lookups {
	size_t running;
	/* Names that were answered for; a collision only costs a turn. */
	uint32_t known[KNOWN_SIZE];
};

struct lookups *
lookups_new(void)
{
	return memory_get(sizeof(struct lookups));
}

struct lookup
lookup_of(const char *host)
{
	struct lookup lookup = { .name = 2166136261u };

	for (; *host != '\0'; host++) /* FNV-1a */
		lookup.name = (lookup.name ^ (unsigned char)*host) * 16777619u;
	return lookup;
}

static bool
is_known(const struct lookups *lookups, const struct lookup *lookup)
{
	return lookups->known[lookup->name % KNOWN_SIZE] == lookup->name;
}

bool
lookup_begin(struct lookups *lookups, struct lookup *lookup)
{
	size_t most = is_known(lookups, lookup) ? RUNNING_MOST
	    : lookup->slow			? RUNNING_SLOW
						: RUNNING_NEW;

	if (lookup->running)
		return true;
	if (lookups->running >= most)
		return false;
	lookup->running = true;
	lookups->running++;
	return true;
}

void
lookup_answered(struct lookups *lookups, struct lookup *lookup)
{
	if (lookup->running)
		lookups->known[lookup->name % KNOWN_SIZE] = lookup->name;
	lookup_end(lookups, lookup);
}

void
lookup_unanswered(struct lookups *lookups, const struct lookup *lookup)
{
	if (is_known(lookups, lookup))
		lookups->known[lookup->name % KNOWN_SIZE] = 0;
}

void
lookup_end(struct lookups *lookups, struct lookup *lookup)
{
	lookups->running -= lookup->running;
	lookup->running = false;
}
