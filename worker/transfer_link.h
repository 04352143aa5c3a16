#ifndef WORKER_TRANSFER_LINK_H
#define WORKER_TRANSFER_LINK_H
/*
 * What the transfer*.c files share. For them alone, as is libcurl.
 */
#include <curl/curl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "connections.h"
#include "reader.h"
#include "route.h"
#include "transfer.h"

struct transfer {
	struct transfer *next; /* in one of the lists below */
	struct transfers *transfers;
	CURL *easy;
	struct curl_slist *fields;
	const struct claimed *claimed;
	void *owner;
	int64_t started_us, answered_us; /* monotonic; 0: not yet */
	size_t taken;			 /* payload bytes libcurl has */
	bool blocked, opened;		 /* refused, tried an address */
	bool connected;			 /* one is there for the request */
	struct connection_use use;
	int sends;  /* of the request: 1, or 2 when the first was in vain */
	int begins; /* of the transfer within libcurl, in STAGE_KEPT */
	bool unfit; /* the connection, found before anything was sent on it */
	bool vain;  /* the answer had left before the request arrived */
	/* libcurl looks for a kept connection first. Where there is none, and
	 * the URL has a name, the route makes one, and libcurl begins anew
	 * with that. To an address it connects by itself. */
	enum { STAGE_KEPT, STAGE_ROUTE, STAGE_NEW } stage;
	bool is_literal;  /* the URL has an address */
	bool wants_route; /* that is why libcurl's first try has failed */
	bool slow;	  /* a receiver that timed out before */
	bool postponed;	  /* too many names are being looked up */
	struct route route;
	enum outcome_end route_end; /* in STAGE_ROUTE */
	struct curl_slist *pin;	    /* see transfer_route.c */
	int64_t resumed_us;	    /* when STAGE_NEW began */
	CURLcode code;		    /* of libcurl, once it has finished */
	struct reader reader;
};

struct transfers {
	CURLM *multi;
	struct transfer *all, *idle;
	struct transfer *routed, *ended; /* on their way; whose route failed */
	struct transfer *finished;	 /* by libcurl, and not looked at yet */
	struct connections *connections;
	struct routes *routes;
	struct curl_slist *unpin; /* see transfer_route.c */
	size_t room, count;
	size_t outside; /* of count: routed or ended, libcurl has them not */
	bool begun;	/* some that libcurl has not seen to yet */
	int64_t timeout_ms;
	bool https_only;
	const char *ca_file;
};

/* transfer_send.c: the request, once or twice. transfer_begin: 0, or -1 when
 * libcurl cannot take it. transfer_again: true when the request goes out once
 * more; the transfer has not ended then. */
int transfer_send_prepare(struct transfer *transfer);
int transfer_begin(struct transfer *transfer);
bool transfer_again(struct transfer *transfer, CURLcode code);
/* A line of a header came. */
void transfer_answered(struct transfer *transfer);

/* transfer_route.c */
/* As far as can be told without libcurl's reading of the URL. */
bool transfer_host_is_address(const char *url);
/* Of one that libcurl does not have now. */
void transfer_route_begin(struct transfer *transfer);
/* For libcurl: the connection, and where it leads. */
curl_socket_t
transfer_route_socket(struct transfer *transfer, struct curl_sockaddr *address);
/* An address that took the connection, and from which no answer came, is not
 * the first to be tried the next time. */
void transfer_route_blame(struct transfer *transfer, enum outcome_end end);
void transfer_route_close(struct transfer *transfer);
void transfers_route_step(struct transfers *transfers);
int64_t transfers_route_wait_ms(const struct transfers *transfers);
/* The next whose route has failed, NULL when there is none. */
struct transfer *transfers_route_ended(struct transfers *transfers);

/* transfer_end.c: how it ended, and when each phase did. */
struct outcome_seen transfer_seen(struct transfer *transfer, CURLcode code);
struct phases transfer_phases(const struct transfer *transfer);
#endif
