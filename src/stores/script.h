#ifndef STORES_SCRIPT_H
#define STORES_SCRIPT_H
/*
 * A Lua function in a file of its own, called by its SHA: loaded on a
 * connection when it is first called there. Redis tells the SHA; until it is
 * known the source itself is sent.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "stores/redis.h"

#define SCRIPT_PARTS 3 /* of a call, before its arguments */

struct script {
	const char *name; /* lua/NAME.lua; a literal */
	char *source;	  /* owned */
	size_t length;
	char sha[41]; /* "": not known yet */
	bool loaded;  /* on this connection; the owner clears it when
				   a new one opens */
};

/* Reads lua/arm.lua and lua/NAME.lua below share_dir. 0, or -1 and logged. */
int script_read(struct script *script, const char *share_dir);
void script_release(struct script *script);

/* parts: SCRIPT_PARTS free ones, then the arguments. The load is answered
 * under load_tag, for script_loaded. 0, or -1 as redis_send. */
int script_call(struct script *script, struct redis *redis, int load_tag,
    int tag, int64_t deadline_ms, struct redis_part *parts, size_t count);
void script_loaded(struct script *script, const struct redis_reply *reply);
/* Is it the error that says so? Then the next call loads it again. */
bool
script_is_forgotten(struct script *script, const struct redis_reply *reply);
#endif
