#ifndef CGI_BIN_INGEST_QUOTA_H
#define CGI_BIN_INGEST_QUOTA_H
/* The limits of stores/quota.h, as the settings have them, for requests. */
#include "doors/http.h"
#include "rules/token.h"
#include "stores/quota.h"
#include "stores/webhook.h"

struct quota *ingest_quota_open(void);
/* False when it was answered: the token, or the subscription, has to wait.
 * is_whole: the request counts for its token. */
bool ingest_quota_fits(struct quota *quota, struct exchange *exchange,
    const struct token_claim *claim, const struct incoming *incoming,
    bool is_whole);
/* What was stored of a batch counts for its subscriptions. */
void ingest_quota_count(
    struct quota *quota, struct incoming *const *batch, size_t count);
#endif
