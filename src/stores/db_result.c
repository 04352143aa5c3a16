/* Reading what a statement gave. */
#include <arpa/inet.h>
#include <endian.h>
#include <string.h>

#include "stores/db_link.h"

#define EPOCH_2000_MS INT64_C(946684800000)

int
db_rows(const struct db *db)
{
	return db->result == NULL ? 0 : PQntuples(db->result);
}

bool
db_is_null(const struct db *db, int row, int column)
{
	return PQgetisnull(db->result, row, column) != 0;
}

bool
db_get_bool(const struct db *db, int row, int column)
{
	return !db_is_null(db, row, column) &&
	    PQgetvalue(db->result, row, column)[0] != 0;
}

int64_t
db_get_long_or(const struct db *db, int row, int column, int64_t fallback)
{
	const char *value = PQgetvalue(db->result, row, column);
	int64_t number = 0;

	if (db_is_null(db, row, column))
		return fallback;
	for (int i = 0; i < PQgetlength(db->result, row, column); i++)
		number = i == 0 ? (signed char)value[i]
				: (int64_t)((uint64_t)number << 8 |
				      (unsigned char)value[i]);
	return number;
}

int64_t
db_get_long(const struct db *db, int row, int column)
{
	return db_get_long_or(db, row, column, 0);
}

struct uuid
db_get_uuid(const struct db *db, int row, int column)
{
	struct uuid uuid = { { 0 } };

	if (!db_is_null(db, row, column))
		memcpy(uuid.bytes, PQgetvalue(db->result, row, column),
		    sizeof(uuid.bytes));
	return uuid;
}

int64_t
db_get_time(const struct db *db, int row, int column)
{
	if (db_is_null(db, row, column))
		return 0;
	return db_get_long(db, row, column) / 1000 + EPOCH_2000_MS;
}

const char *
db_get_string(const struct db *db, int row, int column)
{
	return db_is_null(db, row, column)
	    ? NULL
	    : PQgetvalue(db->result, row, column);
}

const void *
db_get_bytes(const struct db *db, int row, int column, size_t *length)
{
	*length = (size_t)PQgetlength(db->result, row, column);
	return db_get_string(db, row, column);
}

/* The array's form is that of db_array_begin. */
char **
db_get_strings(const struct db *db, int row, int column, int *count)
{
	size_t length;
	const unsigned char *at = db_get_bytes(db, row, column, &length), *end;
	uint32_t words[5] = { 0 }, element;
	char **vector, *text;

	*count = -1;
	if (at == NULL)
		return NULL;
	end = at + length;
	memcpy(words, at, length < sizeof(words) ? length : sizeof(words));
	*count = words[0] == 0 ? 0 : (int)ntohl(words[3]);
	vector = memory_get(((size_t)*count + 1) * sizeof(*vector) + length);
	text = (char *)(vector + *count + 1);
	at += sizeof(words);
	for (int i = 0; i < *count && end - at >= 4; i++) {
		memcpy(&element, at, sizeof(element));
		element = ntohl(element);
		vector[i] = text;
		at += sizeof(element);
		if (element == UINT32_MAX || element > (size_t)(end - at))
			continue;
		memcpy(text, at, element);
		text += element + 1;
		at += element;
	}
	return vector;
}
