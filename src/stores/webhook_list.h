#ifndef STORES_WEBHOOK_LIST_H
#define STORES_WEBHOOK_LIST_H
/*
 * Lists of webhooks, newest first, a page at a time. What a page costs does not
 * grow with what is stored: where no index finds what is asked for, a page
 * looks at so many webhooks and no more, and may come out short although
 * there are others.
 */
#include <stdbool.h>
#include <stdint.h>

#include "ground/uuid.h"
#include "stores/db.h"

enum webhook_state {
	WEBHOOK_ANY, /* in a filter alone */
	WEBHOOK_PENDING,
	WEBHOOK_SUCCESS,
	WEBHOOK_FAILURE,
	WEBHOOK_FILTERED,
	WEBHOOK_CANCELLED
};
/* "pending", "Success", "Failure", "filtered", "Cancelled", as the API says
 * them; "" for WEBHOOK_ANY. */
const char *webhook_state_name(enum webhook_state state);
/* The state of that name in any case; false when there is none. */
bool webhook_state_parse(const char *name, enum webhook_state *state);

struct webhook_filter {
	enum webhook_state state;
	const struct uuid *subscription; /* NULL: all */
	const char *event_type;		 /* NULL: any */
	const char *reason; /* of WEBHOOK_FAILURE alone; NULL: any */
	int64_t from_ms;    /* accepted then or later; 0: ever */
	int64_t to_ms;	    /* accepted before; 0: until now */
};

struct webhook_line {
	struct uuid id, subscription_id;
	char *target_url;    /* NULL once the subscription's row is gone */
	bool is_deleted;     /* the subscription is */
	char *event_type;    /* NULL: none */
	int64_t accepted_at; /* ms */
	enum webhook_state state;
	bool in_flight; /* when pending: being sent now */
	int64_t due_at; /* ms, when pending */
	int attempts;	/* made so far */
	/* of the newest attempt */
	int status_code;     /* 0: none */
	char *error;	     /* NULL: none */
	int64_t duration_ms; /* -1: none */
	bool is_settled;     /* it is the one that ended the webhook */
};

struct webhook_page {
	struct webhook_line *lines;
	int count;
	bool more; /* there may be others, older than `next` */
	struct uuid next;
};

/* Those below `before` (NULL: from the newest on), at most `limit`. 0, -1. */
int webhook_list(struct db *db, const struct webhook_filter *filter,
    const struct uuid *before, int limit, struct webhook_page *page);
void webhook_page_release(struct webhook_page *page);
#endif
