#ifndef STORES_QUEUE_LINK_H
#define STORES_QUEUE_LINK_H
/* What queue.c and queue_state.c share; nobody else includes it. */
#include "stores/queue.h"
#include "stores/redis.h"
#include "stores/script.h"

#define QUEUE_DEADLINE_MS 1000
#define QUEUE_TROUBLE_SIZE 128

enum { SCRIPT_PUSH, SCRIPT_TAKE, SCRIPT_SETTLE, SCRIPTS };
enum {
	TAG_LOAD,		       /* + the script's number */
	TAG_CALL = TAG_LOAD + SCRIPTS, /* + the script's number */
	TAG_WAIT = TAG_CALL + SCRIPTS,
	TAG_GREET, /* the probe that a connection begins with */
	TAG_PROBE, /* one that somebody waits for */
	TAG_IGNORE,
	TAG_INFO,
	TAG_EPOCH
};
#define TAG_TAKE (TAG_CALL + SCRIPT_TAKE)

struct queue {
	struct redis *redis;
	struct script scripts[SCRIPTS];
	struct answer *answers, **answers_end;
	size_t outstanding;
	bool proven; /* a probe was answered on this connection */
	bool full;   /* what needs memory is refused */
	char trouble[QUEUE_TROUBLE_SIZE];
	bool asked; /* what is waited for was answered */
	char run_id[41], epoch[UUID_TEXT_SIZE];		  /* as just read */
	char last_run_id[41], last_epoch[UUID_TEXT_SIZE]; /* "": unknown */
};

/* A call that writes, and touches keys of several slots, as all others do. */
int queue_send_probe(struct queue *queue, int tag);

void queue_opened(void *context);
void
queue_probed(struct queue *queue, int tag, const struct redis_reply *reply);
void queue_note_full(struct queue *queue, bool full);
void
queue_read_state(struct queue *queue, int tag, const struct redis_reply *reply);
#endif
