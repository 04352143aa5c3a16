#include "stores/token_gate.h"

#include <stdlib.h>
#include <string.h>

#include "ground/clock.h"
#include "stores/token.h"

#define WAYS 4
#define KNOWN_SETS 256
#define UNKNOWN_SETS 64
#define UNKNOWN_MS 2000
#define NOTE_MS 60000
#define NOTES_MAX 64

struct memory {
	struct token_hash hash;
	struct token_grant grant; /* of a known one */
	int64_t until_ms;	  /* 0: the place is free */
	int64_t noted_ms;	  /* 0: its use was never noted */
};

struct token_gate {
	int64_t life_ms;
	struct memory known[KNOWN_SETS][WAYS];
	struct memory unknown[UNKNOWN_SETS][WAYS];
	/* used, and not written yet */
	struct uuid notes[NOTES_MAX];
	size_t notes_count;
	struct db_params params; /* of the statement under way */
	bool is_noting;
};

struct token_gate *
token_gate_new(int64_t life_ms)
{
	struct token_gate *gate = memory_get(sizeof(*gate));

	gate->life_ms = life_ms;
	return gate;
}

void
token_gate_free(struct token_gate *gate)
{
	if (gate == NULL)
		return;
	db_params_free(&gate->params);
	free(gate);
}

static struct memory *
set_of(struct memory (*sets)[WAYS], size_t count, const struct token_hash *hash)
{
	return sets[(hash->bytes[0] | hash->bytes[1] << 8) % count];
}

/* NULL when it has no place there, be it fresh or not. */
static struct memory *
place_of(struct memory *set, const struct token_hash *hash)
{
	for (size_t i = 0; i < WAYS; i++)
		if (set[i].until_ms != 0 &&
		    token_hash_equal(&set[i].hash, hash))
			return &set[i];
	return NULL;
}

/* Its own place, or that of whoever is forgotten soonest. */
static struct memory *
place_for(struct memory *set, const struct token_hash *hash)
{
	struct memory *place = place_of(set, hash), *soonest = set;

	if (place != NULL)
		return place;
	for (size_t i = 1; i < WAYS; i++)
		if (set[i].until_ms < soonest->until_ms)
			soonest = &set[i];
	*soonest = (struct memory){ .hash = *hash };
	return soonest;
}

static struct memory *
known_set(struct token_gate *gate, const struct token_hash *hash)
{
	return set_of(gate->known, KNOWN_SETS, hash);
}

static struct memory *
unknown_set(struct token_gate *gate, const struct token_hash *hash)
{
	return set_of(gate->unknown, UNKNOWN_SETS, hash);
}

static bool
recall(struct token_gate *gate, struct token_claim *claim, int64_t now_ms)
{
	struct memory *place =
	    place_of(known_set(gate, &claim->hash), &claim->hash);

	if (place != NULL && now_ms < place->until_ms) {
		claim->state = TOKEN_KNOWN;
		claim->grant = place->grant;
		return true;
	}
	place = place_of(unknown_set(gate, &claim->hash), &claim->hash);
	claim->state = TOKEN_UNKNOWN;
	return place != NULL && now_ms < place->until_ms;
}

static void
remember(struct token_gate *gate, const struct token_claim *claim,
    int64_t lasts_ms, int64_t now_ms)
{
	struct memory *known = known_set(gate, &claim->hash), *place;

	if (claim->state == TOKEN_KNOWN) {
		place = place_for(known, &claim->hash);
		place->grant = claim->grant;
		place->until_ms = now_ms +
		    (lasts_ms < gate->life_ms ? lasts_ms : gate->life_ms);
		return;
	}
	place = place_of(known, &claim->hash);
	if (place != NULL)
		*place = (struct memory){ 0 }; /* revoked, or expired */
	place = place_for(unknown_set(gate, &claim->hash), &claim->hash);
	place->until_ms = now_ms + UNKNOWN_MS;
}

static int
ask(struct token_gate *gate, struct db *db, struct token_claim *const *claims,
    size_t count)
{
	int64_t lasts_ms[TOKEN_GATE_MOST];
	int64_t asked_ms = clock_monotonic_ms();

	if (token_find(db, claims, count, lasts_ms) == -1)
		return -1;
	for (size_t i = 0; i < count; i++)
		remember(gate, claims[i], lasts_ms[i], asked_ms);
	return 0;
}

int
token_gate_check(struct token_gate *gate, struct db *db,
    struct token_claim *const *claims, size_t count)
{
	struct token_claim *asked[TOKEN_GATE_MOST];
	int64_t now_ms = clock_monotonic_ms();
	size_t asked_count = 0;

	for (size_t i = 0; i < count; i++) {
		if (recall(gate, claims[i], now_ms))
			continue;
		claims[i]->state = TOKEN_UNCHECKED;
		asked[asked_count++] = claims[i];
	}
	if (asked_count == 0 || db == NULL)
		return 0;
	return ask(gate, db, asked, asked_count);
}

void
token_gate_used(struct token_gate *gate, const struct token_claim *claim)
{
	struct memory *place =
	    place_of(known_set(gate, &claim->hash), &claim->hash);
	int64_t now_ms = clock_monotonic_ms();

	if (place == NULL || gate->notes_count == NOTES_MAX)
		return;
	if (place->noted_ms != 0 && now_ms - place->noted_ms < NOTE_MS)
		return;
	place->noted_ms = now_ms;
	gate->notes[gate->notes_count++] = claim->grant.id;
}

void
token_gate_flush(struct token_gate *gate, struct db *db)
{
	if (gate->notes_count != 0)
		token_note(db, gate->notes, gate->notes_count);
	gate->notes_count = 0;
}

void
token_gate_step(struct token_gate *gate, struct db *db)
{
	if (gate->is_noting)
		gate->is_noting = db_step(db) == 0;
	if (gate->is_noting || gate->notes_count == 0)
		return;
	gate->is_noting = token_note_start(db, &gate->params, gate->notes,
			      gate->notes_count) == 0;
	gate->notes_count = 0;
}

bool
token_gate_is_noting(const struct token_gate *gate)
{
	return gate->is_noting;
}
