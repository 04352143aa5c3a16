#include "ingest_verify.h"

#include <stdlib.h>
#include <string.h>

#include "ground/clock.h"
#include "ground/log.h"
#include "signed_read.h"
#include "stores/keyring.h"
#include "stores/producer.h"

#define RULES 1024 /* remembered; two that collide take turns */
#define TELL_MS 10000

struct verifier {
	struct producer_rule rules[RULES]; /* version 0: none */
	int64_t tell_at;		   /* that nothing can be verified */
};

/* Places in a batch. */
struct places {
	size_t list[HTTP_BATCH_MAX];
	size_t count;
};

struct verifier *
verifier_new(void)
{
	return memory_get(sizeof(struct verifier));
}

void
verifier_free(struct verifier *verifier)
{
	for (size_t i = 0; i < RULES; i++)
		producer_rule_release(&verifier->rules[i]);
	free(verifier);
}

/* The last bytes of an id are random. */
static struct producer_rule *
rule_place(struct verifier *verifier, const struct uuid *id)
{
	return &verifier->rules[(id->bytes[14] << 8 | id->bytes[15]) % RULES];
}

static const struct producer_rule *
rule_find(struct verifier *verifier, const struct uuid *id)
{
	const struct producer_rule *rule = rule_place(verifier, id);

	return rule->version != 0 &&
		uuid_compare(&rule->subscription_id, id) == 0 &&
		rule->ends_at > clock_database_ms()
	    ? rule
	    : NULL;
}

static void
tell(struct verifier *verifier, const struct producer_rule *rule,
    const char *reason)
{
	char id[UUID_TEXT_SIZE];
	int64_t now = clock_monotonic_ms();

	if (now < verifier->tell_at)
		return;
	verifier->tell_at = now + TELL_MS;
	log_error("cannot verify signatures, so refuses with 503 "
		  "subscription=%s reason=\"%s\"",
	    uuid_text(&rule->subscription_id, id), reason);
}

enum judged {
	JUDGED_WELL, /* or nothing is known against it */
	JUDGED_ILL,  /* see its verdict */
	JUDGED_NOT   /* no secret can be opened, or the scheme is unknown */
};

static void
note_well(const struct producer_rule *rule, const struct signed_request *said,
    struct incoming *incoming)
{
	incoming->verified_as = rule->version;
	if (signed_request_once(
		rule->scheme, said, incoming->once, &incoming->once_field) &&
	    incoming->key == NULL)
		fingerprint_of(incoming->event_type, incoming->content_type,
		    incoming->payload, incoming->payload_length,
		    incoming->fingerprint);
}

static enum judged
judge_by(struct verifier *verifier, const struct producer_rule *rule,
    const struct signed_request *said, struct incoming *incoming)
{
	enum judged judged = JUDGED_ILL;
	char *secret;

	incoming->verdict = SIGNED_OTHERWISE;
	if (rule->scheme == SIGNED_NOT) {
		tell(verifier, rule,
		    "its verify_ingest is of a newer version: install that "
		    "version on this host too");
		return JUDGED_NOT;
	}
	for (int i = 0; i < rule->secrets_count; i++) {
		secret = keyring_open(
		    &rule->subscription_id, rule->sealed_secrets[i]);
		if (secret == NULL) {
			tell(verifier, rule, keyring_reason());
			judged = JUDGED_NOT;
			continue;
		}
		incoming->verdict = signed_request_check(
		    rule->scheme, said, secret, clock_database_ms() / 1000);
		seal_forget(secret);
		if (incoming->verdict == SIGNED_WELL) {
			note_well(rule, said, incoming);
			return JUDGED_WELL;
		}
	}
	return judged;
}

/* Whoever shows no token learns from the answer neither that there is a rule
 * nor that its secret cannot be opened; while no secret can be, a good request
 * is to come again. */
static enum judged
judge_stranger(enum judged judged, struct incoming *incoming)
{
	if (keyring_first() == NULL)
		return JUDGED_NOT;
	if (judged == JUDGED_WELL && incoming->verified_as != 0)
		return JUDGED_WELL;
	incoming->verdict = SIGNED_OTHERWISE;
	return JUDGED_ILL;
}

/* rule: NULL when there is none, or none is known. */
static enum judged
judge(struct verifier *verifier, const struct producer_rule *rule,
    const struct request *request, struct incoming *incoming)
{
	enum judged judged = JUDGED_WELL;
	struct signed_request said;

	incoming->verified_as = 0;
	incoming->verdict = SIGNED_WELL;
	incoming->once[0] = '\0';
	if (rule != NULL) {
		signed_read(request, &said);
		judged = judge_by(verifier, rule, &said, incoming);
	}
	return incoming->needs_signature ? judge_stranger(judged, incoming)
					 : judged;
}

