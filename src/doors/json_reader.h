#ifndef DOORS_JSON_READER_H
#define DOORS_JSON_READER_H
/* What json_read.c and json_read_string.c share; nobody else's. */
#include <stdbool.h>
#include <stddef.h>

#include "ground/text.h"

struct json_reader {
	const char *at, *end;
	const char *reason; /* NULL while all is well */
	const char *fault;  /* where it is not */
	int depth;
};

/* Notes why and where it is no JSON. */
void json_reader_fail(
    struct json_reader *reader, const char *at, const char *reason);
bool json_reader_skip(struct json_reader *reader, char byte);

/* A string from its opening quote on, decoded. 0, or -1 when it is none. */
int json_reader_string(struct json_reader *reader, struct text *string);

/* The first byte that begins no well-formed UTF-8, or the end. */
const char *json_utf8_fault(const char *bytes, size_t length);
#endif
