#include "stores/quota.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "ground/clock.h"
#include "ground/log.h"
#include "rules/rate.h"

#define WAYS 4
#define TOKEN_SETS 256
#define SUBSCRIPTION_SETS 1024
#define SLICES 32	    /* of the pending bytes */
#define WANTED 64	    /* subscriptions that are to be asked about */
#define ASK_MS 1000	    /* about one, at most so often */
#define ASK_SHARE 10	    /* and so many times as long as it took */
#define ASK_MOST_MS 3600000 /* what is later is of before a restart */
#define DEADLINE_MS 9000
#define PENDING_WAIT_S 5

/* Of one token or subscription; shared by processes, hence atomic. All zero
 * is one that has taken nothing. */
struct taken {
	_Atomic uint64_t key;		       /* 0: free */
	_Atomic int64_t requests_us, bytes_us; /* see rate.h */
	_Atomic int64_t pending;	       /* when PostgreSQL was asked */
	_Atomic int64_t stored;		       /* bytes, since */
	_Atomic int64_t ask_ms;		       /* not asked again before */
	_Atomic int64_t used_us;
};

struct table {
	struct taken tokens[TOKEN_SETS][WAYS];
	struct taken subscriptions[SUBSCRIPTION_SETS][WAYS];
};

struct quota {
	struct quota_limits limits;
	struct table *table;
	struct uuid wanted[WANTED];
	size_t wanted_count;
	/* the statement under way */
	struct uuid asked;
	int64_t asked_ms, stored_then;
	struct db_params params;
	bool is_asking;
};

static const struct db_statement pending_sql = { "quota_pending",
	"SELECT pending_bytes($1)" };

static struct table *
table_map(const char *run_dir)
{
	struct text path = { 0 };
	void *table = MAP_FAILED;
	int fd;

	text_addf(&path, "%s/quota", run_dir);
	fd = open(path.bytes, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd != -1 && ftruncate(fd, sizeof(struct table)) == 0)
		table = mmap(NULL, sizeof(struct table), PROT_READ | PROT_WRITE,
		    MAP_SHARED, fd, 0);
	if (table == MAP_FAILED)
		log_warning("limits hold for each ingest process by itself "
			    "file=%s error=\"%s\"",
		    path.bytes, strerror(errno));
	if (fd != -1)
		close(fd);
	text_free(&path);
	return table == MAP_FAILED ? NULL : table;
}

