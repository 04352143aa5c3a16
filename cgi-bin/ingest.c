/*
 * POST /ingest/{subscription_id}. A 202 leaves only after the commit; Redis
 * is told after that, and not waited for.
 */
#include "ingest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "doors/bearer.h"
#include "doors/problem.h"
#include "ground/clock.h"
#include "ground/config.h"
#include "ground/heartbeat.h"
#include "ground/log.h"
#include "ground/usage.h"
#include "ingest_quota.h"
#include "ingest_verify.h"
#include "stores/keyring.h"
#include "stores/queue.h"
#include "stores/subscription.h"
#include "stores/token_gate.h"

/* Payloads of one statement; the next is begun above it. */
#define STATEMENT_BYTES ((size_t)4 << 20)
#define NO_JSON "Invalid JSON body received."
#define LAST_PUSH_MS 200
/* Of faulty requests without a token so many a batch are looked at closely;
 * the others of a flood are refused. */
#define LOOKUPS_MOST 8
/* A revoked token is taken for so long at most. */
#define TOKEN_LIFE_MS 5000

/* A frozen server costs one deadline, not two: those who came while we waited
 * in vain are refused, and those who come after it are tried. Under load
 * everyone comes while another is handled: hence an end. */
#define IN_VAIN_MS 1000
#define REFUSE_MS 250

_Static_assert(HTTP_BATCH_MAX <= TOKEN_GATE_MOST, "a batch is one call");

struct intake {
	struct db *db;
	struct queue *queue;
	struct verifier *verifier;
	struct token_gate *gate;
	struct quota *quota;
	struct db *notes; /* for gate and quota: nobody waits for it */
	struct token_claim claims[HTTP_BATCH_MAX];
	/* what the next statement stores, and who waits for it */
	struct incoming incoming[HTTP_BATCH_MAX];
	struct incoming *batch[HTTP_BATCH_MAX];
	struct exchange *asked[HTTP_BATCH_MAX];
	size_t count;
	size_t bytes;
	int lookups; /* of this batch, for faulty requests without a token */
	bool is_cut_off;    /* nothing works: one deadline a batch is enough */
	int64_t cut_off_ms; /* when we had waited in vain, 0: never */
};

/* draft-ietf-httpapi-idempotency-key-header, section 2.7 */
static void
answer_clashed(struct response *response, const struct incoming *incoming)
{
	struct problems problems = { 0 };

	bool is_signed = incoming->once[0] != '\0';
	const char *name = is_signed ? signed_field_name(incoming->once_field)
				     : "Idempotency-Key";
	struct text words = { 0 };

	text_addf(
	    &words, "%s was used for another request within 24 hours", name);
	problem_add(&problems, "idempotency_key_reused",
	    json_pack("[ss]", "header", is_signed ? name : "idempotency-key"),
	    text_string(&words),
	    json_string(is_signed ? incoming->once : incoming->key), NULL);
	problems_answer(&problems, response);
	text_free(&words);
}

static void
answer_refused(const struct request *request, struct response *response,
    const struct incoming *incoming)
{
	enum signed_verdict verdict = incoming->verdict;

	if (incoming->needs_signature) {
		ingest_refuse_stranger(request, response);
		return;
	}
	/* RFC 9110, 11.6.1: a 401 names a scheme. */
	response_header(response, "WWW-Authenticate", "Signature");
	problem_answer(request, response, 401,
	    verdict == SIGNED_MISSING	  ? "Signature is missing"
		: verdict == SIGNED_STALE ? "Signature is too old or too new"
					  : "Signature does not fit");
}

