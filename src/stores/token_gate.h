#ifndef STORES_TOKEN_GATE_H
#define STORES_TOKEN_GATE_H
/*
 * Checks the tokens of requests, and remembers in this process what
 * PostgreSQL said: a token in force for life_ms (but not beyond its expiry),
 * so that a revoked one is refused after that time at most; one that is
 * unknown for two seconds. What is not remembered costs one query, for a whole
 * batch of requests: a flood of tokens never seen before is no more than a
 * query a batch. Memory is bounded: 1024 tokens in force and 256 unknown,
 * in tables apart, so that no flood drives out a token in force. When
 * PostgreSQL does not tell, nobody is admitted who is not remembered.
 */
#include <stddef.h>

#include "rules/token.h"
#include "stores/db.h"

#define TOKEN_GATE_MOST 256 /* claims of one call */

struct token_gate;

/* life_ms 0: every request asks. */
struct token_gate *token_gate_new(int64_t life_ms);
void token_gate_free(struct token_gate *gate); /* NULL is fine */

/* Fills in state and grant of each; the hashes are given. db NULL: asks
 * nobody. 0, or -1 when PostgreSQL had to be asked and did not answer:
 * db_error tells. */
int token_gate_check(struct token_gate *gate, struct db *db,
    struct token_claim *const *claims, size_t count);

/*
 * When a token was last used is noted once a minute, and lost when PostgreSQL
 * does not answer just then. token_gate_used remembers it; then either flush
 * writes and waits, or step goes on with it and never waits, for which it
 * needs a connection of its own.
 */
void token_gate_used(struct token_gate *gate, const struct token_claim *claim);
void token_gate_flush(struct token_gate *gate, struct db *db);
void token_gate_step(struct token_gate *gate, struct db *db);
bool token_gate_is_noting(const struct token_gate *gate);
#endif
