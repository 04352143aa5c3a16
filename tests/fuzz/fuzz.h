#ifndef FUZZ_H
#define FUZZ_H
/*
 * What the fuzz targets share. Each NAME_fuzz.c hands a parser whatever
 * libFuzzer thinks of, and says what must be true of any answer. Its seeds are
 * the texts in corpus/NAME.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ground/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

#define MUST(this) \
	do { \
		if (!(this)) { \
			dprintf(2, "%s:%d: not so: %s\n", __FILE__, __LINE__, \
			    #this); \
			abort(); \
		} \
	} while (0)

struct input {
	const uint8_t *at;
	size_t left;
};

/* The next line, without its end, as a string of the program's: a NUL in it
 * ends it. Yours to free(). */
static inline char *
input_line(struct input *input)
{
	const uint8_t *end = memchr(input->at, '\n', input->left);
	size_t length = end == NULL ? input->left : (size_t)(end - input->at);
	char *line = memory_copy(input->at, length);

	length += end != NULL;
	input->at += length;
	input->left -= length;
	return line;
}

/* All that is left. */
static inline char *
input_rest(struct input *input)
{
	char *rest = memory_copy(input->at, input->left);

	input->left = 0;
	return rest;
}
#endif
