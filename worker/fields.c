#include "fields.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>

#include "rules/signature.h"

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
fields_each(const struct claimed *claimed, int64_t now_s,
    void (*add)(void *context, const char *name, const char *value),
    void *context)
{
	char id[UUID_TEXT_SIZE], seconds[24], signature[SIGNATURE_SIZE];
	const char *type = claimed->content_type;

	if (!is_field_value(type) || type[0] == '\0')
		type = "application/json";
	uuid_text(&claimed->webhook_id, id);
	snprintf(seconds, sizeof(seconds), "%" PRId64, now_s);
	add(context, "Content-Type", type);
	add(context, "webhook-id", id);
	add(context, "webhook-timestamp", seconds);
	if (claimed->secret != NULL && claimed->secret[0] != '\0') {
		signature_make(claimed->secret, id, now_s, claimed->payload,
		    claimed->payload_length, signature);
		add(context, "webhook-signature", signature);
	}
	if (is_field_value(claimed->event_type))
		add(context, "X-Event-Type", claimed->event_type);
	if (is_field_value(claimed->signature))
		add(context, "X-Signature", claimed->signature);
}
