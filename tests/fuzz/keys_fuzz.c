/* A key file: it is refused and no key is taken, or a second reading finds the
 * same keys, and what one of them seals it opens. */
#include <fcntl.h>
#include <sodium.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz.h"
#include "rules/seal.h"
#include "stores/keyring.h"
#include "stores/keyring_file.h"

#define FILE_BYTES 8192

static int file;
static char path[32];

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	file = memfd_create("keys", 0);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", file);
	MUST(file != -1 && fchmod(file, 0400) == 0 && sodium_init() != -1);
	return 0;
}

static void
without_blanks(char *text)
{
	char *to = text;

	for (; *text != '\0'; text++)
		if (strchr(" \t\r", *text) == NULL)
			*to++ = *text;
	*to = '\0';
}

/* One line, by its words; 1 if it holds this key, 0 if it holds none. */
static size_t
line_check(char *line, const struct seal_key *key)
{
	char base64[45];
	size_t id;

	line += strspn(line, " \t\r");
	if (line[0] == '\0' || line[0] == '#')
		return 0;
	id = strcspn(line, " \t");
	MUST(id == strlen(key->id) && memcmp(line, key->id, id) == 0);
	MUST(seal_id_fits(key->id));
	line += id;
	without_blanks(line);
	sodium_bin2base64(base64, sizeof(base64), key->bytes,
	    sizeof(key->bytes), sodium_base64_VARIANT_ORIGINAL);
	MUST(strcmp(line, base64) == 0);
	return 1;
}

static void
lines_check(const uint8_t *bytes, size_t size, const struct keys *keys)
{
	char *content = memory_copy(bytes, size), *rest = content, *line;
	size_t count = 0;

	MUST(size < FILE_BYTES && strlen(content) == size);
	while ((line = strsep(&rest, "\n")) != NULL)
		count += line_check(line, &keys->list[count % KEYS_MAX]);
	MUST(count == keys->count && count >= 1 && count <= KEYS_MAX);
	for (size_t i = 0; i < count; i++)
		for (size_t j = 0; j < i; j++)
			MUST(strcmp(keys->list[i].id, keys->list[j].id) != 0);
	free(content);
}

static void
seal_check(const struct seal_key *key)
{
	static const struct uuid row = { { 1 } }, other = { { 2 } };
	char *sealed = seal_make(key, &row, "secret"), *opened;
	char id[SEAL_ID_MAX + 1];

	MUST(sealed != NULL && seal_id_of(sealed, id));
	MUST(strcmp(id, key->id) == 0);
	opened = seal_open(key, &row, sealed);
	MUST(opened != NULL && strcmp(opened, "secret") == 0);
	seal_forget(opened);
	MUST(seal_open(key, &other, sealed) == NULL);
	free(sealed);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct keys keys = { 0 };
	struct stat seen;

	MUST(ftruncate(file, 0) == 0);
	MUST(pwrite(file, bytes, size, 0) == (ssize_t)size);
	if (keys_read(path, &keys, &seen) == 0) {
		MUST(seen.st_size == (off_t)size);
		lines_check(bytes, size, &keys);
		seal_check(&keys.list[keys.count - 1]);
		keys_free(&keys);
	} else {
		MUST(keys.list == NULL && keys.count == 0);
		MUST(strstr(keyring_reason(), path) != NULL);
		MUST(strlen(keyring_reason()) < 200);
	}
	return 0;
}
