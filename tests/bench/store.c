/*
 * store PROCESSES BATCH COUNT SECONDS queue|- BODY SUBSCRIPTION...
 *
 * What an ingest process does, without HTTP: each of the processes stores
 * batches, of BATCH webhooks with one commit, until there are COUNT of all
 * together or SECONDS have passed.  With `queue` Redis is told too.  Prints the
 * webhooks stored and the seconds that took.
 */
#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"
#include "ground/clock.h"
#include "ground/config.h"
#include "ground/log.h"
#include "stores/maintenance.h"
#include "stores/queue.h"
#include "stores/webhook.h"

#define BATCH_MOST 256
#define FLUSH_MS 5000

struct shared {
	_Atomic int64_t begun, stored; /* webhooks */
	int64_t end_ns;
};

static struct shared *shared;
static int64_t wanted;
static size_t batch_size;
static char **subscriptions;
static int subscriptions_count;

static void
fail(const char *why)
{
	fprintf(stderr, "store: %s\n", why);
	_exit(111);
}

static void
fill(struct incoming *incoming, int64_t number, const char *body)
{
	*incoming = (struct incoming){ .payload = body,
		.payload_length = strlen(body) };
	if (uuid_parse(subscriptions[number % subscriptions_count],
		&incoming->subscription_id, NULL) == -1)
		fail("no subscription's id");
}

static void
push(struct queue *queue, const struct incoming *incoming, size_t count)
{
	struct queue_entry entries[BATCH_MOST];

	for (size_t i = 0; i < count; i++)
		entries[i] = (struct queue_entry){ incoming[i].id,
			incoming[i].subscription_id, uuid_ms(&incoming[i].id) };
	queue_push(queue, entries, count, clock_database_ms());
	queue_flush(queue, FLUSH_MS);
}

static size_t
store_batch(struct db *db, const char *body, struct incoming *incoming)
{
	struct incoming *batch[BATCH_MOST];
	int64_t number = atomic_fetch_add(&shared->begun, (int64_t)batch_size);
	size_t count = 0;

	while (count < batch_size && number < wanted) {
		fill(&incoming[count], number++, body);
		batch[count] = &incoming[count];
		count++;
	}
	webhook_store(db, batch, count);
	for (size_t i = 0; i < count; i++)
		if (incoming[i].result != INCOMING_PENDING)
			fail("a webhook was not stored");
	return count;
}

/* All are connected before any begins: `go` ends then. */
static void
run(const char *body, bool queued, int ready, int go)
{
	struct db *db = db_new(config.database_url, DB_SERVE, "bench");
	struct queue *queue = queue_new(config.redis_url, config.share_dir);
	struct incoming incoming[BATCH_MOST];
	size_t count;
	char byte = 0;

	if (queue == NULL || maintenance_measure_clock(db) == -1 ||
	    write(ready, &byte, 1) != 1 || read(go, &byte, 1) != 0)
		fail("cannot begin");
	while (now_ns() < shared->end_ns &&
	    (count = store_batch(db, body, incoming)) > 0) {
		atomic_fetch_add(&shared->stored, (int64_t)count);
		if (queued)
			push(queue, incoming, count);
	}
	queue_free(queue);
	db_free(db);
	_exit(0);
}

/* Gives the write end of `go`, once all are ready. */
static int
start_all(int processes, const char *body, bool queued)
{
	int ready[2], go[2];
	char byte;

	if (pipe(ready) == -1 || pipe(go) == -1)
		fail("no pipe");
	for (int i = 0; i < processes; i++)
		if (fork() == 0) {
			close(go[1]);
			run(body, queued, ready[1], go[0]);
		}
	close(ready[1]);
	for (int i = 0; i < processes; i++)
		if (read(ready[0], &byte, 1) != 1)
			fail("a process did not begin");
	return go[1];
}

static int
wait_all(void)
{
	int status, worst = 0;

	while (wait(&status) != -1)
		if (status != 0)
			worst = 111;
	return worst;
}

int
main(int argc, char **argv)
{
	int64_t began;
	int go, worst;

	if (argc < 8 || config_load() == -1)
		return 100;
	log_open("store", LOG_WARNING);
	batch_size = strtoul(argv[2], NULL, 10);
	wanted = strtoll(argv[3], NULL, 10);
	subscriptions = &argv[7];
	subscriptions_count = argc - 7;
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED || batch_size > BATCH_MOST)
		return 111;
	go = start_all(atoi(argv[1]), argv[6], strcmp(argv[5], "queue") == 0);
	began = now_ns();
	shared->end_ns = began + (int64_t)(strtod(argv[4], NULL) * 1e9);
	close(go);
	worst = wait_all();
	printf("%" PRId64 " %.6f\n", shared->stored,
	    (double)(now_ns() - began) / 1e9);
	return worst;
}
