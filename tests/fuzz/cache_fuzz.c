/* An entry of the cache, which anybody in Redis may have written: it is a miss,
 * or a subscription of that id that comes back the same. */
#include "fuzz.h"
#include "stores/cache_entry.h"

#define ID "0190aaaa-0000-7000-8000-000000000001"

static void
found_check(const struct subscription *found, const struct uuid *id)
{
	struct subscription again;
	char *entry = cache_entry_make(found);

	MUST(uuid_compare(&found->id, id) == 0);
	MUST(found->target_url != NULL && found->state != NULL);
	MUST(found->events_count >= -1);
	for (int i = 0; i < found->events_count; i++)
		MUST(text_is_utf8(found->events[i], strlen(found->events[i])));
	MUST(entry != NULL);
	MUST(cache_entry_read(entry, strlen(entry), id, &again));
	MUST(subscription_is_same(found, &again));
	subscription_release(&again);
	free(entry);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct subscription found;
	struct uuid id;

	MUST(uuid_parse(ID, &id, NULL) == 0);
	if (cache_entry_read((const char *)bytes, size, &id, &found))
		found_check(&found, &id);
	else
		MUST(found.target_url == NULL && found.events == NULL);
	subscription_release(&found);
	return 0;
}
