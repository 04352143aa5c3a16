#include "fields.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>

#include "ground/text.h"
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

/* One of each secret, the newest first, separated by a blank. */
static void
signatures_make(const struct claimed *claimed, const char *id, int64_t now_s,
    struct text *signatures)
{
	char signature[SIGNATURE_SIZE];

	for (int i = 0; i < claimed->secrets_count; i++) {
		signature_make(claimed->secrets[i], id, now_s, claimed->payload,
		    claimed->payload_length, signature);
		text_addf(signatures, i == 0 ? "%s" : " %s", signature);
	}
}

void
fields_each(const struct claimed *claimed, int64_t now_s,
    void (*add)(void *context, const char *name, const char *value),
    void *context)
{
	char id[UUID_TEXT_SIZE], seconds[24];
	const char *type = claimed->content_type;
	struct text signatures = { 0 };

	if (!is_field_value(type) || type[0] == '\0')
		type = "application/json";
	uuid_text(&claimed->webhook_id, id);
	snprintf(seconds, sizeof(seconds), "%" PRId64, now_s);
	add(context, "Content-Type", type);
	add(context, "webhook-id", id);
	add(context, "webhook-timestamp", seconds);
	if (claimed->secrets_count > 0) {
		signatures_make(claimed, id, now_s, &signatures);
		add(context, "webhook-signature", signatures.bytes);
		text_free(&signatures);
	}
	if (is_field_value(claimed->event_type))
		add(context, "X-Event-Type", claimed->event_type);
	if (is_field_value(claimed->signature))
		add(context, "X-Signature", claimed->signature);
}
