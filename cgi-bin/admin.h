#ifndef ADMIN_H
#define ADMIN_H
/*
 * The admin pages under /ui/: what their files share. Handlers are routes of
 * doors/router.h, their context is a struct admin. Forms are answered with a
 * 303, so that reload and back never post again.
 */
#include "doors/html.h"
#include "doors/http.h"
#include "stores/attempt.h"
#include "stores/cache.h"
#include "stores/db.h"
#include "stores/inbox.h"
#include "stores/queue.h"
#include "stores/stats.h"
#include "stores/subscription.h"
#include "stores/webhook_list.h"

struct admin {
	struct db *db;
	struct cache *cache;
	struct queue *queue; /* for what people make due */
	struct inbox *inbox;
};

typedef void admin_handler(const struct request *request,
    struct response *response, const char *argument, void *context);

/* admin_overview.c: the first page */
admin_handler admin_overview;
/* admin_subscriptions.c, admin_subscription.c: the list, and one of them */
admin_handler admin_subscriptions, admin_subscription;
/* admin_edit.c: the form of one */
admin_handler admin_new, admin_create, admin_edit, admin_update;
/* admin_delete.c, admin_pause.c, admin_secret.c: what is done with one */
admin_handler admin_delete_ask, admin_delete;
admin_handler admin_pause, admin_resume;
admin_handler admin_secret, admin_rotate_ask, admin_rotate;
admin_handler admin_ingest_rotate_ask, admin_ingest_rotate;
/* admin_test.c: an event to try it with */
admin_handler admin_test_ask, admin_test;
/* admin_attempts.c: a look-up */
admin_handler admin_attempts;
/* admin_webhooks.c, admin_webhook.c: the list, and one webhook */
admin_handler admin_webhooks, admin_webhook, admin_webhook_payload;
/* admin_moves.c: what a person does to one, or to those that he selected */
admin_handler admin_webhook_cancel, admin_webhook_resend, admin_webhook_retry;
admin_handler admin_webhooks_resend;
/* admin_dead_letters.c, admin_resend.c: failures by reason; a group again */
admin_handler admin_dead_letters;
admin_handler admin_resend_ask, admin_resend, admin_resend_progress;

/* admin_login.c */
admin_handler admin_login_form, admin_login, admin_logout;
void admin_login_tools(struct text *out); /* for page_tools */

/* admin_visit.c */

/* <form method="post"> with the token without which no form is taken (see
 * admin_visit.h). action: NULL for the page's own address. */
void admin_form_begin(struct text *out, const char *class, const char *action);
/* That token, for a form that begins in another way. */
void admin_form_token(struct text *out);

/* admin_page.c: what is not a page of its own */

/* A page that says what went wrong and what to do; router's refuse too.
 * detail: a sentence, or NULL for the usual one of the status. */
void admin_refuse(const struct request *request, struct response *response,
    int status, const char *detail);
/* The database failed: 503 when it may come back, else 500. */
void admin_failed(const struct request *request, struct response *response,
    const struct admin *admin);
void admin_redirect(struct response *response, const char *location);
/* To a subscription's page, which then says what was done. */
void admin_redirect_done(
    struct response *response, const struct uuid *id, const char *done);
/* Says what the form that led here did, by ?done=. */
void admin_notice(const struct request *request, struct text *out);
/* The state of a subscription, in a word and a shape; one that is active and
 * is_failing is "failing". */
void admin_state(struct text *out, const char *state, bool is_failing);
/* A link to a subscription or a webhook: kind is that path segment. */
void admin_link(struct text *out, const char *kind, const struct uuid *id);

/* admin_field.c */

struct choice {
	const char *value, *label;
};

