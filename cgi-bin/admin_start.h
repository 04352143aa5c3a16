#ifndef ADMIN_START_H
#define ADMIN_START_H
/*
 * Get started: three steps to see a webhook go round. How far the visitor is
 * says the address, by ?subscription=ID&webhook=ID.
 */
#include "admin.h"

#define START_INBOX "hello" /* its name */
#define START_EVENT "greeting"

struct start {
	struct text inbox_url;
	bool has_inbox; /* else where webhooks go is asked */
	struct text typed;
	const char *fault; /* of what was typed; a literal, or NULL */
	struct subscription subscription;
	bool has_subscription;
	struct uuid webhook;
	bool has_webhook;
	struct attempt_list attempts; /* of it: the newest */
};

admin_handler admin_start, admin_start_step;

/* admin_start_write.c */
void admin_start_write(const struct request *request, struct response *response,
    const struct start *start);
#endif
