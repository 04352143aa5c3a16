#include "ingest_quota.h"

#include <inttypes.h>
#include <stdio.h>

#include "doors/problem.h"
#include "ground/config.h"

struct quota *
ingest_quota_open(void)
{
	const struct quota_limits limits = {
		.token_requests = config.token_requests,
		.token_bytes = config.token_bytes,
		.requests = config.subscription_requests,
		.bytes = config.subscription_bytes,
		.pending_bytes = config.subscription_pending_bytes,
	};

	return quota_new(config.run_dir, &limits);
}

static void
answer_over(const struct request *request, struct response *response,
    enum quota_verdict verdict, int64_t wait_s)
{
	static const char *const details[] = {
		[QUOTA_TOKEN_REQUESTS] =
		    "The API token sends too many requests (TOKEN_REQUESTS)",
		[QUOTA_TOKEN_BYTES] =
		    "The API token sends too many bytes (TOKEN_BYTES)",
		[QUOTA_REQUESTS] = "The subscription gets too many requests "
				   "(SUBSCRIPTION_REQUESTS)",
		[QUOTA_BYTES] = "The subscription gets too many bytes "
				"(SUBSCRIPTION_BYTES)",
		[QUOTA_PENDING] = "The subscription has too many bytes pending "
				  "(SUBSCRIPTION_PENDING_BYTES)",
	};
	char seconds[24];

	snprintf(seconds, sizeof(seconds), "%" PRId64, wait_s);
	response_header(response, "Retry-After", seconds);
	problem_answer(request, response, 429, details[verdict]);
}

bool
ingest_quota_fits(struct quota *quota, struct exchange *exchange,
    const struct token_claim *claim, const struct incoming *incoming,
    bool is_whole)
{
	const struct quota_ask ask = {
		.token = claim->state == TOKEN_KNOWN ? &claim->grant.id : NULL,
		.subscription = &incoming->subscription_id,
		.bytes = incoming->payload_length,
	};
	int64_t wait_s;
	enum quota_verdict verdict = quota_judge(quota, &ask, &wait_s);

	if (verdict != QUOTA_FITS)
		answer_over(
		    &exchange->request, &exchange->response, verdict, wait_s);
	else if (is_whole)
		quota_take_token(quota, &ask);
	return verdict == QUOTA_FITS;
}

void
ingest_quota_count(
    struct quota *quota, struct incoming *const *batch, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct quota_ask ask = {
			.subscription = &batch[i]->subscription_id,
			.bytes = batch[i]->payload_length,
		};

		if (batch[i]->result == INCOMING_PENDING ||
		    batch[i]->result == INCOMING_FILTERED)
			quota_take(
			    quota, &ask, batch[i]->result == INCOMING_PENDING);
	}
}