/* A labelled field. All borrowed; NULL: there is none. */
struct field {
	const char *name; /* its id, too */
	const char *label;
	bool is_optional; /* the label says so */
	bool is_required;
	const char *hint;  /* as admin_marked takes it */
	const char *error; /* what is wrong with it; "" is nothing */
	const char *value; /* as it was typed */
	const char *class; /* "code", "short" */
	/* a select, when it has choices; the last has no label */
	const struct choice *choices;
	int rows; /* a textarea, when it has rows */
	/* else an input */
	const char *type;	  /* NULL: text */
	const char *autocomplete; /* NULL: off */
	const char *placeholder;
	const char *list; /* the id of a datalist */
	int least, most;  /* of a number */
	int longest;	  /* bytes that may be typed; 0: any */
	bool has_focus;
};
void admin_field(struct text *out, const struct field *field);
/* A box to tick, with its label behind it. */
void admin_check(
    struct text *out, const char *name, const char *label, bool is_checked);
/* For what is no such field: <p class="error" id="ID-error">, nothing when
 * message is NULL or empty. */
void admin_field_error(struct text *out, const char *id, const char *message);
/* The attributes of an input that has a hint and perhaps an error. */
void admin_field_state(struct text *out, const char *id, bool is_wrong);
/* Text in which what stands between `backquotes` is code. */
void admin_marked(struct text *out, const char *string);

/* admin_input.c: what came in, checked */

/* The id of a path; false when it was answered with 422. */
bool admin_path_id(const struct request *request, struct response *response,
    const char *argument, struct uuid *id);
/* The subscription of a path, to be released; false when it was answered. */
bool admin_find(const struct request *request, struct response *response,
    const char *argument, const struct admin *admin,
    struct subscription *found);
/* An id as it was typed: blanks around it are forgiven. 0, or -1. */
int admin_typed_id(const struct text *typed, struct uuid *id);
/* The same of a form or a query: 1 read, 0 absent, -1 no id. */
int admin_form_id(const char *form, const char *name, struct uuid *id);
/* A whole number of the query: 1 and *number (fallback when absent or
 * empty), or 0 when it is none or out of range. */
int admin_query_number(const struct request *request, const char *name,
    int64_t least, int64_t most, int64_t fallback, int64_t *number);
/* The same of a form. */
int admin_form_number(const char *form, const char *name, int64_t least,
    int64_t most, int64_t fallback, int64_t *number);
/* Where this site is, as scheme://host, for curl lines: only characters that
 * need no quoting in a shell. */
void admin_site(const struct request *request, struct text *out);
/* Is it plain between single quotes in a shell? */
bool admin_shell_safe(const char *string);

/* admin_chart.c */

/* A figure of what was attempted, quarter by quarter; one a page. */
void
admin_chart(struct text *out, const struct stats_quarter *quarters, int count);

/* admin_figures.c */

/* The success rate as a bar and a number. */
void admin_rate(struct text *out, const struct stats *stats);
/* What the last 24 hours come to, as entries of a <dl class="figures">, which
 * may have others. */
void admin_figures(struct text *out, const struct stats *day);

/* admin_cells.c: what stands in tables */

/* "Success", "Failed Attempt", "Failure": a word and a shape. */
void admin_outcome(struct text *out, const char *outcome);
/* The same of a webhook. */
void
admin_webhook_state(struct text *out, enum webhook_state state, bool in_flight);
/* What a receiver answered, or why it did not. error: NULL for none. */
void admin_answer(struct text *out, int status_code, const char *error);
void admin_duration(struct text *out, int64_t ms); /* 1.5 s; < 0: none */
/* About `most` bytes of HTML of it at most, and whether that was all. */
bool
admin_bytes(struct text *out, const void *bytes, size_t length, size_t most);
/* The same of a string, with an ellipsis where it was cut. */
void admin_brief(struct text *out, const char *string, size_t most);
/* The state and URL of a subscription that may be gone, in brief. */
void admin_target(
    struct text *out, const struct uuid *subscription, const char *target_url);

/* admin_webhook_table.c: columns are left out that say nothing there, and
 * boxes to select rows by are fields of the form around it */
#define ADMIN_WEBHOOKS_SELECT 1u
#define ADMIN_WEBHOOKS_SUBSCRIPTION 2u
void admin_webhook_table(
    struct text *out, const struct webhook_page *page, unsigned columns);

/* admin_attempts.c */
void admin_attempt_table(struct text *out, const struct attempt_list *list);
#endif
