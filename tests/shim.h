#ifndef TESTS_SHIM_H
#define TESTS_SHIM_H
/*
 * What the LD_PRELOAD shims share: a word of up to 8 bytes, padded with blanks
 * or NULs, in the file named by PRELOAD_STATE. The file may change at any
 * time, but must not get shorter. Without it the process is ended: a test
 * would test nothing.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define SHIM_WORD 8

static const char *shim_state;

__attribute__((constructor)) static void
shim_open(void)
{
	const char *path = getenv("PRELOAD_STATE");
	int file = path == NULL ? -1 : open(path, O_RDWR | O_CREAT, 0600);
	void *page;

	if (file == -1 || ftruncate(file, SHIM_WORD) == -1)
		abort();
	page = mmap(NULL, SHIM_WORD, PROT_READ, MAP_SHARED, file, 0);
	close(file);
	if (page == MAP_FAILED)
		abort();
	shim_state = page;
}

/* Others' constructors may ask before ours has run: then it is empty. */
static void
shim_word(char word[SHIM_WORD + 1])
{
	memset(word, 0, SHIM_WORD + 1);
	if (shim_state != NULL)
		memcpy(word, shim_state, SHIM_WORD);
	word[strcspn(word, " ")] = '\0';
}
#endif
