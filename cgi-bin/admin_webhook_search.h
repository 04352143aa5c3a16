#ifndef ADMIN_WEBHOOK_SEARCH_H
#define ADMIN_WEBHOOK_SEARCH_H
/* What the list of webhooks was asked for: by the query of its address, and by
 * the hidden fields of the forms that lead back to it. */
#include "admin.h"

enum webhook_search_field {
	SEARCH_OUTCOME,
	SEARCH_SUBSCRIPTION,
	SEARCH_EVENT_TYPE,
	SEARCH_REASON,
	SEARCH_FROM,
	SEARCH_TO,
	SEARCH_FIELDS
};

struct webhook_search {
	struct text typed[SEARCH_FIELDS], before;
	struct uuid subscription_id, before_id;
	bool has_before;
	struct webhook_filter filter; /* borrows from all that */
	/* sentences, NULL where there is no fault */
	const char *subscription_error, *event_type_error, *from_error,
	    *to_error;
	bool is_wrong;	/* one of these, or what no form of ours sends */
	bool is_narrow; /* it leaves something out */
};

/* form: a query or the body of a form; borrowed for the call. */
void webhook_search_read(struct webhook_search *search, const char *form);
void webhook_search_free(struct webhook_search *search);

/* Where its list is, from `before` on (NULL: from the newest): for
 * admin_redirect, and through html_attribute for a link. */
void webhook_search_address(struct text *address,
    const struct webhook_search *search, const struct uuid *before);
/* The fields that webhook_search_read finds it in again. */
void
webhook_search_hidden(struct text *out, const struct webhook_search *search);
/* The form to change it by. */
void webhook_search_form(struct text *out, const struct webhook_search *search);
#endif
