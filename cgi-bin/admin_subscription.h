#ifndef ADMIN_SUBSCRIPTION_H
#define ADMIN_SUBSCRIPTION_H
/* The pages of one subscription: what they share. */
#include "admin.h"
#include "stores/subscription_search.h"

/* admin_subscription_facts.c */

/* A link to what can be done with it; act is the last segment. */
void admin_subscription_link(struct text *out, const struct uuid *id,
    const char *class, const char *act, const char *label);
/* Its settings, as a section. */
void admin_subscription_facts(struct text *out,
    const struct subscription *subscription,
    const struct subscription_plight *plight);
/* The line that sends it a webhook, as a section. */
void admin_subscription_curl(const struct request *request, struct text *out,
    const struct subscription *subscription);
#endif
