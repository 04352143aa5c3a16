#include <arpa/inet.h>
#include <endian.h>
#include <string.h>

#include "stores/db.h"

/* PostgreSQL counts microseconds since 2000-01-01. */
#define EPOCH_2000_MS INT64_C(946684800000)

void
db_params_free(struct db_params *params)
{
	text_free(&params->bytes);
	params->count = 0;
}

void
db_params_clear(struct db_params *params)
{
	text_clear(&params->bytes);
	params->count = 0;
}

void
db_add_bytes(struct db_params *params, const void *bytes, size_t length)
{
	params->at[params->count] = params->bytes.length;
	params->length[params->count++] = (int)length;
	text_add(&params->bytes, bytes, length);
}

void
db_add_null(struct db_params *params)
{
	params->at[params->count] = 0;
	params->length[params->count++] = -1;
}

void
db_add_bool(struct db_params *params, bool value)
{
	db_add_bytes(params, value ? "\1" : "\0", 1);
}

void
db_add_int(struct db_params *params, int32_t value)
{
	uint32_t wire = htonl((uint32_t)value);

	db_add_bytes(params, &wire, sizeof(wire));
}

void
db_add_long(struct db_params *params, int64_t value)
{
	uint64_t wire = htobe64((uint64_t)value);

	db_add_bytes(params, &wire, sizeof(wire));
}

void
db_add_uuid(struct db_params *params, const struct uuid *uuid)
{
	if (uuid == NULL)
		db_add_null(params);
	else
		db_add_bytes(params, uuid->bytes, sizeof(uuid->bytes));
}

void
db_add_string(struct db_params *params, const char *text)
{
	if (text == NULL)
		db_add_null(params);
	else
		db_add_bytes(params, text, strlen(text));
}

static int64_t
wire_time(int64_t ms)
{
	return (ms - EPOCH_2000_MS) * 1000;
}

void
db_add_time(struct db_params *params, int64_t ms)
{
	db_add_long(params, wire_time(ms));
}

static void
array_word(struct db_params *params, uint32_t value)
{
	uint32_t wire = htonl(value);

	text_add(&params->bytes, &wire, sizeof(wire));
}

/* The header of a one-dimensional array: dimensions, has nulls, element
 * type, size, lower bound; db_array_end fills in what is not known yet. */
void
db_array_begin(struct db_params *params, enum db_type type)
{
	params->array_at = params->bytes.length;
	params->array_count = 0;
	params->array_nulls = ARRAY_NO_NULLS;
	array_word(params, 1);
	array_word(params, 0);
	array_word(params, (uint32_t)type);
	array_word(params, 0);
	array_word(params, 1);
}

static void
array_element(struct db_params *params, const void *bytes, size_t length)
{
	params->array_count++;
	array_word(params, (uint32_t)length);
	text_add(&params->bytes, bytes, length);
}

void
db_array_null(struct db_params *params)
{
	params->array_count++;
	params->array_nulls = ARRAY_HAS_NULLS;
	array_word(params, UINT32_MAX);
}

void
db_array_bool(struct db_params *params, bool value)
{
	array_element(params, value ? "\1" : "\0", 1);
}

void
db_array_int(struct db_params *params, int32_t value)
{
	uint32_t wire = htonl((uint32_t)value);

	array_element(params, &wire, sizeof(wire));
}

void
db_array_long(struct db_params *params, int64_t value)
{
	uint64_t wire = htobe64((uint64_t)value);

	array_element(params, &wire, sizeof(wire));
}

void
db_array_uuid(struct db_params *params, const struct uuid *uuid)
{
	if (uuid == NULL)
		db_array_null(params);
	else
		array_element(params, uuid->bytes, sizeof(uuid->bytes));
}

void
db_array_string(struct db_params *params, const char *text)
{
	if (text == NULL)
		db_array_null(params);
	else
		array_element(params, text, strlen(text));
}

void
db_array_bytes(struct db_params *params, const void *bytes, size_t length)
{
	if (bytes == NULL)
		db_array_null(params);
	else
		array_element(params, bytes, length);
}

void
db_array_time(struct db_params *params, int64_t ms)
{
	db_array_long(params, wire_time(ms));
}

static void
array_patch(struct db_params *params, size_t word, uint32_t value)
{
	uint32_t wire = htonl(value);

	memcpy(params->bytes.bytes + params->array_at + word * sizeof(wire),
	    &wire, sizeof(wire));
}

void
db_array_end(struct db_params *params)
{
	array_patch(params, 1, (uint32_t)params->array_nulls);
	array_patch(params, 3, (uint32_t)params->array_count);
	if (params->array_count == 0) {
		array_patch(params, 0, 0);
		params->bytes.length = params->array_at + 12;
	}
	params->at[params->count] = params->array_at;
	params->length[params->count++] =
	    (int)(params->bytes.length - params->array_at);
}
