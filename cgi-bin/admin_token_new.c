/* The form that makes an API token, and the one page that shows it. */
#include <sodium.h>
#include <string.h>

#include "admin_tokens.h"
#include "stores/token.h"

struct token_form {
	/* as typed */
	struct text name, subscription, expires;
	/* as meant */
	struct token_wish wish;
	struct uuid subscription_id;
	/* NULL: nothing is wrong */
	const char *name_error, *scope_error, *subscription_error;
	const char *expires_error;
};

static const struct {
	enum token_scope scope;
	const char *meaning;
} scopes[TOKEN_SCOPES] = {
	{ TOKEN_READ, "see everything but the secrets of subscriptions" },
	{ TOKEN_WRITE, "see and change everything" },
	{ TOKEN_INGEST, "send webhooks, and nothing else" },
};

/* By lifetime; "": for ever. */
static const struct choice lifetimes[] = {
	{ "7d", "in a week" },
	{ "30d", "in 30 days" },
	{ "90d", "in 90 days" },
	{ "365d", "in a year" },
	{ "", "never" },
	{ NULL, NULL },
};

static void
form_free(struct token_form *form)
{
	text_free(&form->name);
	text_free(&form->subscription);
	text_free(&form->expires);
}

static bool
is_faulty(const struct token_form *form)
{
	return form->name_error != NULL || form->scope_error != NULL ||
	    form->subscription_error != NULL || form->expires_error != NULL;
}

static unsigned
scopes_read(const char *body)
{
	struct text value = { 0 };
	unsigned set = 0;

	for (size_t i = 0; i < TOKEN_SCOPES; i++)
		if (form_value(
			body, token_scope_name(scopes[i].scope), &value) == 1)
			set |= scopes[i].scope;
	text_free(&value);
	return set;
}

/* A NUL would end the name early, and store another one. */
static bool
name_fits(const struct text *name)
{
	return strlen(text_string(name)) == name->length &&
	    token_name_fits(text_string(name));
}

static void
subscription_read(struct token_form *form)
{
	if (form->subscription.length == 0)
		return;
	if (admin_typed_id(&form->subscription, &form->subscription_id) == -1)
		form->subscription_error = "This is not the id of a "
					   "subscription.";
	else if (form->wish.scopes != TOKEN_INGEST)
		form->subscription_error = "Only a token with the scope ingest "
					   "alone can be for one subscription.";
	form->wish.subscription_id = &form->subscription_id;
}

static void
form_read(struct token_form *form, const char *body)
{
	form_value(body, "name", &form->name);
	form_value(body, "subscription", &form->subscription);
	form_value(body, "expires", &form->expires);
	form->wish.name = text_string(&form->name);
	if (!name_fits(&form->name))
		form->name_error = "A name has 1 to 100 bytes of text, no "
				   "blank at its ends, and is no id.";
	form->wish.scopes = scopes_read(body);
	if (form->wish.scopes == 0)
		form->scope_error = "Choose one at least.";
	if (form->expires.length != 0) {
		form->wish.lifetime_ms =
		    token_lifetime_ms(text_string(&form->expires));
		if (form->wish.lifetime_ms == 0)
			form->expires_error = "Choose one of these.";
	}
	subscription_read(form);
}

static void
write_scopes(struct text *out, const struct token_form *form)
{
	struct text label = { 0 };

	html_lit(out, "<fieldset class=\"field\"><legend>It may</legend>\n");
	admin_field_error(out, "scope", form->scope_error);
	for (size_t i = 0; i < TOKEN_SCOPES; i++) {
		const char *name = token_scope_name(scopes[i].scope);

		text_clear(&label);
		text_addf(&label, "%s: %s", name, scopes[i].meaning);
		admin_check(out, name, text_string(&label),
		    (form->wish.scopes & scopes[i].scope) != 0);
	}
	html_lit(out, "</fieldset>\n");
	text_free(&label);
}

