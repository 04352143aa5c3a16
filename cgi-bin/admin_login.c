/* Logging in and out. */
#include <inttypes.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "admin_visit.h"
#include "doors/cookie.h"
#include "ground/config.h"
#include "ground/log.h"
#include "ground/turn.h"
#include "rules/password.h"
#include "rules/throttle.h"
#include "stores/account.h"
#include "stores/device.h"
#include "stores/session.h"

/* Argon2 takes 19 MiB and a core: no more than that for strangers. */
#define HASHES_AT_ONCE 2
#define HASH_WAIT_MS 2000

#define DEVICE "device" /* the cookie */

static const char wrong[] = "The password is not right.";

/* Where to go after the login: a page of ours, or the list. */
static void
next_read(const char *form, struct text *next)
{
	const char *at;

	if (form_value(form, "next", next) == 1 &&
	    strncmp(text_string(next), "/ui/", 4) == 0) {
		for (at = next->bytes; *at > 0x20 && *at < 0x7f; at++)
			continue;
		if (at == next->bytes + next->length)
			return;
	}
	text_clear(next);
	text_adds(next, "/ui/");
}

static void
write_form(struct text *out, const char *next, const char *error)
{
	const struct field password = { .name = "password",
		.label = "Password",
		.hint = "Whoever runs this service sets it with "
			"`postrider-admin password set`.",
		.error = error,
		.type = "password",
		.autocomplete = "current-password",
		.is_required = true,
		.has_focus = true };

	admin_form_begin(out, "panel", "/ui/login");
	html_lit(out, "<input type=\"hidden\" name=\"next\" value=\"");
	html_attribute(out, next);
	html_lit(out,
	    "\">\n"
	    "<div class=\"field\">\n"
	    "<label for=\"name\">Account</label>\n"
	    "<input id=\"name\" name=\"name\" autocomplete=\"username\" "
	    "value=\"" ACCOUNT_NAME "\" readonly>\n</div>\n");
	admin_field(out, &password);
	html_lit(out,
	    "<p class=\"actions\">"
	    "<button class=\"primary\">Log in</button></p>\n</form>\n");
}

static void
login_page(const struct request *request, struct response *response, int status,
    const char *next, const char *error)
{
	page_begin(response, status, "Log in", PAGE_NONE);
	write_form(&response->body, next, error);
	page_end(response, request);
}

void
admin_login_form(const struct request *request, struct response *response,
    const char *argument, void *context)
{
	struct text next = { 0 };

	(void)argument;
	(void)context;
	next_read(request->query, &next);
	if (config.auth == AUTH_OPEN || admin_is_logged_in())
		admin_redirect(response, next.bytes);
	else
		login_page(request, response, 200, next.bytes, NULL);
	text_free(&next);
}

/* Another name costs the same time and gets the same answer. */
static bool
credentials_fit(const char *form, const char *hash)
{
	struct text name = { 0 }, password = { 0 };
	bool fit;

	form_value(form, "name", &name);
	form_value(form, "password", &password);
	if (strcmp(text_string(&name), ACCOUNT_NAME) != 0)
		hash = NULL;
	fit = password_fits(hash, text_string(&password), password.length);
	if (password.bytes != NULL)
		sodium_memzero(password.bytes, password.length);
	text_free(&name);
	text_free(&password);
	return fit;
}

/* Status 200 when the credentials fit, else the one that says why not. */
static int
check(const struct request *request, const struct admin *admin)
{
	char *hash = NULL;
	int turn, status = 0;

	turn = turn_take(config.run_dir, "login", HASHES_AT_ONCE, HASH_WAIT_MS);
	if (turn == -1)
		return 503;
	if (account_password(admin->db, &hash) == -1)
		status = 500;
	else
		status = credentials_fit(text_string(&request->body), hash)
		    ? 200
		    : 403;
	turn_end(turn);
	free(hash);
	return status;
}

