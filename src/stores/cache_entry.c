#include "stores/cache_entry.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "ground/text.h"

/* A vector and its strings as one block; false when it holds anything else. */
static bool
events_read(const json_t *events, struct subscription *into)
{
	size_t count = json_array_size(events), size = 0, i;
	const json_t *event;
	char *to;

	into->events_count = -1;
	if (json_is_null(events))
		return true;
	if (!json_is_array(events))
		return false;
	json_array_foreach((json_t *)events, i, event)
	{
		if (!json_is_string(event))
			return false;
		size += sizeof(char *) + json_string_length(event) + 1;
	}
	into->events_count = (int)count;
	if (count == 0)
		return true;
	into->events = memory_get(size);
	to = (char *)(into->events + count);
	json_array_foreach((json_t *)events, i, event)
	{
		size_t length = json_string_length(event);

		memcpy(to, json_string_value(event), length + 1);
		into->events[i] = to;
		to += length + 1;
	}
	return true;
}

/* Of a string or, when that may be, a null. */
static bool
string_read(const json_t *from, bool nullable, char **into)
{
	if (json_is_null(from))
		return nullable;
	*into = memory_copy_string(json_string_value(from));
	return *into != NULL;
}

static bool
state_is_known(const char *state)
{
	return strcmp(state, "active") == 0 || strcmp(state, "paused") == 0 ||
	    strcmp(state, "disabled") == 0;
}

static bool
subscription_read(
    const json_t *from, const struct uuid *id, struct subscription *into)
{
	char text[UUID_TEXT_SIZE];
	const char *its_id = json_string_value(json_object_get(from, "id"));
	const json_t *created = json_object_get(from, "created_at");
	const json_t *updated = json_object_get(from, "updated_at");
	const json_t *overlap = json_object_get(from, "secret_overlap_until");
	const json_t *has_ingest = json_object_get(from, "has_ingest_secret");
	const json_t *ingest_overlap =
	    json_object_get(from, "ingest_secret_overlap_until");

	if (its_id == NULL || strcmp(its_id, uuid_text(id, text)) != 0 ||
	    !json_is_integer(created) || !json_is_integer(updated) ||
	    !json_is_integer(overlap) || !json_is_boolean(has_ingest) ||
	    !json_is_integer(ingest_overlap))
		return false;
	into->secret_overlap_until = json_integer_value(overlap);
	into->has_ingest_secret = json_is_true(has_ingest);
	into->ingest_overlap_until = json_integer_value(ingest_overlap);
	into->id = *id;
	into->created_at = json_integer_value(created);
	into->updated_at = json_integer_value(updated);
	return string_read(json_object_get(from, "target_url"), false,
		   &into->target_url) &&
	    string_read(
		json_object_get(from, "secret"), true, &into->sealed_secret) &&
	    string_read(json_object_get(from, "verify_ingest"), true,
		&into->verify_ingest) &&
	    events_read(json_object_get(from, "events"), into) &&
	    string_read(json_object_get(from, "state"), false, &into->state) &&
	    state_is_known(into->state) &&
	    string_read(json_object_get(from, "state_reason"), true,
		&into->state_reason);
}

bool
cache_entry_read(const char *bytes, size_t length, const struct uuid *id,
    struct subscription *into)
{
	json_t *value = json_loadb(bytes, length, 0, NULL);
	bool read;

	memset(into, 0, sizeof(*into));
	read = subscription_read(value, id, into);
	json_decref(value);
	if (!read)
		subscription_release(into);
	return read;
}

static json_t *
string_or_null(const char *string)
{
	return string != NULL ? json_string(string) : json_null();
}

static json_t *
events_json(const struct subscription *subscription)
{
	json_t *events;

	if (subscription->events_count < 0)
		return json_null();
	events = json_array();
	for (int i = 0; i < subscription->events_count; i++)
		if (json_array_append_new(
			events, json_string(subscription->events[i])) == -1) {
			json_decref(events);
			return NULL;
		}
	return events;
}

char *
cache_entry_make(const struct subscription *subscription)
{
	char text[UUID_TEXT_SIZE], *dump;
	json_t *value = json_pack("{s:s, s:o, s:o, s:o, s:o, s:o, s:I, s:I,"
				  " s:o, s:I, s:b, s:I}",
	    "id", uuid_text(&subscription->id, text), "target_url",
	    string_or_null(subscription->target_url), "secret",
	    string_or_null(subscription->sealed_secret), "events",
	    events_json(subscription), "state",
	    string_or_null(subscription->state), "state_reason",
	    string_or_null(subscription->state_reason), "created_at",
	    (json_int_t)subscription->created_at, "updated_at",
	    (json_int_t)subscription->updated_at, "verify_ingest",
	    string_or_null(subscription->verify_ingest), "secret_overlap_until",
	    (json_int_t)subscription->secret_overlap_until, "has_ingest_secret",
	    (int)subscription->has_ingest_secret, "ingest_secret_overlap_until",
	    (json_int_t)subscription->ingest_overlap_until);

	if (value == NULL)
		return NULL;
	dump = json_dumps(value, JSON_COMPACT);
	json_decref(value);
	return dump;
}
