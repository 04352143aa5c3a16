#ifndef CGI_BIN_API_H
#define CGI_BIN_API_H
/*
 * The REST API: what its handlers share. A handler reads its parameters with
 * the api_read_* functions, which note every fault; when there is none it
 * asks the store and answers.
 */
#include <stdint.h>

#include <jansson.h>

#include "doors/http.h"
#include "doors/problem.h"
#include "stores/attempt.h"
#include "stores/cache.h"
#include "stores/db.h"
#include "stores/queue.h"
#include "stores/subscription.h"
#include "stores/token_gate.h"
#include "stores/webhook_list.h"

#define LIST_MAX 1000			   /* entries in one answer */
#define SKIP_MAX INT64_C(9007199254740991) /* 2^53 - 1: exact anywhere */
#define STATUS_ATTEMPTS 20		   /* in GET /status/{id} */

struct api {
	struct db *db;
	struct cache *cache;
	struct queue *queue; /* for what is sent again */
	struct token_gate *gate;
	bool shows_secrets; /* to who asks now */
};

/* Parameters; a fault is added to `problems`. */
void api_read_id(struct problems *problems, const char *name,
    const char *argument, struct uuid *id);
int64_t
api_read_number(struct problems *problems, const struct request *request,
    const char *name, int64_t fallback, int64_t least, int64_t most);
/* What was given under a name in the query or the body (place); false when it
 * is a fault. expected: the names of the states that fit, as a phrase. */
bool api_read_uuid(struct problems *problems, const char *place,
    const char *name, const char *given, struct uuid *id);
bool api_read_time(struct problems *problems, const char *place,
    const char *name, const char *given, int64_t *ms);
bool
api_read_state(struct problems *problems, const char *place, const char *name,
    const char *given, const char *expected, enum webhook_state *state);

/* Of a query. Where nothing is given, or a fault: false, 0, WEBHOOK_ANY, NULL.
 * A string is yours to free. */
bool api_query_id(struct problems *problems, const struct request *request,
    const char *name, struct uuid *id);
int64_t api_query_time(
    struct problems *problems, const struct request *request, const char *name);
enum webhook_state api_query_state(struct problems *problems,
    const struct request *request, const char *name, const char *expected);
char *api_query_string(
    struct problems *problems, const struct request *request, const char *name);

/* The body of a request as JSON, or NULL when there is none that is. */
json_t *api_read_body(struct problems *problems, const struct request *request);
/* The same of a body that may be absent or null; what else is no object is a
 * fault. */
json_t *
api_read_options(struct problems *problems, const struct request *request);
/* The string that `given` holds, borrowed; NULL when it is none, or has more
 * bytes than fit. loc is taken over. */
const char *api_read_string(
    struct problems *problems, json_t *given, size_t most, json_t *loc);
/* The same of an event type as a header holds it: what no X-Event-Type can be
 * would never be delivered, or not as it was given. */
const char *api_read_event_type(struct problems *problems, json_t *given,
    json_t *loc, const char *when_empty);

/* What a body says of a subscription; the change borrows from the rest. */
struct subscription_input {
	struct subscription_change change;
	json_t *body;
	char *target_url;
	const char **events;
};
enum subscription_use { SUBSCRIPTION_NEW, SUBSCRIPTION_CHANGE };
void
api_read_subscription(struct problems *problems, const struct request *request,
    enum subscription_use use, struct subscription_input *input);
void api_input_release(struct subscription_input *input);

/* Of a rotation: the secret to take, NULL for one to be made. */
void api_read_ingest_secret(struct problems *problems,
    const struct request *request, struct subscription_input *input);

/* What is wrong with the secret of that key; input is taken over. */
void api_secret_fault(struct problems *problems, const char *key,
    enum secret_fault fault, json_t *input);

/* The id of a path that nothing else is read beside; false when it was
 * answered with 422. */
bool api_path_id(struct response *response, const char *name,
    const char *argument, struct uuid *id);

/* Answers. */
/* True when there were faults: then it has answered with all of them. */
bool api_refused(struct problems *problems, struct response *response);
void api_fail(struct api *api, struct response *response); /* the store's */
void api_not_found(struct response *response, const char *detail);
json_t *api_time(int64_t ms);
json_t *api_uuid(const struct uuid *id);
json_t *api_string(const char *text); /* NULL: null */
/* As who asks now may see it: "secret" is null without the scope write, and an
 * ingest secret is there only where it was made just now. NULL
 * when its secret cannot be opened: keyring_reason. */
json_t *api_subscription(
    const struct api *api, const struct subscription *subscription);
void api_answer_subscription(const struct api *api, struct response *response,
    int status, const struct subscription *subscription);
/* Of subscription_create and those like it: the subscription, 404, 422, or
 * what of the store failed. */
void api_answer_stored(struct api *api, struct response *response, int rc,
    int status, const struct subscription *stored);
json_t *api_attempt(const struct attempt *attempt);
/* The webhook as it is now, or 404. */
void api_answer_webhook(struct api *api, struct response *response, int status,
    const struct uuid *id);

/* Handlers: see the table in api.c. */
#define API_HANDLER(name) \
	void name(const struct request *request, struct response *response, \
	    const char *argument, void *context)
API_HANDLER(api_subscription_create);
API_HANDLER(api_subscription_list);
API_HANDLER(api_subscription_get);
API_HANDLER(api_subscription_update);
API_HANDLER(api_subscription_delete);
API_HANDLER(api_subscription_rotate);
API_HANDLER(api_subscription_rotate_ingest);
API_HANDLER(api_subscription_attempts);
API_HANDLER(api_status);
API_HANDLER(api_webhook);
API_HANDLER(api_subscription_pause);
API_HANDLER(api_subscription_resume);
API_HANDLER(api_webhook_cancel);
API_HANDLER(api_webhook_resend);
API_HANDLER(api_webhook_retry_now);
API_HANDLER(api_webhook_list);
API_HANDLER(api_subscription_resend);
API_HANDLER(api_subscription_test);
API_HANDLER(api_stats);
API_HANDLER(api_health);
API_HANDLER(api_ready);
API_HANDLER(api_metrics);
#endif
