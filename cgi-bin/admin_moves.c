/* What a person does to a webhook, or to several; afterwards a page says what
 * came of it. */
#include <stdlib.h>
#include <string.h>

#include "admin_moves.h"
#include "admin_webhook_search.h"

/* In the address of that page. */
static const struct {
	const char *name;
	enum intervention came_of_it;
} notices[] = {
	{ "too-old", INTERVENTION_TOO_OLD },
	{ "pending", INTERVENTION_PENDING },
	{ "ended", INTERVENTION_NOT_PENDING },
	{ "in-flight", INTERVENTION_IN_FLIGHT },
	{ "held", INTERVENTION_HELD },
	{ "filtered", INTERVENTION_FILTERED },
	{ "gone", INTERVENTION_DELETED },
};

static const char *
name_of(enum intervention came_of_it)
{
	for (size_t i = 0; i < sizeof(notices) / sizeof(notices[0]); i++)
		if (notices[i].came_of_it == came_of_it)
			return notices[i].name;
	return "";
}

static void
answer(const struct request *request, struct response *response,
    const struct admin *admin, const struct uuid *id,
    enum intervention came_of_it, const char *done)
{
	struct text location = { 0 };

	if (came_of_it == INTERVENTION_FAILED) {
		admin_failed(request, response, admin);
		return;
	}
	if (came_of_it == INTERVENTION_UNKNOWN) {
		admin_refuse(request, response, 404, NULL);
		return;
	}
	text_adds(&location, "/ui/webhooks/");
	html_uuid(&location, id);
	if (came_of_it == INTERVENTION_DONE)
		text_addf(&location, "?done=%s", done);
	else
		text_addf(&location, "?not=%s", name_of(came_of_it));
	admin_redirect(response, text_string(&location));
	text_free(&location);
}

void
admin_webhook_cancel(const struct request *request, struct response *response,
    const char *argument, void *context)
{
	const struct admin *admin = context;
	struct uuid id;

	if (admin_path_id(request, response, argument, &id))
		answer(request, response, admin, &id,
		    intervention_cancel(admin->db, &id), "cancelled");
}

void
admin_webhook_resend(const struct request *request, struct response *response,
    const char *argument, void *context)
{
	const struct admin *admin = context;
	struct uuid id;

	if (admin_path_id(request, response, argument, &id))
		answer(request, response, admin, &id,
		    intervention_resend(admin->db, admin->queue, &id),
		    "resent");
}

void
admin_webhook_retry(const struct request *request, struct response *response,
    const char *argument, void *context)
{
	const struct admin *admin = context;
	struct uuid id;

	if (admin_path_id(request, response, argument, &id))
		answer(request, response, admin, &id,
		    intervention_retry_now(admin->db, admin->queue, &id),
		    "due");
}

void
admin_moves_notice(const struct request *request, struct text *out)
{
	struct text refused = { 0 };

	admin_notice(request, out);
	if (form_value(request->query, "not", &refused) != 1)
		goto out;
	for (size_t i = 0; i < sizeof(notices) / sizeof(notices[0]); i++) {
		if (strcmp(text_string(&refused), notices[i].name) != 0)
			continue;
		html_lit(out,
		    "<p class=\"notice wrong\" role=\"alert\">Nothing was "
		    "changed: ");
		html_text(out, intervention_words(notices[i].came_of_it));
		html_lit(out, ".</p>\n");
	}
out:
	text_free(&refused);
}

/* The ids of the boxes that are checked, RESEND_MOST at most; what else is
 * there is left out. */
static size_t
selected_read(const char *form, struct uuid *ids)
{
	struct text typed = { 0 };
	size_t count = 0;

	while (count < RESEND_MOST &&
	    (form = form_next(form, "webhook", &typed)) != NULL)
		count += admin_typed_id(&typed, &ids[count]) == 0;
	text_free(&typed);
	return count;
}

void
admin_webhooks_resend(const struct request *request, struct response *response,
    const char *argument, void *context)
{
	const struct admin *admin = context;
	const char *form = text_string(&request->body);
	struct uuid *ids = memory_get(RESEND_MOST * sizeof(*ids));
	size_t count = selected_read(form, ids);
	struct webhook_search from = { 0 };
	struct text location = { 0 };
	int resent = 0;

	(void)argument;
	webhook_search_read(&from, form);
	if (count > 0)
		resent = intervention_resend_ids(
		    admin->db, admin->queue, ids, count);
	if (resent == -1) {
		admin_failed(request, response, admin);
		goto out;
	}
	webhook_search_address(
	    &location, &from, from.has_before ? &from.before_id : NULL);
	text_addf(&location, "%sresent=%d&of=%zu",
	    strchr(location.bytes, '?') == NULL ? "?" : "&", resent, count);
	admin_redirect(response, text_string(&location));
out:
	webhook_search_free(&from);
	text_free(&location);
	free(ids);
}