static void
answer_stored(const struct request *request, struct response *response,
    const struct incoming *incoming)
{
	char id[UUID_TEXT_SIZE];

	switch (incoming->result) {
	case INCOMING_PENDING:
	case INCOMING_FILTERED:
	case INCOMING_REPEATED:
		response->status = 202;
		response->content_type = "application/json";
		text_addf(&response->body, "{\"webhook_id\":\"%s\"}",
		    uuid_text(&incoming->id, id));
		return;
	case INCOMING_UNKNOWN:
		if (incoming->needs_signature)
			ingest_refuse_stranger(request, response);
		else
			problem_answer(
			    request, response, 404, "Subscription not found");
		return;
	case INCOMING_CLASHED: answer_clashed(response, incoming); return;
	case INCOMING_REFUSED:
		answer_refused(request, response, incoming);
		return;
	case INCOMING_UNVERIFIED:
	case INCOMING_FAILED: break;
	}
	problem_answer(request, response, 503, "Not stored, please try again");
}

static void
queue_stored(struct intake *intake)
{
	struct queue_entry entries[HTTP_BATCH_MAX];
	const struct incoming *incoming;
	int64_t now = clock_database_ms();
	size_t count = 0;

	for (size_t i = 0; i < intake->count; i++) {
		incoming = intake->batch[i];
		if (incoming->result != INCOMING_PENDING)
			continue;
		entries[count++] = (struct queue_entry){
			.webhook_id = incoming->id,
			.subscription_id = incoming->subscription_id,
			.due_at = uuid_ms(&incoming->id),
		};
		if (entries[count - 1].due_at > now) /* it was set back */
			entries[count - 1].due_at = now;
	}
	if (count == 0)
		return;
	queue_push(intake->queue, entries, count, now);
	queue_step(intake->queue);
}

static void
note_cut_off(struct intake *intake, int64_t begun_ms)
{
	int64_t now_ms = clock_monotonic_ms();

	if (db_error(intake->db) != DB_GONE || now_ms - begun_ms < IN_VAIN_MS)
		return;
	intake->is_cut_off = true;
	intake->cut_off_ms = now_ms;
}

static void
intake_try(struct intake *intake)
{
	int64_t begun_ms = clock_monotonic_ms();

	verifier_store(intake->verifier, intake->db, intake->asked,
	    intake->batch, intake->count);
	note_cut_off(intake, begun_ms);
}

/* /readyz shall know: a look at PostgreSQL does not tell whether it stores. */
static void
note_result(const struct intake *intake)
{
	size_t failed = 0;

	for (size_t i = 0; i < intake->count; i++)
		failed += intake->batch[i]->result == INCOMING_FAILED;
	heartbeat_worked(failed < intake->count);
}

static void
intake_store(struct intake *intake)
{
	if (intake->count == 0)
		return;
	for (size_t i = 0; i < intake->count; i++)
		intake->batch[i]->result = INCOMING_FAILED;
	if (!intake->is_cut_off)
		intake_try(intake);
	note_result(intake);
	queue_stored(intake);
	ingest_quota_count(intake->quota, intake->batch, intake->count);
	for (size_t i = 0; i < intake->count; i++)
		answer_stored(&intake->asked[i]->request,
		    &intake->asked[i]->response, intake->batch[i]);
	intake->count = 0;
	intake->bytes = 0;
}

static void
intake_add(struct intake *intake, struct exchange *exchange)
{
	size_t at = intake->count++;

	intake->batch[at] = &intake->incoming[at];
	intake->asked[at] = exchange;
	intake->bytes += intake->incoming[at].payload_length;
	if (intake->bytes >= STATEMENT_BYTES)
		intake_store(intake);
}

/* 1 it is signed well, 0 not, -1 nobody can tell now. What is remembered costs
 * nothing; of the rest so many a batch are looked up. */
static int
check_signer(
    struct intake *intake, struct exchange *exchange, struct incoming *incoming)
{
	const struct request *request = &exchange->request;
	int64_t begun_ms = clock_monotonic_ms();
	int checked;