static void
too_early(const struct request *request, struct response *response,
    const char *next, int64_t wait_s)
{
	struct text error = { 0 };
	char seconds[24];

	snprintf(seconds, sizeof(seconds), "%" PRId64, wait_s);
	response_header(response, "Retry-After", seconds);
	text_addf(&error,
	    "Too many log-ins have failed. Wait %s seconds, then try again.",
	    seconds);
	login_page(request, response, 429, next, error.bytes);
	text_free(&error);
}

/* Who tries to log in. */
struct visitor {
	char network[THROTTLE_NETWORK_SIZE];
	char device[SESSION_ID_SIZE]; /* its cookie's, or a new one */
	bool is_known;		      /* it has logged in before */
};

/* 1 may try; 0 not for *wait_s seconds; -1. */
static int
visitor_try(struct visitor *visitor, const struct request *request,
    struct db *db, int64_t *wait_s)
{
	struct text id = { 0 };
	int rc = 0;

	*visitor = (struct visitor){ .is_known = false };
	throttle_network(
	    request_variable(request, "REMOTE_ADDR"), visitor->network);
	if (cookie_get(request, DEVICE, &id) == 1 &&
	    session_id_is(text_string(&id))) {
		memcpy(visitor->device, id.bytes, sizeof(visitor->device));
		rc =
		    device_try(db, visitor->device, &visitor->is_known, wait_s);
	}
	text_free(&id);
	if (rc == -1 || visitor->is_known)
		return rc;
	session_id_make(visitor->device);
	return account_try(db, visitor->network, wait_s);
}

/* 0, -1. */
static int
visitor_succeeded(const struct visitor *visitor, struct db *db)
{
	if (!visitor->is_known &&
	    account_try_succeeded(db, visitor->network) == -1)
		return -1;
	return device_succeeded(db, visitor->device);
}

/* visitor_try has let it pass. */
static void
attempt(const struct request *request, struct response *response,
    const struct admin *admin, const struct visitor *visitor, const char *next)
{
	int status = check(request, admin);

	log_line(status == 200 ? LOG_INFO : LOG_WARNING,
	    "login %s network=%s browser=%s request=%s",
	    status == 200 ? "accepted" : "refused", visitor->network,
	    visitor->is_known ? "known" : "new", request->id);
	if (status == 403)
		login_page(request, response, 403, next, wrong);
	else if (status == 503)
		login_page(request, response, 503, next,
		    "Too many are logging in just now. Try again in a moment.");
	else if (status == 500 || visitor_succeeded(visitor, admin->db) == -1 ||
	    admin_visit_login(request, response, admin) == -1) {
		admin_failed(request, response, admin);
	} else {
		cookie_keep(request, response, DEVICE, visitor->device,
		    DEVICE_DAYS * 86400L);
		admin_redirect(response, next);
	}
}

void
admin_login(const struct request *request, struct response *response,
    const char *argument, void *context)
{
	const struct admin *admin = context;
	struct visitor visitor;
	struct text next = { 0 };
	int64_t wait_s;
	int rc;

	(void)argument;
	next_read(text_string(&request->body), &next);
	if (config.auth == AUTH_OPEN) {
		admin_redirect(response, next.bytes);
		goto out;
	}
	rc = visitor_try(&visitor, request, admin->db, &wait_s);
	if (rc == -1)
		admin_failed(request, response, admin);
	else if (rc == 0)
		too_early(request, response, next.bytes, wait_s);
	else
		attempt(request, response, admin, &visitor, next.bytes);
out:
	text_free(&next);
}

/* No "cookies" there: it would log people out of every site of our domain. */
void
admin_logout(const struct request *request, struct response *response,
    const char *argument, void *context)
{
	const struct admin *admin = context;

	(void)argument;
	if (admin_visit_logout(request, response, admin) == -1) {
		admin_failed(request, response, admin);
		return;
	}
	response_header(response, "Clear-Site-Data", "\"cache\", \"storage\"");
	admin_redirect(response, "/ui/login");
}

void
admin_login_tools(struct text *out)
{
	if (!admin_is_logged_in())
		return;
	admin_form_begin(out, "tools", "/ui/logout");
	html_lit(out, "<button>Log out</button></form>\n");
}
