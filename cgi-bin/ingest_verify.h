#ifndef CGI_BIN_INGEST_VERIFY_H
#define CGI_BIN_INGEST_VERIFY_H
/*
 * Stores what came, and of subscriptions that ask producers to sign only what
 * is signed well. The rules of such subscriptions are remembered, so that a
 * good signature costs its HMAC and no statement more; PostgreSQL refuses what was
 * verified by a rule of yesterday, and then, or when a signature does not
 * fit, the rule is read anew, once a batch. Nobody else pays for it.
 */
#include "doors/http.h"
#include "stores/db.h"
#include "stores/webhook.h"

struct verifier;

struct verifier *verifier_new(void);
void verifier_free(struct verifier *verifier);

/* As webhook_store; the requests are those of the batch, in its order. */
void verifier_store(struct verifier *verifier, struct db *db,
    struct exchange *const *asked, struct incoming *const *batch, size_t count);

/* Is this one signed well by a rule that is remembered? */
bool verifier_knows(struct verifier *verifier, const struct request *request,
    struct incoming *incoming);

/* Fills in the verdict of one that is not to be stored. 1; 0 when no secret of
 * it can be opened or its scheme is unknown, -1 when the database failed. */
int verifier_check(struct verifier *verifier, struct db *db,
    const struct request *request, struct incoming *incoming);
#endif