/* What is known of it says. */
static enum judged
judge_known(struct verifier *verifier, const struct request *request,
    struct incoming *incoming)
{
	return judge(verifier, rule_find(verifier, &incoming->subscription_id),
	    request, incoming);
}

/* The rules of now. */
struct lesson {
	struct producer_rule *rules;
	int count;
};

static int
lesson_read(struct lesson *lesson, struct db *db, struct incoming *const *batch,
    const struct places *places)
{
	struct uuid ids[HTTP_BATCH_MAX];

	for (size_t i = 0; i < places->count; i++)
		ids[i] = batch[places->list[i]]->subscription_id;
	lesson->count = producer_rules(db, ids, places->count, &lesson->rules);
	return lesson->count == -1 ? -1 : 0;
}

static const struct producer_rule *
lesson_find(const struct lesson *lesson, const struct uuid *id)
{
	for (int i = 0; i < lesson->count; i++)
		if (uuid_compare(&lesson->rules[i].subscription_id, id) == 0)
			return &lesson->rules[i];
	return NULL;
}

/* Remembers it, in place of what was known. */
static void
lesson_end(struct verifier *verifier, struct lesson *lesson,
    struct incoming *const *batch, const struct places *places)
{
	struct producer_rule *place;

	for (size_t i = 0; i < places->count; i++)
		producer_rule_release(rule_place(
		    verifier, &batch[places->list[i]]->subscription_id));
	for (int i = 0; i < lesson->count; i++) {
		place = rule_place(verifier, &lesson->rules[i].subscription_id);
		producer_rule_release(place);
		*place = lesson->rules[i];
	}
	free(lesson->rules);
}

static void
store(struct db *db, struct incoming *const *batch, const struct places *places)
{
	struct incoming *stored[HTTP_BATCH_MAX];

	if (places->count == 0)
		return;
	for (size_t i = 0; i < places->count; i++)
		stored[i] = batch[places->list[i]];
	webhook_store(db, stored, places->count);
}

/* Judges the doubtful by the rules of now, and stores what is well. */
static void
store_doubtful(struct verifier *verifier, struct db *db,
    struct exchange *const *asked, struct incoming *const *batch,
    const struct places *doubtful)
{
	struct places well = { .count = 0 };
	struct lesson lesson;
	struct incoming *incoming;
	size_t place;

	if (lesson_read(&lesson, db, batch, doubtful) == -1)
		return;
	for (size_t i = 0; i < doubtful->count; i++) {
		place = doubtful->list[i];
		incoming = batch[place];
		switch (judge(verifier,
		    lesson_find(&lesson, &incoming->subscription_id),
		    &asked[place]->request, incoming)) {
		case JUDGED_WELL: well.list[well.count++] = place; break;
		case JUDGED_ILL: incoming->result = INCOMING_REFUSED; break;
		case JUDGED_NOT: incoming->result = INCOMING_FAILED; break;
		}
	}
	lesson_end(verifier, &lesson, batch, doubtful);
	store(db, batch, &well);
}

void
verifier_store(struct verifier *verifier, struct db *db,
    struct exchange *const *asked, struct incoming *const *batch, size_t count)
{
	struct places sure = { .count = 0 }, doubtful = { .count = 0 };

	for (size_t place = 0; place < count; place++)
		if (judge_known(verifier, &asked[place]->request,
			batch[place]) == JUDGED_WELL)
			sure.list[sure.count++] = place;
		else
			doubtful.list[doubtful.count++] = place;
	store(db, batch, &sure);
	if (sure.count > 0 && db_error(db) == DB_GONE)
		return;
	for (size_t i = 0; i < sure.count; i++)
		if (batch[sure.list[i]]->result == INCOMING_UNVERIFIED)
			doubtful.list[doubtful.count++] = sure.list[i];
	if (doubtful.count > 0)
		store_doubtful(verifier, db, asked, batch, &doubtful);
}

bool
verifier_knows(struct verifier *verifier, const struct request *request,
    struct incoming *incoming)
{
	return rule_find(verifier, &incoming->subscription_id) != NULL &&
	    judge_known(verifier, request, incoming) == JUDGED_WELL;
}

int
verifier_check(struct verifier *verifier, struct db *db,
    const struct request *request, struct incoming *incoming)
{
	const struct places one = { .count = 1 };
	struct lesson lesson;
	enum judged judged;

	if (lesson_read(&lesson, db, &incoming, &one) == -1)
		return -1;
	judged =
	    judge(verifier, lesson_find(&lesson, &incoming->subscription_id),
		request, incoming);
	lesson_end(verifier, &lesson, &incoming, &one);
	return judged != JUDGED_NOT;
}
