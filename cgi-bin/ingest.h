#ifndef CGI_BIN_INGEST_H
#define CGI_BIN_INGEST_H
/* What ingest.c and ingest_check.c share. */
#include "doors/http.h"
#include "rules/token.h"
#include "stores/db.h"
#include "stores/webhook.h"

enum ingest_verdict {
	INGEST_STORE,	 /* well-formed: `incoming` is filled in */
	INGEST_ANSWERED, /* refused, the response says why */
	INGEST_NO_JSON	 /* 404 or 400, the subscription decides */
};

/* As far as the header says: false when it was answered. */
bool ingest_check_head(const struct request *request, struct response *response,
    const struct token_claim *claim, struct incoming *incoming);
/* Judges a request by itself; no store is asked. `incoming` borrows from the
 * request; claim is what is known of its token. Where incoming->needs_signature
 * says so, no token was shown: then the answer, whatever it is, is only for
 * whoever signed the request. */
enum ingest_verdict
ingest_check(const struct request *request, struct response *response,
    const struct token_claim *claim, struct incoming *incoming);

/* It shows no token, and a signature of some kind that its
 * subscription may accept in place of one. */
bool ingest_may_be_signed(const struct request *request);
/* The one answer to whoever shows no token, or none that will do: 401. */
void ingest_refuse_stranger(
    const struct request *request, struct response *response);
#endif
