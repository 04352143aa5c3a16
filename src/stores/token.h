#ifndef STORES_TOKEN_H
#define STORES_TOKEN_H
/*
 * API tokens in PostgreSQL: see rules/token.h. A revoked or expired one stays
 * on the list, so that one can see later who could ask what.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rules/token.h"
#include "stores/db.h"

struct token {
	struct token_grant grant;
	char *name;
	char *state;	      /* "in force", "expired", "revoked" */
	int64_t created_at;   /* ms, like the others */
	int64_t expires_at;   /* 0: never */
	int64_t last_used_at; /* to the minute; 0: never */
};

/* What is asked for; the name and the set of scopes were checked. */
struct token_wish {
	const char *name;
	unsigned scopes;
	const struct uuid *subscription_id; /* NULL: every one */
	int64_t lifetime_ms;		    /* 0: for ever */
};

/* 1 made, and `text` is the only copy; 0 a token of that name is in force;
 * -1 error (db_error tells). */
int token_create(
    struct db *db, const struct token_wish *wish, char text[TOKEN_SIZE]);
/* By its id, or by the name of one that is in force. 1 revoked, 0 there is
 * none in force, -1 error. */
int token_revoke(struct db *db, const char *name_or_id);
/* The newest 1000, newest first. The vector is yours: token_list_free. -1 on
 * error, else the count. */
int token_list(struct db *db, struct token **list);
void token_list_free(struct token *list, int count);

/*
 * For stores/token_gate.c: which of these are in force, by one query?
 * Fills in state and grant of the claims, and in lasts_ms when those that are
 * known expire (INT64_MAX: never). 0, or -1 with the claims
 * TOKEN_UNCHECKED.
 */
int token_find(struct db *db, struct token_claim *const *claims, size_t count,
    int64_t *lasts_ms);

/* Notes that these were used just now, unless that was noted within the
 * minute; 0, -1. */
int token_note(struct db *db, const struct uuid *ids, size_t count);
/* The same without waiting: begins it, db_step goes on. params is kept
 * until then. */
int token_note_start(struct db *db, struct db_params *params,
    const struct uuid *ids, size_t count);
#endif
