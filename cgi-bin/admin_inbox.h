#ifndef ADMIN_INBOX_H
#define ADMIN_INBOX_H
/*
 * The built-in receiver: POST /inbox/{name} takes what comes, without login
 * and form, and /ui/inbox/{name} shows it.
 */
#include "admin.h"
#include "doors/router.h"

bool admin_inbox_is_on(void);
/* The router's: lets everybody in while it is on. */
bool admin_inbox_admit(const struct request *request, struct response *response,
    enum access access, void *context);
admin_handler admin_inbox_take; /* POST /inbox/{name} */
admin_handler admin_inbox_show; /* GET: leads to its page */

/* admin_inbox.c */
admin_handler admin_inbox, admin_inbox_change;
/* Where it is reached; a name of inbox_name_is. */
void admin_inbox_url(
    const struct request *request, const char *name, struct text *out);
#endif
