#ifndef ADMIN_FORM_H
#define ADMIN_FORM_H
/*
 * The form of a subscription: what was typed, what it means, and what is
 * wrong with it, so that nothing typed is lost when something is.
 */
#include "admin.h"

struct subscription_form {
	/* as typed */
	struct text url, secret, events, verify, ingest;
	bool remove_secret;
	bool make_secret; /* when none was typed */
	bool verify_given;
	/* as meant; the strings are this form's */
	char *normal_url;
	char *event_block;
	const char **event_list;
	int events_count; /* -1: all events */
	bool same_events; /* as they are, however they are spelled */
	/* empty: nothing is wrong */
	struct text url_error, secret_error, events_error, verify_error;
	struct text ingest_error;
	int faults;
};

/* What the fields hold for a new subscription. */
void admin_form_new(struct subscription_form *form);
/* What they hold for one as it is. */
void admin_form_fill(
    struct subscription_form *form, const struct subscription *subscription);
/* Reads and checks what was posted. current: NULL for a new one. */
void admin_form_read(struct subscription_form *form,
    const struct request *request, const struct subscription *current);
/* Says beside the ingest secret what is wrong with it. */
void admin_form_ingest_fault(
    struct subscription_form *form, enum secret_fault fault);
void admin_form_free(struct subscription_form *form);

/* The form element. current: NULL for a new one. */
void admin_form_write(struct text *out, const struct subscription_form *form,
    const struct subscription *current);
#endif
