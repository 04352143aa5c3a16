#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "admin_inbox.h"
#include "doors/body.h"
#include "doors/problem.h"
#include "ground/clock.h"
#include "ground/config.h"
#include "rules/seal.h"
#include "rules/signed_request.h"
#include "signed_read.h"
#include "stores/keyring.h"
#include "stores/webhook.h"

bool
admin_inbox_is_on(void)
{
	return config.auth == AUTH_OPEN || config.inbox == 1;
}

bool
admin_inbox_admit(const struct request *request, struct response *response,
    enum access access, void *context)
{
	(void)access;
	(void)context;
	if (admin_inbox_is_on())
		return true;
	problem_answer(request, response, 404, "Not Found");
	return false;
}

/* A name as CGI has it (RFC 3875, 4.1.18), NULL for what is no field, or one
 * that may hold what opens doors. */
static const char *
field_name(const char *variable)
{
	if (strncmp(variable, "CONTENT_TYPE=", 13) == 0)
		return variable;
	if (strncmp(variable, "HTTP_", 5) != 0)
		return NULL;
	variable += 5;
	if (strncmp(variable, "AUTHORIZATION=", 14) == 0 ||
	    strncmp(variable, "COOKIE=", 7) == 0)
		return NULL;
	return variable;
}

static void
header_add(struct text *header, const char *name)
{
	const char *equals = strchr(name, '=');
	char c;

	if (equals == NULL ||
	    header->length + strlen(name) + 2 > INBOX_HEADER_MAX)
		return;
	for (; name < equals; name++) {
		c = *name == '_' ? '-' : (char)tolower((unsigned char)*name);
		text_add(header, &c, 1);
	}
	text_adds(header, ": ");
	text_adds(header, equals + 1);
	text_adds(header, "\n");
}

/* What makes it a webhook comes first. */
static void
header_read(const struct request *request, struct text *header)
{
	const char *variable, *name;
	bool is_first;

	for (int turn = 0; turn < 2; turn++)
		for (size_t i = 0;
		     (variable = request_variable_at(request, i)) != NULL;
		     i++) {
			name = field_name(variable);
			if (name == NULL)
				continue;
			is_first = strncmp(name, "WEBHOOK_", 8) == 0 ||
			    strncmp(name, "X_", 2) == 0;
			if (is_first == (turn == 0))
				header_add(header, name);
		}
}

static enum inbox_seal
seal_check(const struct request *request, const struct subscription *from)
{
	struct signed_request sent;
	enum signed_verdict verdict;
	char *secret;

	signed_read(request, &sent);
	if (from->sealed_secret == NULL &&
	    sent.fields[SIGNED_FIELD_SIGNATURE] == NULL)
		return INBOX_UNSIGNED;
	if (from->sealed_secret == NULL)
		return INBOX_SIGNED_WRONG;
	secret = keyring_open(&from->id, from->sealed_secret);
	if (secret == NULL)
		return INBOX_UNKNOWN;
	verdict = signed_request_check(
	    SIGNED_STANDARD, &sent, secret, clock_database_ms() / 1000);
	seal_forget(secret);
	return verdict == SIGNED_WELL ? INBOX_SIGNED_WELL : INBOX_SIGNED_WRONG;
}

/* By the secret of the subscription that its webhook-id leads to. */
static enum inbox_seal
seal_of(const struct request *request, const struct admin *admin)
{
	const char *given = request_variable(request, "HTTP_WEBHOOK_ID");
	enum inbox_seal seal = INBOX_UNKNOWN;
	struct webhook webhook = { 0 };
	struct subscription from = { 0 };
	struct uuid id;

	if (given == NULL || uuid_parse(given, &id, NULL) == -1)
		return INBOX_UNKNOWN;
	if (webhook_get(admin->db, &id, &webhook) == 1 &&
	    subscription_get(admin->db, &webhook.subscription_id, &from) == 1)
		seal = seal_check(request, &from);
	subscription_release(&from);
	webhook_release(&webhook);
	return seal;
}

static int
take(const struct request *request, const char *name, const struct admin *admin)
{
	const struct text *body = &request->body;
	struct inbox_letter letter = {
		.at = clock_database_ms(),
		.seal = seal_of(request, admin),
		.length = body->length,
	};
	int status;

	header_read(request, &letter.header);
	text_add(&letter.body, text_string(body),
	    body->length < INBOX_BODY_MAX ? body->length : INBOX_BODY_MAX);
	status = inbox_put(admin->inbox, name, &letter);
	text_free(&letter.header);
	text_free(&letter.body);
	return status;
}

void
admin_inbox_take(const struct request *request, struct response *response,
    const char *argument, void *context)
{
	const struct admin *admin = context;
	int status = body_refusal(request);

	if (!inbox_name_is(argument))
		problem_answer(request, response, 404, "Not Found");
	else if (status != 0)
		problem_answer(
		    request, response, status, "The body arrived incomplete.");
	else if ((status = take(request, argument, admin)) == -1)
		problem_answer(request, response, 503,
		    "The inbox cannot be written to now.");
	else
		json_answer(response, status,
		    json_pack("{s:s}", "detail",
			status == 200 ? "Received."
				      : "Received; told to answer so."));
}

void
admin_inbox_show(const struct request *request, struct response *response,
    const char *argument, void *context)
{
	struct text location = { 0 };

	(void)context;
	if (!inbox_name_is(argument)) {
		problem_answer(request, response, 404, "Not Found");
		return;
	}
	html_lit(&location, "/ui/inbox/");
	html_url_arg(&location, argument);
	admin_redirect(response, text_string(&location));
	text_free(&location);
}
