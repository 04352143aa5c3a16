#ifndef DOORS_HTTP_SLOTS_H
#define DOORS_HTTP_SLOTS_H
/*
 * The connections of a process. A request's records are gathered in its
 * slot without ever waiting for a peer, until the whole is there; libfcgi
 * then reads it out of a file in memory, so that it never waits either. One
 * that has come in one piece, as most do, is left on its connection, and read
 * from there:
 *
 *	hear ─► whole? ─► parse ─► ready ─► (handled, answered) ─► hear
 *	  └─► closed, silent too long, or no request: hang up
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
	struct text arrived;
	bool has_surplus; /* bytes behind the request's end */
	bool is_ready;	  /* it is heard again only when that was answered */
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
	size_t arrived_bytes; /* of all slots */
	int64_t swept_ms;
	/* requests that are whole, to be handled and answered; then is_ready
	 * is the caller's to reset */
	struct http_slot *ready[HTTP_BATCH_MAX];
	size_t ready_count;
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
/* The slot's connection was closed by its link. */
void http_slots_leave(struct http_slots *slots, struct http_slot *slot);
/* Once a second: hangs up on who is silent within a request, and, while all
 * slots are taken, on who has none. */
void http_slots_sweep(struct http_slots *slots, int64_t now_ms);
/* Hangs up on those that have sent nothing of a request since then. */
void http_slots_close_idle(struct http_slots *slots, int64_t since_ms);
#endif
