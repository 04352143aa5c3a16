/* The keys as they are used; keyring_file.c writes the file. */
#include "stores/keyring.h"

#include <sodium.h>
#include <string.h>

#include "ground/core.h"
#include "ground/log.h"
#include "ground/text.h"
#include "stores/keyring_file.h"

static struct {
	const char *path;
	struct stat seen; /* of the file that the keys are from */
	struct keys keys;
} ring;

static int
ring_read(void)
{
	struct keys keys = { 0 };
	struct stat seen;

	if (keys_read(ring.path, &keys, &seen) == -1)
		return -1;
	keys_free(&ring.keys);
	ring.keys = keys;
	ring.seen = seen;
	return 0;
}

static bool
file_is_the_same(void)
{
	struct stat now;

	return ring.keys.count > 0 && stat(ring.path, &now) == 0 &&
	    now.st_ino == ring.seen.st_ino && now.st_dev == ring.seen.st_dev &&
	    now.st_size == ring.seen.st_size &&
	    now.st_ctim.tv_sec == ring.seen.st_ctim.tv_sec &&
	    now.st_ctim.tv_nsec == ring.seen.st_ctim.tv_nsec;
}

/* True when there are keys that were not there before. */
static bool
ring_refresh(void)
{
	/* sodium_init may have failed the last time: keys need its memory */
	if (ring.path == NULL || file_is_the_same() || sodium_init() == -1 ||
	    ring_read() == -1)
		return false;
	log_info("read the secret keys file=%s keys=%zu first=%s", ring.path,
	    ring.keys.count, ring.keys.list[0].id);
	return true;
}

int
keyring_load(const char *path)
{
	core_hide();
	ring.path = path;
	if (sodium_init() == -1) {
		keyring_say("libsodium cannot be set up");
		return -1;
	}
	return ring_read();
}

static const struct seal_key *
key_find(const char *id)
{
	for (size_t i = 0; i < ring.keys.count; i++)
		if (strcmp(ring.keys.list[i].id, id) == 0)
			return &ring.keys.list[i];
	return NULL;
}

const char *
keyring_first(void)
{
	ring_refresh();
	return ring.keys.count > 0 ? ring.keys.list[0].id : NULL;
}

bool
keyring_holds(const char *id)
{
	return key_find(id) != NULL;
}

char *
keyring_seal(const struct uuid *subscription_id, const char *secret)
{
	ring_refresh();
	if (ring.keys.count == 0 && secret[0] != '\0')
		return NULL;
	return seal_make(ring.keys.list, subscription_id, secret);
}

static char *
key_open(const char *id, const struct uuid *subscription_id, const char *sealed)
{
	const struct seal_key *key = key_find(id);
	char *secret;

	if (key == NULL) {
		if (ring.keys.count > 0)
			keyring_say("it is sealed with key %s, which %s does "
				    "not hold: put that line back from your "
				    "backup, behind the others",
			    id, ring.path);
		return NULL;
	}
	secret = seal_open(key, subscription_id, sealed);
	if (secret == NULL)
		keyring_say("key %s of %s does not fit: put the right key of "
			    "that name back from your backup; if it is the "
			    "right one, the stored secret was altered: set a "
			    "new one",
		    id, ring.path);
	return secret;
}

char *
keyring_open(const struct uuid *subscription_id, const char *sealed)
{
	char id[SEAL_ID_MAX + 1], *secret;

	if (sealed[0] == '\0')
		return memory_copy_string("");
	if (!seal_id_of(sealed, id)) {
		keyring_say("it is no sealed secret: run `postrider-admin "
			    "migrate`, or set a new one");
		return NULL;
	}
	secret = key_open(id, subscription_id, sealed);
	if (secret == NULL && ring_refresh())
		secret = key_open(id, subscription_id, sealed);
	return secret;
}
