#ifndef DOORS_PROBLEM_H
#define DOORS_PROBLEM_H
/*
 * The API's errors, to the letter of the contract: {"detail": text}, and for
 * 422 {"detail": [{type, loc, msg, input, ctx}, ...]} with all faults of a
 * request, those of the path first.
 */
#include <jansson.h>

#include "doors/http.h"

/* {"detail": detail}; adds Retry-After to a 503. Serves as router's refuse. */
void problem_answer(const struct request *request, struct response *response,
    int status, const char *detail);

/* { 0 } holds no fault. */
struct problems {
	json_t *list;
};
/* loc: an array, input and ctx may be NULL (then null, absent). All are
 * taken over. */
void problem_add(struct problems *problems, const char *type, json_t *loc,
    const char *message, json_t *input, json_t *ctx);
bool problems_any(const struct problems *problems);
/* Sends 422 and frees. */
void problems_answer(struct problems *problems, struct response *response);
void problems_free(struct problems *problems);

/* 200-class JSON answer; takes the value over. */
void json_answer(struct response *response, int status, json_t *value);
#endif
