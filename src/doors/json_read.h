#ifndef DOORS_JSON_READ_H
#define DOORS_JSON_READ_H
/* JSON documents that we read ourselves, by jansson's parser. */
#include <stddef.h>

#include <jansson.h>

/* Any one JSON value, nested at most 2048 deep; U+0000 in strings is left to
 * who reads them. NULL when it is none: `fault` says why and where. */
json_t *json_read(const char *bytes, size_t length, json_error_t *fault);

/* A JSON string of any bytes: what is no UTF-8 becomes U+FFFD. */
json_t *json_lossy_string(const char *bytes, size_t length);
#endif
