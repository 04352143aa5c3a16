#ifndef ADMIN_SEARCH_H
#define ADMIN_SEARCH_H
/* Looking for subscriptions: words, state, order, and the place in the list,
 * all of it in the address. */
#include "admin.h"
#include "stores/subscription_search.h"

/* The address, as it was typed, and what it asks for. */
struct search {
	struct text words, state, order, after_url;
	struct uuid after_id;
	char id[UUID_TEXT_SIZE]; /* of a whole one, however it was typed */
	struct subscription_query query; /* borrows from those */
};

/* NULL, or what is wrong with the address. */
const char *
admin_search_read(const struct request *request, struct search *search);
void admin_search_free(struct search *search);

void admin_search_form(struct text *out, const struct search *search);
/* Links to the first page and to the next. last: where this one ended, NULL
 * when nothing is behind it. */
void admin_search_pager(struct text *out, const struct search *search,
    const struct subscription_line *last);
#endif
