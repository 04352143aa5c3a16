#ifndef ADMIN_WEBHOOK_H
#define ADMIN_WEBHOOK_H
/* The parts of a webhook's page. */
#include "admin.h"
#include "stores/webhook.h"

/* admin_timeline.c: the attempts, the oldest first, each with how its time
 * was spent. shown: the one whose exchange is on the page, NULL for none. */
void admin_timeline(struct text *out, const struct webhook *webhook,
    const struct attempt_list *attempts, const struct attempt *shown);

/* admin_exchange.c: what one attempt sent and got; a curl command that
 * repeats it. */
void admin_exchange(struct text *out, const struct webhook *webhook,
    const struct attempt *attempt);
/* The payload, pretty-printed beside raw, cut where it is long. */
void admin_payload(struct text *out, const struct webhook *webhook,
    const void *payload, size_t length);
/* payload: NULL when it is not at hand. */
void admin_curl(struct text *out, const struct webhook *webhook,
    const struct attempt *attempt, const char *payload, size_t length);
#endif
