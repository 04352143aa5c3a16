#include <sodium.h>

#include "admin_form.h"
#include "admin_ingest_secret.h"
#include "ground/log.h"
#include "rules/signature.h"
#include "stores/keyring.h"

static void
new_page(const struct request *request, struct response *response,
    const struct subscription_form *form)
{
	page_begin(response, form->faults != 0 ? 422 : 200, "New subscription",
	    PAGE_SUBSCRIPTIONS);
	admin_form_write(&response->body, form, NULL);
	page_end(response, request);
}

static void
edit_page(const struct request *request, struct response *response,
    const struct subscription_form *form, const struct subscription *current)
{
	page_begin(response, form->faults != 0 ? 422 : 200, "Edit subscription",
	    PAGE_SUBSCRIPTIONS);
	html_lit(&response->body, "<p>");
	admin_link(&response->body, "subscriptions", &current->id);
	html_lit(&response->body, "</p>\n");
	admin_form_write(&response->body, form, current);
	page_end(response, request);
}

void
admin_new(const struct request *request, struct response *response,
    const char *argument, void *context)
{
	struct subscription_form form = { 0 };

	(void)argument;
	(void)context;
	admin_form_new(&form);
	new_page(request, response, &form);
	admin_form_free(&form);
}

/* id: NULL makes a new one. */
static int
save(const struct admin *admin, const struct uuid *id,
    const struct subscription_form *form, struct subscription *saved)
{
	char made[SIGNATURE_SECRET_SIZE];
	const char *secret = NULL;
	int rc;

	if (form->secret.length != 0)
		secret = form->secret.bytes;
	else if (form->make_secret) {
		signature_secret(made);
		secret = made;
	}
	const struct subscription_change change = {
		.target_url_given = true,
		.target_url = form->normal_url,
		.secret_given = form->remove_secret || secret != NULL,
		.secret = secret,
		.events_given = !form->same_events,
		.events = form->event_list,
		.events_count = form->events_count,
		.verify_ingest_given = form->verify_given,
		.verify_ingest =
		    form->verify.length != 0 ? form->verify.bytes : NULL,
		.ingest_secret_given = form->ingest.length != 0,
		.ingest_secret = form->ingest.bytes,
	};
	rc = id == NULL ? subscription_create(admin->db, &change, saved)
			: subscription_update(admin->db, id, &change, saved);
	sodium_memzero(made, sizeof(made));
	return rc;
}

/* True when the store refused the secret, and the form says so. */
static bool
secret_refused(struct subscription_form *form, int rc, enum secret_fault fault)
{
	if (rc == SUBSCRIPTION_NO_KEY) {
		log_error(
		    "cannot seal a secret reason=\"%s\"", keyring_reason());
		text_adds(&form->secret_error,
		    "The secret cannot be stored: it could not be encrypted. "
		    "The service’s log says why.");
	} else if (rc == SUBSCRIPTION_BAD_SECRET)
		admin_form_ingest_fault(form, fault);
	else
		return false;
	form->faults++;
	return true;
}

void
admin_create(const struct request *request, struct response *response,
    const char *argument, void *context)
{
	const struct admin *admin = context;
	struct subscription_form form = { 0 };
	struct subscription created = { 0 };
	int rc;

	(void)argument;
	admin_form_read(&form, request, NULL);
	if (form.faults != 0) {
		new_page(request, response, &form);
		goto out;
	}
	rc = save(admin, NULL, &form, &created);
	if (secret_refused(&form, rc, created.ingest_fault)) {
		new_page(request, response, &form);
		goto out;
	}
	if (rc != 1) {
		admin_failed(request, response, admin);
		goto out;
	}
	cache_put(admin->cache, &created);
	if (created.made_ingest_secret != NULL)
		admin_ingest_secret_show(request, response, 201, &created);
	else
		admin_redirect_done(response, &created.id, "created");
out:
	subscription_release(&created);
	admin_form_free(&form);
}

void
admin_edit(const struct request *request, struct response *response,
    const char *argument, void *context)
{
	struct subscription_form form = { 0 };
	struct subscription current = { 0 };

	if (admin_find(request, response, argument, context, &current)) {
		admin_form_fill(&form, &current);
		edit_page(request, response, &form, &current);
	}
	admin_form_free(&form);
	subscription_release(&current);
}

void
admin_update(const struct request *request, struct response *response,
    const char *argument, void *context)
{
	const struct admin *admin = context;
	struct subscription_form form = { 0 };
	struct subscription current = { 0 }, updated = { 0 };
	int rc;

	if (!admin_find(request, response, argument, admin, &current))
		goto out;
	admin_form_read(&form, request, &current);
	if (form.faults != 0) {
		edit_page(request, response, &form, &current);
		goto out;
	}
	rc = save(admin, &current.id, &form, &updated);
	if (secret_refused(&form, rc, updated.ingest_fault))
		edit_page(request, response, &form, &current);
	else if (rc == 0)
		admin_refuse(request, response, 404, NULL);
	else if (rc == -1)
		admin_failed(request, response, admin);
	else {
		cache_remove(admin->cache, &updated.id);
		if (updated.made_ingest_secret != NULL)
			admin_ingest_secret_show(
			    request, response, 200, &updated);
		else
			admin_redirect_done(response, &updated.id, "saved");
	}
out:
	subscription_release(&updated);
	subscription_release(&current);
	admin_form_free(&form);
}
