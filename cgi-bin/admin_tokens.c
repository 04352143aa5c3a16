/* API tokens: the list, and the end of one. */
#include <string.h>

#include "admin.h"
#include "admin_settings.h"
#include "admin_tokens.h"
#include "stores/token.h"

static void
state_cell(struct text *out, const struct token *token)
{
	if (strcmp(token->state, "in force") == 0)
		html_lit(out, "<span class=\"mark good\">");
	else
		html_lit(out, "<span class=\"mark bad\">");
	html_text(out, token->state);
	html_lit(out, "</span>");
	if (strcmp(token->state, "revoked") == 0)
		return;
	html_lit(out, " <a href=\"/ui/tokens/");
	html_uuid(out, &token->grant.id);
	html_lit(out, "/revoke\">Revoke<span class=\"unseen\"> ");
	html_text(out, token->name);
	html_lit(out, "</span></a>");
}

static void
time_cell(struct text *out, const char *label, int64_t ms)
{
	html_lit(out, "<td role=\"cell\" data-label=\"");
	html_attribute(out, label);
	html_lit(out, "\">");
	if (ms != 0)
		html_time(out, ms);
	else
		html_lit(out, "<span class=\"quiet\">never</span>");
	html_lit(out, "</td>");
}

static void
list_row(struct text *out, const struct token *token)
{
	struct text scopes = { 0 };

	token_scopes_text(token->grant.scopes, &scopes);
	html_lit(out,
	    "<tr role=\"row\"><th scope=\"row\" role=\"rowheader\" "
	    "data-label=\"Name\">");
	html_text(out, token->name);
	html_lit(out, "</th><td role=\"cell\" data-label=\"Scopes\">");
	html_text(out, text_string(&scopes));
	if (token->grant.is_bound) {
		html_lit(out, " for ");
		admin_link(out, "subscriptions", &token->grant.subscription_id);
	}
	html_lit(out, "</td><td role=\"cell\" data-label=\"State\">");
	state_cell(out, token);
	html_lit(out, "</td>");
	time_cell(out, "Created", token->created_at);
	time_cell(out, "Expires", token->expires_at);
	time_cell(out, "Last used", token->last_used_at);
	html_lit(out, "</tr>\n");
	text_free(&scopes);
}

static void
list_table(struct text *out, const struct token *list, int count)
{
	if (count == 0) {
		html_lit(out,
		    "<div class=\"panel\"><p>There is no token yet.</p></div>\n");
		return;
	}
	html_lit(out,
	    "<table role=\"table\">\n"
	    "<caption class=\"unseen\">API tokens, newest first</caption>\n"
	    "<thead role=\"rowgroup\"><tr role=\"row\">"
	    "<th scope=\"col\" role=\"columnheader\">Name</th>"
	    "<th scope=\"col\" role=\"columnheader\">Scopes</th>"
	    "<th scope=\"col\" role=\"columnheader\">State</th>"
	    "<th scope=\"col\" role=\"columnheader\">Created</th>"
	    "<th scope=\"col\" role=\"columnheader\">Expires</th>"
	    "<th scope=\"col\" role=\"columnheader\">Last used</th>"
	    "</tr></thead>\n<tbody role=\"rowgroup\">\n");
	for (int i = 0; i < count; i++)
		list_row(out, &list[i]);
	html_lit(out, "</tbody>\n</table>\n");
}

void
admin_tokens(const struct request *request, struct response *response,
    const char *argument, void *context)
{
	const struct admin *admin = context;
	struct text *out = &response->body;
	struct token *list;
	int count = token_list(admin->db, &list);

	(void)argument;
	if (count == -1) {
		admin_failed(request, response, admin);
		return;
	}
	page_begin(response, 200, "API tokens", PAGE_SETTINGS);
	admin_settings_tabs(out, TAB_TOKENS);
	admin_notice(request, out);
	html_lit(out,
	    "<p class=\"actions\"><a class=\"button primary\" "
	    "href=\"/ui/tokens/new\">New token</a></p>\n");
	list_table(out, list, count);
	page_end(response, request);
	token_list_free(list, count);
}

static void
ask(struct text *out, const struct token *token)
{
	html_lit(out, "<div class=\"panel\">\n<p><strong>");
	html_text(out, token->name);
	html_lit(out,
	    "</strong></p>\n<p>Whoever uses it gets 401 from then on, "
	    "ingest within five seconds. This cannot be undone.</p>\n");
	admin_form_begin(out, "plain", NULL);
	html_lit(out,
	    "<p class=\"actions\">"
	    "<button class=\"danger\">Revoke token</button>\n"
	    "<a class=\"button\" href=\"/ui/tokens\">Keep it</a></p></form>\n"
	    "</div>\n");
}

void
admin_token_revoke_ask(const struct request *request, struct response *response,
    const char *argument, void *context)
{
	const struct admin *admin = context;
	struct token *list;
	struct uuid id;
	int count, at = 0;

	if (!admin_path_id(request, response, argument, &id))
		return;
	count = token_list(admin->db, &list);
	if (count == -1) {
		admin_failed(request, response, admin);
		return;
	}
	while (at < count && uuid_compare(&list[at].grant.id, &id) != 0)
		at++;
	if (at == count) {
		admin_refuse(request, response, 404, NULL);
	} else {
		page_begin(response, 200, "Revoke this token?", PAGE_SETTINGS);
		ask(&response->body, &list[at]);
		page_end(response, request);
	}
	token_list_free(list, count);
}

void
admin_token_revoke(const struct request *request, struct response *response,
    const char *argument, void *context)
{
	const struct admin *admin = context;
	struct uuid id;

	if (!admin_path_id(request, response, argument, &id))
		return;
	switch (token_revoke(admin->db, argument)) {
	case 1: admin_redirect(response, "/ui/tokens?done=revoked"); break;
	case 0: admin_refuse(request, response, 404, NULL); break;
	default: admin_failed(request, response, admin);
	}
}