	if (request->body_state != BODY_WHOLE &&
	    request->body_state != BODY_NONE)
		return 0;
	if (verifier_knows(intake->verifier, request, incoming))
		return 1;
	if (intake->is_cut_off)
		return -1;
	if (intake->lookups++ >= LOOKUPS_MOST)
		return 0;
	checked =
	    verifier_check(intake->verifier, intake->db, request, incoming);
	if (checked == -1)
		note_cut_off(intake, begun_ms);
	return checked == 1 ? incoming->verdict == SIGNED_WELL : -1;
}

/* The answer to a faulty request that there is goes to whoever signed it, and
 * to nobody else. headers: so much of them stood there before it. */
static void
withhold(struct intake *intake, struct exchange *exchange,
    struct incoming *incoming, size_t headers)
{
	struct response *response = &exchange->response;
	int signer = check_signer(intake, exchange, incoming);

	if (signer == 1)
		return;
	text_clear(&response->body);
	response->headers.length = headers;
	if (response->headers.bytes != NULL)
		response->headers.bytes[headers] = '\0';
	if (signer == 0)
		ingest_refuse_stranger(&exchange->request, response);
	else
		problem_answer(&exchange->request, response, 503,
		    "Signature not checked, please try again");
}

/* The reference looks for the subscription before it looks at the body. */
static void
answer_no_json(
    struct intake *intake, struct exchange *exchange, struct incoming *incoming)
{
	struct subscription found = { 0 };
	int64_t begun_ms = clock_monotonic_ms();
	int rc = intake->is_cut_off
	    ? -1
	    : subscription_get(intake->db, &incoming->subscription_id, &found);
	int checked = 1;

	if (rc == 1 && found.verify_ingest != NULL)
		checked = verifier_check(
		    intake->verifier, intake->db, &exchange->request, incoming);
	if (rc == 0)
		problem_answer(&exchange->request, &exchange->response, 404,
		    "Subscription not found");
	else if (rc == -1 || checked != 1)
		problem_answer(&exchange->request, &exchange->response, 503,
		    "Subscription not checked, please try again");
	else if (incoming->verdict != SIGNED_WELL)
		answer_refused(
		    &exchange->request, &exchange->response, incoming);
	else
		problem_answer(
		    &exchange->request, &exchange->response, 400, NO_JSON);
	if (rc == -1 || checked == -1)
		note_cut_off(intake, begun_ms);
	subscription_release(&found);
}

/* Learns of all tokens of a batch what there is to know. */
static void
intake_check_tokens(
    struct intake *intake, struct exchange *const *batch, size_t count)
{
	struct token_claim *shown[HTTP_BATCH_MAX], *claim;
	int64_t begun_ms = clock_monotonic_ms();
	size_t shown_count = 0;

	for (size_t i = 0; i < count; i++) {
		claim = &intake->claims[i];
		*claim = (struct token_claim){ 0 };
		if (config.auth == AUTH_TOKEN &&
		    token_hash_of(
			bearer_token(&batch[i]->request), &claim->hash))
			shown[shown_count++] = claim;
	}
	if (token_gate_check(intake->gate,
		intake->is_cut_off ? NULL : intake->db, shown,
		shown_count) == -1)
		note_cut_off(intake, begun_ms);
}

static void
intake_begin(struct intake *intake, bool waited)
{
	intake->is_cut_off = waited && intake->cut_off_ms != 0 &&
	    clock_monotonic_ms() - intake->cut_off_ms < REFUSE_MS;
	intake->lookups = 0;
}

/* That a subscription has too much is for whoever signed, too. */
static bool
intake_fits(struct intake *intake, struct exchange *exchange,
    const struct token_claim *claim, struct incoming *incoming)
{
	size_t headers = exchange->response.headers.length;

	if (ingest_quota_fits(intake->quota, exchange, claim, incoming, true))
		return true;
	if (incoming->needs_signature)
		withhold(intake, exchange, incoming, headers);
	return false;
}

static void
intake_handle(
    struct exchange *const *batch, size_t count, bool waited, void *context)
{
	struct intake *intake = context;
	struct exchange *exchange;
	struct incoming *incoming;

