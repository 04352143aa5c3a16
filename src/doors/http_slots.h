#ifndef DOORS_HTTP_SLOTS_H
#define DOORS_HTTP_SLOTS_H
/*
 * The connections of a process. A request's records are gathered in its slot
 * without ever waiting for a peer. Its header is read out of a file in memory
 * by libfcgi, which so never waits either; then the caller may refuse it,
 * before its body is there. One that has come in one piece, as most do, is left
 * on its connection, and read from there:
 *
 *	hear ─► header? ─► asked ─► whole? ─► ready ─► (handled, answered) ─► hear
 *	  │                  └─► refused: ready, the rest is skipped
 *	  └─► closed, silent too long, or no request: hang up
 *
 * Above a limit on what is gathered, whoever sends most slowly is refused,
 * and a stranger before anyone else.
 */
#include "doors/http_link.h"
#include "doors/http_record.h"

/* More than Apache opens to us: a connection without a slot would starve. */
#define HTTP_SLOTS 512
#define HTTP_SLOTS_CHUNK_BYTES 65536

struct http_slot {
	struct exchange exchange;
	struct http_link *link; /* made once, lives as long as the slot */
	struct http_record record;
	struct text arrived; /* the header */
	bool is_begun; /* the header was read: exchange and link are in use */
	bool is_asked; /* whether it is refused for its header was asked */
	bool is_early; /* answered before its end: the rest is skipped */
	bool closes;   /* then the connection is to be closed */
	bool is_ready; /* it is heard again only when that was answered */
	int64_t begun_ms; /* its first byte; then its body's */
	bool is_open;	  /* of slots never used no memory is touched */
	int fd;
	int64_t heard_ms;
};

struct http_slots {
	size_t max_body;
	int accepts; /* at once, so that the pool's processes share */
	int epoll;   /* each connection's event points to its slot */
	int memory;  /* what libfcgi reads a request from */
	struct http_slot *all;
	size_t open;
	size_t arrived_bytes; /* of all slots, headers and bodies */
	int64_t swept_ms;
	/* requests that are whole, to be handled and answered; then is_ready
	 * is the caller's to reset */
	struct http_slot *ready[HTTP_BATCH_MAX];
	size_t ready_count;
	/* requests whose header is whole, to be refused or passed on */
	struct http_slot *asked[HTTP_BATCH_MAX];
	size_t asked_count;
	unsigned char chunk[HTTP_SLOTS_CHUNK_BYTES];
};

/* 0, -1 (logged). Close it in either case. */
int http_slots_open(struct http_slots *slots, size_t max_body, int accepts);
void http_slots_close(struct http_slots *slots);
/* New connections, as far as there are slots. Each may become ready. */
void http_slots_accept(struct http_slots *slots, int64_t now_ms);
/* Takes what has come on a slot's connection; it may become ready. */
void http_slots_hear(
    struct http_slots *slots, struct http_slot *slot, int64_t now_ms);
/* One of those that were asked about: if its response has a status, it is
 * ready; else it goes on. */
void http_slots_pass(struct http_slots *slots, struct http_slot *slot);
/* It was answered before its end, and its rest is skipped. */
void http_slots_skip(struct http_slots *slots, struct http_slot *slot);
/* The slot's connection was closed by its link. */
void http_slots_leave(struct http_slots *slots, struct http_slot *slot);
/* Once a second: hangs up on who is silent within a request, and, while all
 * slots are taken, on who has none. */
void http_slots_sweep(struct http_slots *slots, int64_t now_ms);
/* Hangs up on those that have sent nothing of a request since then. */
void http_slots_close_idle(struct http_slots *slots, int64_t since_ms);

/* For http_gather.c. */
/* What has come on a slot's connection, in the chunk, in the middle of a
 * request, or as its beginning: it may become ready. */
void http_slots_take(
    struct http_slots *slots, struct http_slot *slot, size_t length);
void http_slots_ready(struct http_slots *slots, struct http_slot *slot);
/* Hangs up, and says why in the log. */
void http_slots_refuse(
    struct http_slots *slots, struct http_slot *slot, const char *why);
void http_slots_hang_up(struct http_slots *slots, struct http_slot *slot);
/* What was gathered counts no more, and the next request may come. */
void http_slots_forget(struct http_slots *slots, struct http_slot *slot);
size_t http_slot_bytes(const struct http_slot *slot); /* that it has gathered */
/* Opens the file in memory. 0, -1 (logged). */
int http_slots_memory(struct http_slots *slots);
#endif
