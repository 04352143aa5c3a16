#ifndef STORES_KEYRING_FILE_H
#define STORES_KEYRING_FILE_H
/* The key file, read and written: shared by the files of keyring.h. */
#include <stddef.h>
#include <sys/stat.h>

#include "rules/seal.h"

#define KEYS_MAX 32

struct keys {
	struct seal_key *list; /* sodium_malloc */
	size_t count;
};

/* 0, or -1 with what is wrong said. `keys` is then as it was. */
int keys_read(const char *path, struct keys *keys, struct stat *seen);
void keys_free(struct keys *keys);

/* Keeps the words for keyring_reason. */
void keyring_say(const char *format, ...) __attribute__((format(printf, 1, 2)));
#endif
