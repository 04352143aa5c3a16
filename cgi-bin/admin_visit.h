#ifndef ADMIN_VISIT_H
#define ADMIN_VISIT_H
/*
 * Who sends the request under way. A process serves one at a time, so what is
 * known of its visitor is admin_visit.c's own.
 *
 * Every browser gets a cookie with a random id: nobody's until somebody logs in
 * with it, when it is replaced by that of a session. The tokens of forms are
 * made for the id, so they are there before the login too, and with AUTH=open.
 */
#include "admin.h"
#include "doors/router.h"

/* The router's: lets in who may, and answers everyone else. No handler of a
 * method that may change something runs without the token of a form. */
bool admin_admit(const struct request *request, struct response *response,
    enum access access, void *context);

/* Forgets the last one: comes before all else. */
void admin_visit_reset(void);
bool admin_is_logged_in(void);
/* Gives the visitor a session under a new id. 0, -1. */
int admin_visit_login(const struct request *request, struct response *response,
    const struct admin *admin);
/* Ends it. 0, -1. */
int admin_visit_logout(const struct request *request, struct response *response,
    const struct admin *admin);
#endif
