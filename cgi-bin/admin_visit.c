#include "admin_visit.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "doors/body.h"
#include "doors/cookie.h"
#include "doors/guard.h"
#include "ground/config.h"
#include "rules/csrf.h"
#include "stores/session.h"

#define COOKIE "sid"
#define STRANGER_BYTES 16384 /* of a form for logging in */

_Static_assert(CSRF_KEY_BYTES == SESSION_CSRF_KEY_BYTES,
    "the key in the table is one of rules/csrf.h");

static struct {
	char id[SESSION_ID_SIZE];
	bool logged_in;
} visit;

/* One and the same for ever: read once. */
static unsigned char csrf_key[CSRF_KEY_BYTES];
static bool has_csrf_key;

void
admin_visit_reset(void)
{
	sodium_memzero(&visit, sizeof(visit));
}

bool
admin_is_logged_in(void)
{
	return visit.logged_in;
}

static void
visit_begin(const struct request *request, struct response *response)
{
	struct text id = { 0 };

	if (cookie_get(request, COOKIE, &id) == 1 &&
	    session_id_is(text_string(&id)))
		memcpy(visit.id, id.bytes, sizeof(visit.id));
	else {
		session_id_make(visit.id);
		cookie_set(request, response, COOKIE, visit.id);
	}
	text_free(&id);
}

/* What must be known of the visitor before anything else. 0, -1. */
static int
visit_look_up(const struct admin *admin)
{
	int rc = 0;

	if (!has_csrf_key && session_csrf_key(admin->db, csrf_key) == -1)
		return -1;
	has_csrf_key = true;
	if (config.auth == AUTH_TOKEN)
		rc = session_use(admin->db, visit.id);
	visit.logged_in = rc == 1;
	return rc == -1 ? -1 : 0;
}

/*
 * Browsers say where a request comes from: by Sec-Fetch-Site, those that do
 * not know it by Origin, and neither can be set by a page. What says nothing
 * at all is refused: it is no browser, or hides something.
 */
static bool
is_from_elsewhere(const struct request *request)
{
	const char *site = request_variable(request, "HTTP_SEC_FETCH_SITE");
	const char *origin = request_variable(request, "HTTP_ORIGIN");

	if (site != NULL && strcmp(site, "same-origin") != 0 &&
	    strcmp(site, "none") != 0)
		return true;
	if (origin == NULL)
		return site == NULL;
	return !guard_is_own_origin(request, origin);
}

/* 0, or the status that refuses this form before anyone reads it. */
static int
form_refusal(const struct request *request)
{
	static const char urlencoded[] = "application/x-www-form-urlencoded";
	const char *type = request_variable(request, "CONTENT_TYPE");
	int refusal = body_refusal(request);

	if (refusal == 0 && request->body_state == BODY_WHOLE &&
	    (type == NULL ||
		strncasecmp(type, urlencoded, sizeof(urlencoded) - 1) != 0))
		return 415;
	return refusal;
}

static bool
has_token(const struct request *request)
{
	struct text token = { 0 };
	bool fits;

	form_value(text_string(&request->body), "csrf", &token);
	fits = csrf_fits(csrf_key, visit.id, text_string(&token));
	text_free(&token);
	return fits;
}

/* Before the body of a form is there: nobody gathers much from somebody who
 * has not logged in. */
static bool
form_may_come(const struct request *request, struct response *response)
{
	const char *length = request_variable(request, "CONTENT_LENGTH");

	if (config.auth == AUTH_OPEN || visit.logged_in ||
	    (length != NULL && strtoull(length, NULL, 10) <= STRANGER_BYTES))
		return true;
	admin_refuse(request, response, 413, NULL);
	return false;
}

/* Everything but reading comes from a form of ours, or not at all. */
static bool
form_is_ours(const struct request *request, struct response *response)
{
	int refusal = form_refusal(request);

	if (refusal != 0) {
		admin_refuse(request, response, refusal, NULL);
		return false;
	}
	if (has_token(request))
		return true;
	admin_refuse(request, response, 403,
	    "The form is out of date, and nothing was changed: it was opened "
	    "before you logged in or out, or your browser keeps no cookies for "
	    "this site. Open its page again and send it from there.");
	return false;
}

static void
ask_to_log_in(const struct request *request, struct response *response)
{
	const char *wanted = request_variable(request, "REQUEST_URI");
	struct text location = { 0 };

	if (strcmp(request->method, "GET") != 0) {
		admin_refuse(request, response, 403,
		    "You are not logged in, or your session has ended. Nothing "
		    "was changed. Log in, then open the form again.");
		return;
	}
	html_lit(&location, "/ui/login");
	if (wanted != NULL && strncmp(wanted, "/ui/", 4) == 0 &&
	    wanted[4] != '\0') {
		html_lit(&location, "?next=");
		html_url_arg(&location, wanted);
	}
	admin_redirect(response, text_string(&location));
	text_free(&location);
}

bool
admin_admit(const struct request *request, struct response *response,
    enum access access, void *context)
{
	const struct admin *admin = context;
	bool reads = strcmp(request->method, "GET") == 0;

	if (!reads && is_from_elsewhere(request)) {
		admin_refuse(request, response, 403, NULL);
		return false;
	}
	visit_begin(request, response);
	if (visit_look_up(admin) == -1) {
		admin_failed(request, response, admin);
		return false;
	}
	if (access != ACCESS_ANYONE && config.auth == AUTH_TOKEN &&
	    !visit.logged_in) {
		ask_to_log_in(request, response);
		return false;
	}
	if (reads)
		return true;
	return request->body_state == BODY_COMING
	    ? form_may_come(request, response)
	    : form_is_ours(request, response);
}

void
admin_form_token(struct text *out)
{
	char token[CSRF_TOKEN_SIZE];

	csrf_make(csrf_key, visit.id, token);
	html_lit(out, "<input type=\"hidden\" name=\"csrf\" value=\"");
	html_attribute(out, token);
	html_lit(out, "\">\n");
}

void
admin_form_begin(struct text *out, const char *class, const char *action)
{
	html_lit(out, "<form method=\"post\" class=\"");
	html_attribute(out, class);
	if (action != NULL) {
		html_lit(out, "\" action=\"");
		html_attribute(out, action);
	}
	html_lit(out, "\">\n");
	admin_form_token(out);
}

int
admin_visit_login(const struct request *request, struct response *response,
    const struct admin *admin)
{
	char id[SESSION_ID_SIZE];

	session_id_make(id);
	if (session_start(admin->db, id, visit.id) == -1)
		return -1;
	memcpy(visit.id, id, sizeof(id));
	visit.logged_in = true;
	cookie_set(request, response, COOKIE, id);
	return 0;
}

int
admin_visit_logout(const struct request *request, struct response *response,
    const struct admin *admin)
{
	if (session_end(admin->db, visit.id) == -1)
		return -1;
	visit.logged_in = false;
	cookie_set(request, response, COOKIE, NULL);
	return 0;
}