	intake_begin(intake, waited);
	intake_check_tokens(intake, batch, count);
	for (size_t i = 0; i < count; i++) {
		exchange = batch[i];
		incoming = &intake->incoming[intake->count];
		switch (ingest_check(&exchange->request, &exchange->response,
		    &intake->claims[i], incoming)) {
		case INGEST_STORE:
			token_gate_used(intake->gate, &intake->claims[i]);
			if (intake_fits(
				intake, exchange, &intake->claims[i], incoming))
				intake_add(intake, exchange);
			break;
		case INGEST_NO_JSON:
			if (incoming->needs_signature) {
				problem_answer(&exchange->request,
				    &exchange->response, 400, NO_JSON);
				withhold(intake, exchange, incoming,
				    exchange->response.headers.length);
			} else if (ingest_quota_fits(intake->quota, exchange,
				       &intake->claims[i], incoming, true)) {
				answer_no_json(intake, exchange, incoming);
			}
			break;
		case INGEST_ANSWERED:
			if (incoming->needs_signature)
				withhold(intake, exchange, incoming,
				    exchange->response.headers.length);
			break;
		}
	}
	intake_store(intake);
}

/* Of requests whose bodies are still to come: who may not send one is told so
 * now. */
static void
intake_heads(
    struct exchange *const *batch, size_t count, bool waited, void *context)
{
	struct intake *intake = context;
	struct incoming incoming;

	intake_begin(intake, waited);
	intake_check_tokens(intake, batch, count);
	for (size_t i = 0; i < count; i++) {
		bool fits = ingest_check_head(&batch[i]->request,
		    &batch[i]->response, &intake->claims[i], &incoming);

		/* what is wrong is for whoever signed the body to come */
		batch[i]->is_stranger = incoming.needs_signature;
		if (incoming.needs_signature)
			batch[i]->response.status = 0;
		else if (fits)
			ingest_quota_fits(intake->quota, batch[i],
			    &intake->claims[i], &incoming, false);
	}
}

static void
intake_idle(void *context)
{
	struct intake *intake = context;

	queue_step(intake->queue);
	if (!quota_is_asking(intake->quota))
		token_gate_step(intake->gate, intake->notes);
	if (!token_gate_is_noting(intake->gate))
		quota_step(intake->quota, intake->notes);
}

static const char usage[] =
    "usage: ingest\n"
    "A FastCGI or CGI program of Postrider: accepts webhooks, POST /ingest/{subscription_id}.\n"
    "postrider-worker starts it, and a web server asks it.\n";

int
main(int argc, char **argv)
{
	static struct intake intake;
	int rc;

	if (usage_only(argc, argv, usage, &rc))
		return rc;
	if (config_load() == -1)
		return 100;
	log_open("ingest", (enum log_level)config.log_level);
	json_set_alloc_funcs(memory_get, free);
	intake.db =
	    db_new(config.ingest_database_url, DB_SERVE, "postrider ingest");
	if (keyring_load(config.secret_key_file) == -1)
		log_error("cannot verify what producers sign reason=\"%s\"",
		    keyring_reason());
	intake.verifier = verifier_new();
	intake.notes =
	    db_new(config.ingest_database_url, DB_SERVE, "postrider ingest");
	intake.gate = token_gate_new(TOKEN_LIFE_MS);
	intake.quota = ingest_quota_open();
	intake.queue = queue_new(config.redis_url, config.share_dir);
	rc = intake.queue == NULL
	    ? 111
	    : http_serve_batches((size_t)config.max_payload_bytes, intake_heads,
		  intake_handle, intake_idle, &intake);
	if (intake.queue != NULL)
		queue_flush(intake.queue, LAST_PUSH_MS);
	queue_free(intake.queue);
	verifier_free(intake.verifier);
	token_gate_flush(intake.gate, intake.db);
	db_free(intake.notes);
	token_gate_free(intake.gate);
	quota_free(intake.quota);
	db_free(intake.db);
	return rc;
}
