/* Reading a reply. */
#include <hiredis/hiredis.h>
#include <string.h>

#include "stores/redis.h"

static const redisReply *
reply_of(const struct redis_reply *reply)
{
	return (const redisReply *)reply;
}

bool
redis_is_error(const struct redis_reply *reply)
{
	return reply != NULL && reply_of(reply)->type == REDIS_REPLY_ERROR;
}

bool
redis_error_is(const struct redis_reply *reply, const char *word)
{
	size_t length = strlen(word);
	const char *error = redis_string(reply, NULL);

	return redis_is_error(reply) && strncmp(error, word, length) == 0 &&
	    (error[length] == ' ' || error[length] == '\0');
}

const char *
redis_string(const struct redis_reply *reply, size_t *length)
{
	int type = reply != NULL ? reply_of(reply)->type : REDIS_REPLY_NIL;

	if (type != REDIS_REPLY_STRING && type != REDIS_REPLY_STATUS &&
	    type != REDIS_REPLY_ERROR)
		return NULL;
	if (length != NULL)
		*length = reply_of(reply)->len;
	return reply_of(reply)->str;
}

int64_t
redis_integer(const struct redis_reply *reply)
{
	if (reply == NULL || reply_of(reply)->type != REDIS_REPLY_INTEGER)
		return 0;
	return reply_of(reply)->integer;
}

size_t
redis_count(const struct redis_reply *reply)
{
	if (reply == NULL || reply_of(reply)->type != REDIS_REPLY_ARRAY)
		return 0;
	return reply_of(reply)->elements;
}

const struct redis_reply *
redis_at(const struct redis_reply *reply, size_t i)
{
	if (i >= redis_count(reply))
		return NULL;
	return (const struct redis_reply *)reply_of(reply)->element[i];
}
