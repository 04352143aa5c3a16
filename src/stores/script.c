#include "stores/script.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ground/log.h"
#include "ground/text.h"

#define SCRIPT_PRELUDE "arm"
#define SHA_LENGTH 40

static int
script_add_file(struct text *source, const char *share_dir, const char *name)
{
	struct text path = { 0 };
	char bytes[4096];
	size_t length;
	FILE *file;
	int rc = -1;

	text_addf(&path, "%s/lua/%s.lua", share_dir, name);
	file = fopen(text_string(&path), "re");
	if (file == NULL)
		goto out;
	while ((length = fread(bytes, 1, sizeof(bytes), file)) != 0)
		text_add(source, bytes, length);
	rc = ferror(file) ? -1 : 0;
out:
	if (rc == -1)
		log_error("cannot read a function of the queue path=%s "
			  "reason=%s",
		    text_string(&path), strerror(errno));
	if (file != NULL)
		fclose(file);
	text_free(&path);
	return rc;
}

int
script_read(struct script *script, const char *share_dir)
{
	struct text source = { 0 };

	if (script_add_file(&source, share_dir, SCRIPT_PRELUDE) == -1 ||
	    script_add_file(&source, share_dir, script->name) == -1) {
		text_free(&source);
		return -1;
	}
	script->length = source.length;
	script->source = text_take(&source);
	return 0;
}

void
script_release(struct script *script)
{
	free(script->source);
	script->source = NULL;
}

static int
script_load(struct script *script, struct redis *redis, int load_tag,
    int64_t deadline_ms)
{
	const struct redis_part parts[] = { { "SCRIPT", 6 }, { "LOAD", 4 },
		{ script->source, script->length } };

	return redis_send(redis, load_tag, deadline_ms, parts, 3);
}

int
script_call(struct script *script, struct redis *redis, int load_tag, int tag,
    int64_t deadline_ms, struct redis_part *parts, size_t count)
{
	if (!script->loaded) {
		if (script_load(script, redis, load_tag, deadline_ms) == -1)
			return -1;
		script->loaded = true;
	}
	if (script->sha[0] != '\0') {
		parts[0] = (struct redis_part){ "EVALSHA", 7 };
		parts[1] = (struct redis_part){ script->sha, SHA_LENGTH };
	} else {
		parts[0] = (struct redis_part){ "EVAL", 4 };
		parts[1] =
		    (struct redis_part){ script->source, script->length };
	}
	parts[2] = (struct redis_part){ "0", 1 };
	return redis_send(redis, tag, deadline_ms, parts, count);
}

void
script_loaded(struct script *script, const struct redis_reply *reply)
{
	size_t length;
	const char *sha = redis_string(reply, &length);

	if (sha != NULL && !redis_is_error(reply) && length == SHA_LENGTH)
		memcpy(script->sha, sha, SHA_LENGTH + 1);
	else if (reply != NULL)
		log_error("cannot load a function of the queue name=%s "
			  "reason=%s",
		    script->name, sha != NULL ? sha : "no SHA");
}

bool
script_is_forgotten(struct script *script, const struct redis_reply *reply)
{
	if (!redis_error_is(reply, "NOSCRIPT"))
		return false;
	script->loaded = false;
	return true;
}
