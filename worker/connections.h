#ifndef WORKER_CONNECTIONS_H
#define WORKER_CONNECTIONS_H
/*
 * What is known of each open connection of a delivery process, and whether it
 * may carry another request. libcurl opens, keeps and closes them; this says
 * which it may use again.
 *
 * HTTP/1.1 has nothing that tells which request an answer belongs to. So a
 * kept connection is used again only when
 *  - it has carried requests of the same subscription to the same scheme, host
 *    and port, and no others: what tells two identities apart belongs into the
 *    key in connections_hold;
 *  - nothing waits on it to be read;
 *  - that subscription's receiver was seen to be silent after an answer, for
 *    25 ms, on one of these connections.
 * After bytes that nobody asked for, connections of that subscription are used
 * once, for ten minutes.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ground/uuid.h"

struct connections;
/* A reused connection on which nothing is acknowledged for a third of
 * timeout_ms (0.5 s at least, 3 s at most) is closed by the kernel. Not while
 * it carries a payload of more than 32 KiB: of that a receiver that is well
 * may leave a part unread, and so unacknowledged, for a while. */
struct connections *connections_new(int64_t timeout_ms);
void connections_free(struct connections *connections); /* NULL is fine */
int64_t connections_dead_ms(const struct connections *connections); /* that */

/* One transfer's part in it. { 0 } before connections_hold. */
struct connection_use {
	struct peer *peer;
	struct connection *connection; /* NULL: none yet, or closed */
	int opening;		       /* sockets that no request has used */
	bool reused;
	bool reached;	 /* TCP connected, and no request went out */
	size_t unacked;	 /* bytes of ours, when it was closed */
	int64_t used_at; /* monotonic ms: when it was found fit */
};

/* url: in its canonical form (target_url.h). Until connections_release. */
void
connections_hold(struct connections *connections, struct connection_use *use,
    const struct uuid *subscription, const char *url);
/* Its connection, when libcurl has kept it, is idle from now on. The peer
 * stays held. */
void
connections_rest(struct connections *connections, struct connection_use *use);
void
connections_release(struct connections *connections, struct connection_use *);

/* Connections of different scopes are never used for each other. Not 0. */
uint32_t connections_scope(const struct connection_use *use);

enum connections_advice {
	CONNECTIONS_REUSE, /* one that is idle may be used, if it is fit */
	CONNECTIONS_FRESH, /* open a new one */
	CONNECTIONS_ONCE   /* the same, and do not keep it */
};
enum connections_advice connections_advise(
    struct connections *connections, const struct connection_use *use);

/* A socket was made for this use; -1 is passed over. */
void connections_opened(
    struct connections *connections, struct connection_use *use, int fd);
/* Closes it. 0, or -1. */
int connections_close(struct connections *connections, int fd);

/* Finds the connection that a request is about to go out on; sets connection
 * and reused. held: bytes of it that the TLS library has decrypted and nobody
 * has read. payload: bytes of the request's. False: it is not fit for a
 * request. */
bool
connections_find(struct connections *connections, struct connection_use *use,
    const char *remote, int local_port, int held, size_t payload);

/* Bytes of ours that the other end has not acknowledged. */
size_t connections_unacked(const struct connection_use *use);

/* What came was no answer to the request that was sent. */
void connections_noise(
    struct connections *connections, const struct connection_use *use);

/* A kept connection is dead although it seemed to be alive: all of that host
 * which are idle are closed. True when that is news, which it is for all that
 * began before it was known; false within a minute of it. */
bool connections_suspect(
    struct connections *connections, const struct connection_use *use);
#endif