static void
write_fields(struct text *out, const struct token_form *form)
{
	const struct field name = { .name = "name",
		.label = "Name",
		.hint = "Who will use it: by this you will know it again.",
		.error = form->name_error,
		.value = text_string(&form->name),
		.longest = 100,
		.is_required = true };
	const struct field subscription = { .name = "subscription",
		.label = "Subscription",
		.is_optional = true,
		.hint = "The id of the one subscription that an `ingest` token "
			"is for.",
		.error = form->subscription_error,
		.value = text_string(&form->subscription),
		.class = "code" };
	const struct field expires = { .name = "expires",
		.label = "It expires",
		.error = form->expires_error,
		.value = text_string(&form->expires),
		.choices = lifetimes };

	admin_field(out, &name);
	write_scopes(out, form);
	admin_field(out, &subscription);
	admin_field(out, &expires);
}

static void
form_page(const struct request *request, struct response *response,
    const struct token_form *form)
{
	struct text *out = &response->body;

	page_begin(response, is_faulty(form) ? 422 : 200, "New API token",
	    PAGE_SETTINGS);
	admin_form_begin(out, "panel", NULL);
	write_fields(out, form);
	html_lit(out,
	    "<p class=\"actions\"><button class=\"primary\">Create token"
	    "</button>\n<a class=\"button\" href=\"/ui/tokens\">Cancel</a>"
	    "</p>\n</form>\n");
	page_end(response, request);
}

static void
made_page(const struct request *request, struct response *response,
    const struct token_form *form, const char *token)
{
	struct text *out = &response->body;

	page_begin(response, 200, "API token created", PAGE_SETTINGS);
	html_lit(out,
	    "<p class=\"notice\" role=\"status\">Copy it now: it is not shown "
	    "again, and is kept nowhere.</p>\n<div class=\"panel\">\n<p>");
	html_text(out, form->wish.name);
	html_lit(out, "</p>\n<pre tabindex=\"0\"><code id=\"token\">");
	html_text(out, token);
	html_lit(out,
	    "</code></pre>\n<p class=\"hint\">Send it with each request: "
	    "<code>Authorization: Bearer pr_…</code></p>\n"
	    "<p class=\"actions\"><a class=\"button\" href=\"/ui/tokens\">"
	    "Done</a></p>\n</div>\n");
	page_end(response, request);
}

void
admin_token_new(const struct request *request, struct response *response,
    const char *argument, void *context)
{
	struct token_form form = { 0 };

	(void)argument;
	(void)context;
	text_adds(&form.expires, "90d");
	form_page(request, response, &form);
	form_free(&form);
}

/* False when the database failed, and that was answered. */
static bool
check_subscription(const struct request *request, struct response *response,
    const struct admin *admin, struct token_form *form)
{
	struct subscription found = { 0 };
	int rc = subscription_get(admin->db, &form->subscription_id, &found);

	subscription_release(&found);
	if (rc == 0)
		form->subscription_error = "There is no subscription of that "
					   "id.";
	if (rc == -1)
		admin_failed(request, response, admin);
	return rc != -1;
}

static void
create(const struct request *request, struct response *response,
    const struct admin *admin, struct token_form *form)
{
	char token[TOKEN_SIZE];

	switch (token_create(admin->db, &form->wish, token)) {
	case 1:
		made_page(request, response, form, token);
		sodium_memzero(token, sizeof(token));
		break;
	case 0:
		form->name_error = "A token of that name is in force or "
				   "expired. Revoke it first, or take another "
				   "name.";
		form_page(request, response, form);
		break;
	default: admin_failed(request, response, admin);
	}
}

void
admin_token_create(const struct request *request, struct response *response,
    const char *argument, void *context)
{
	const struct admin *admin = context;
	struct token_form form = { 0 };

	(void)argument;
	form_read(&form, text_string(&request->body));
	if (!is_faulty(&form) && form.wish.subscription_id != NULL &&
	    !check_subscription(request, response, admin, &form))
		goto out;
	if (is_faulty(&form))
		form_page(request, response, &form);
	else
		create(request, response, admin, &form);
out:
	form_free(&form);
}
