#ifndef STORES_ATTEMPT_H
#define STORES_ATTEMPT_H
/*
 * The delivery log, read side: rows of delivery_logs as the API and the UI
 * show them. What is older than LOG_RETENTION_HOURS is never shown.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ground/uuid.h"
#include "stores/db.h"

struct attempt {
	struct uuid id, webhook_id, subscription_id;
	char *target_url;
	int64_t timestamp;  /* ms, the id's */
	int attempt_number; /* from 1 */
	char *outcome;	    /* "Success", "Failed Attempt", "Failure" */
	int status_code;    /* 0: none */
	char *error;	    /* NULL: none */
	bool final;
	int64_t duration_ms; /* -1: none */
	/* us since it began, -1: not reached, or over a kept connection */
	int64_t dns_us, connect_us, tls_us, first_byte_us;
	char *signatures; /* webhook-signature as it was sent; NULL: none */
	char *response_headers; /* NULL: none */
	char *response_body;	/* at most 4 KiB, NULL: none */
	size_t response_body_length;
};

struct attempt_list {
	struct attempt *attempts; /* newest first */
	int count;
	int64_t total; /* of attempt_list_of_webhook: all there are */
};

void attempt_list_release(struct attempt_list *list);

/* The newest `limit` attempts of a webhook. 0, or -1 on error. */
int attempt_list_of_webhook(struct db *db, const struct uuid *webhook_id,
    int64_t limit, struct attempt_list *list);
/* The newest attempts of all that are no Success. */
int
attempt_list_failed(struct db *db, int64_t limit, struct attempt_list *list);
int
attempt_list_of_subscription(struct db *db, const struct uuid *subscription_id,
    int64_t limit, struct attempt_list *list);
#endif
