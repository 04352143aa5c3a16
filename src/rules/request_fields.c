#include "rules/request_fields.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rules/signature.h"

#define HOPS_DIGITS_MAX 4

int
request_hops(const char *value)
{
	size_t length;

	if (value == NULL)
		return 0;
	length = strspn(value, "0123456789");
	if (length == 0 || length > HOPS_DIGITS_MAX || value[length] != '\0')
		return -1;
	return (int)strtol(value, NULL, 10);
}

static bool
is_field_value(const char *value)
{
	if (value == NULL)
		return false;
	for (; *value != '\0'; value++)
		if (((unsigned char)*value < 0x20 && *value != '\t') ||
		    *value == 0x7f)
			return false;
	return true;
}

void
request_sign(struct text *signatures, char *const *secrets, int count,
    const struct uuid *webhook_id, int64_t timestamp, const void *payload,
    size_t length)
{
	char id[UUID_TEXT_SIZE], signature[SIGNATURE_SIZE];

	uuid_text(webhook_id, id);
	for (int i = 0; i < count; i++) {
		signature_make(
		    secrets[i], id, timestamp, payload, length, signature);
		text_addf(signatures, i == 0 ? "%s" : " %s", signature);
	}
}

void
request_fields_each(const struct request_fields *fields,
    void (*add)(void *context, const char *name, const char *value),
    void *context)
{
	char id[UUID_TEXT_SIZE], seconds[24], hops[16];
	const char *type = fields->content_type;

	if (!is_field_value(type) || type[0] == '\0')
		type = "application/json";
	uuid_text(&fields->webhook_id, id);
	snprintf(seconds, sizeof(seconds), "%" PRId64, fields->timestamp);
	snprintf(hops, sizeof(hops), "%d", fields->hops + 1);
	add(context, "Content-Type", type);
	add(context, "webhook-id", id);
	add(context, "webhook-timestamp", seconds);
	if (fields->signatures != NULL)
		add(context, "webhook-signature", fields->signatures);
	if (is_field_value(fields->event_type))
		add(context, "X-Event-Type", fields->event_type);
	if (is_field_value(fields->signature))
		add(context, "X-Signature", fields->signature);
	add(context, REQUEST_HOPS_FIELD, hops);
}