struct quota *
quota_new(const char *run_dir, const struct quota_limits *limits)
{
	struct quota *quota = memory_get(sizeof(*quota));

	quota->limits = *limits;
	quota->table = table_map(run_dir);
	if (quota->table != NULL)
		return quota;
	quota->table = mmap(NULL, sizeof(struct table), PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (quota->table == MAP_FAILED)
		memory_out();
	return quota;
}

void
quota_free(struct quota *quota)
{
	if (quota == NULL)
		return;
	munmap(quota->table, sizeof(struct table));
	db_params_free(&quota->params);
	free(quota);
}

/* The last bytes of an id are random. */
static uint64_t
key_of(const struct uuid *id)
{
	uint64_t key;

	memcpy(&key, id->bytes + 8, sizeof(key));
	return key | 1;
}

/* NULL when nothing was taken lately. */
static struct taken *
find(struct taken set[WAYS], uint64_t key)
{
	for (size_t i = 0; i < WAYS; i++)
		if (atomic_load(&set[i].key) == key)
			return &set[i];
	return NULL;
}

/* Its own place, or that of whoever was idle longest. Where two processes take
 * one place for two, some of what one takes counts for the other. */
static struct taken *
place(struct taken set[WAYS], uint64_t key)
{
	struct taken *taken = find(set, key);

	if (taken == NULL) {
		taken = set;
		for (size_t i = 1; i < WAYS; i++)
			if (atomic_load(&set[i].used_us) <
			    atomic_load(&taken->used_us))
				taken = &set[i];
		atomic_store(&taken->key, key);
		atomic_store(&taken->requests_us, 0);
		atomic_store(&taken->bytes_us, 0);
		atomic_store(&taken->pending, 0);
		atomic_store(&taken->stored, 0);
		atomic_store(&taken->ask_ms, 0);
	}
	atomic_store(&taken->used_us, clock_monotonic_us());
	return taken;
}

static struct taken *
token_set(struct quota *quota, uint64_t key)
{
	return quota->table->tokens[(key >> 1) % TOKEN_SETS];
}

static struct taken *
subscription_set(struct quota *quota, uint64_t key)
{
	return quota->table->subscriptions[(key >> 1) % SUBSCRIPTION_SETS];
}

static struct taken *
subscription_place(struct quota *quota, const struct uuid *id)
{
	uint64_t key = key_of(id);

	return place(subscription_set(quota, key), key);
}

static bool
limits_tokens(const struct quota *quota, const struct quota_ask *ask)
{
	return ask->token != NULL &&
	    (quota->limits.token_requests != 0 ||
		quota->limits.token_bytes != 0);
}

static bool
limits_subscriptions(const struct quota *quota)
{
	return quota->limits.requests != 0 || quota->limits.bytes != 0 ||
	    quota->limits.pending_bytes != 0;
}

/* Remembers to ask PostgreSQL about it. */
static void
want(struct quota *quota, const struct uuid *subscription)
{
	for (size_t i = 0; i < quota->wanted_count; i++)
		if (uuid_compare(&quota->wanted[i], subscription) == 0)
			return;
	if (quota->wanted_count < WANTED)
		quota->wanted[quota->wanted_count++] = *subscription;
}

static bool
is_full(const struct quota *quota, const struct taken *taken, size_t bytes)
{
	int64_t most = quota->limits.pending_bytes;
	int64_t held =
	    atomic_load(&taken->pending) + atomic_load(&taken->stored);

	return most != 0 && held != 0 && held + (int64_t)bytes > most;
}

/* bytes: the next of the verdicts behind `if_requests` is about them. */
static enum quota_verdict
judge_rates(const struct taken *taken, int64_t requests, int64_t bytes,
    enum quota_verdict if_requests, int64_t *wait_us)
{
	int64_t now_us = clock_monotonic_us();

	if (requests != 0)
		*wait_us = rate_wait_us(&taken->requests_us, now_us);
	if (*wait_us != 0)
		return if_requests;
	if (bytes != 0)
		*wait_us = rate_wait_us(&taken->bytes_us, now_us);
	return *wait_us != 0 ? if_requests + 1 : QUOTA_FITS;
}

static enum quota_verdict
judge_token(struct quota *quota, const struct uuid *token, int64_t *wait_us)
{
	uint64_t key = key_of(token);
	const struct taken *taken = find(token_set(quota, key), key);

	return taken == NULL
	    ? QUOTA_FITS
	    : judge_rates(taken, quota->limits.token_requests,
		  quota->limits.token_bytes, QUOTA_TOKEN_REQUESTS, wait_us);
}

static enum quota_verdict
judge_subscription(
    struct quota *quota, const struct quota_ask *ask, int64_t *wait_us)
{
	uint64_t key = key_of(ask->subscription);
	const struct taken *taken = find(subscription_set(quota, key), key);
	enum quota_verdict verdict;

	if (taken == NULL)
		return QUOTA_FITS;
	verdict = judge_rates(taken, quota->limits.requests,
	    quota->limits.bytes, QUOTA_REQUESTS, wait_us);
	if (verdict != QUOTA_FITS || !is_full(quota, taken, ask->bytes))
		return verdict;
	want(quota, ask->subscription);
	*wait_us = PENDING_WAIT_S * INT64_C(1000000);
	return QUOTA_PENDING;
}

enum quota_verdict
quota_judge(struct quota *quota, const struct quota_ask *ask, int64_t *wait_s)
{
	enum quota_verdict verdict = QUOTA_FITS;
	int64_t wait_us = 0;

	if (limits_tokens(quota, ask))
		verdict = judge_token(quota, ask->token, &wait_us);
	if (verdict == QUOTA_FITS && limits_subscriptions(quota))
		verdict = judge_subscription(quota, ask, &wait_us);
	*wait_s = (wait_us + 999999) / 1000000;
	return verdict;
}

void
quota_take_token(struct quota *quota, const struct quota_ask *ask)
{
	int64_t now_us = clock_monotonic_us();
	struct taken *taken;
	uint64_t key;

	if (!limits_tokens(quota, ask))
		return;
	key = key_of(ask->token);
	taken = place(token_set(quota, key), key);
	rate_take(&taken->requests_us, now_us, 1, quota->limits.token_requests);
	rate_take(&taken->bytes_us, now_us, (int64_t)ask->bytes,
	    quota->limits.token_bytes);
}

void
quota_take(struct quota *quota, const struct quota_ask *ask, bool is_pending)
{
	int64_t now_us = clock_monotonic_us(), bytes = (int64_t)ask->bytes;
	struct taken *taken;

	if (!limits_subscriptions(quota))
		return;
	taken = subscription_place(quota, ask->subscription);
	rate_take(&taken->requests_us, now_us, 1, quota->limits.requests);
	rate_take(&taken->bytes_us, now_us, bytes, quota->limits.bytes);
	if (!is_pending || quota->limits.pending_bytes == 0)
		return;
	if (atomic_fetch_add(&taken->stored, bytes) + bytes >=
	    quota->limits.pending_bytes / SLICES)
		want(quota, ask->subscription);
}

static void
ask_finish(struct quota *quota, struct db *db)
{
	struct taken *taken = subscription_place(quota, &quota->asked);
	int64_t now_ms = clock_monotonic_ms();
	int64_t rest_ms = ASK_SHARE * (now_ms - quota->asked_ms);

	if (rest_ms < ASK_MS)
		rest_ms = ASK_MS;
	atomic_store(&taken->ask_ms, now_ms + rest_ms);
	if (db_rows(db) != 1)
		return;
	/* What was stored while it was asked may be among what it told. */
	atomic_store(&taken->pending, db_get_long(db, 0, 0));
	atomic_fetch_sub(&taken->stored, quota->stored_then);
	if (is_full(quota, taken, 0))
		want(quota, &quota->asked);
}

static void
ask_start(struct quota *quota, struct db *db)
{
	int64_t now_ms = clock_monotonic_ms(), due_ms;
	struct taken *taken;
	size_t i;

	for (i = 0; i < quota->wanted_count; i++) {
		taken = subscription_place(quota, &quota->wanted[i]);
		due_ms = atomic_load(&taken->ask_ms);
		/* Another process may be asking. */
		if ((due_ms <= now_ms || due_ms - now_ms > ASK_MOST_MS) &&
		    atomic_compare_exchange_strong(
			&taken->ask_ms, &due_ms, now_ms + DEADLINE_MS))
			break;
	}
	if (i == quota->wanted_count)
		return;
	quota->asked = quota->wanted[i];
	quota->asked_ms = now_ms;
	quota->stored_then = atomic_load(&taken->stored);
	quota->wanted[i] = quota->wanted[--quota->wanted_count];
	db_params_clear(&quota->params);
	db_add_uuid(&quota->params, &quota->asked);
	quota->is_asking =
	    db_start(db, &pending_sql, &quota->params, DEADLINE_MS) == 0;
}

bool
quota_is_asking(const struct quota *quota)
{
	return quota->is_asking;
}

void
quota_step(struct quota *quota, struct db *db)
{
	int rc;

	if (quota->is_asking) {
		rc = db_step(db);
		if (rc == 0)
			return;
		quota->is_asking = false;
		if (rc == 1)
			ask_finish(quota, db);
	}
	if (quota->wanted_count != 0)
		ask_start(quota, db);
}
