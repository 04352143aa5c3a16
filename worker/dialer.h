#ifndef WORKER_DIALER_H
#define WORKER_DIALER_H
/*
 * Opens a connection to the first address of a name that takes one, as RFC
 * 8305 says: the next address is tried when one fails, or after a quarter of
 * a second, sooner where there are many, so that half of the time suffices to
 * begin them all. Every address is judged by egress first. At most eight
 * sockets a dial: the oldest gives way once it had an eighth of the time, so
 * of more than 60 dark addresses some are left for the next attempt, which
 * begins with them.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "resolver.h"

#define DIAL_SOCKETS_MOST 8

struct dialer;

/* NULL when it cannot be set up (logged). */
struct dialer *dialer_new(void);
void dialer_free(struct dialer *dialer); /* NULL is fine */
/* A descriptor that polls as readable when dialer_listen has work. */
int dialer_socket(const struct dialer *dialer);
void dialer_listen(struct dialer *dialer);

struct dial_try {
	int fd; /* -1: none */
	bool is_ready;
	int64_t since; /* monotonic ms */
	struct host_address address;
};

struct dial { /* { 0 } is closed */
	struct dialer *dialer;
	struct name *name; /* held by whoever dials */
	unsigned version;
	uint16_t port;
	struct host_address *addresses;
	size_t count, next;
	struct dial_try tries[DIAL_SOCKETS_MOST];
	int64_t half_ms, next_at;
	size_t allowed, refused; /* by egress */
	int error;		 /* errno of the last that failed */
};

/* dial stays where it is until dial_close. time_ms: until it is given up. */
void dial_open(struct dial *dial, struct dialer *dialer, struct name *name,
    uint16_t port, int64_t time_ms, int64_t now);

enum dial_state {
	DIAL_PENDING,
	DIAL_CONNECTED, /* *fd is yours; *address is where it leads */
	DIAL_BLOCKED,	/* egress allows none of the addresses */
	DIAL_FAILED	/* each of them: error says how the last one */
};
enum dial_state dial_step(
    struct dial *dial, int64_t now, int *fd, struct host_address *address);
/* Milliseconds until dial_step is needed although nothing came. */
int64_t dial_wait_ms(const struct dial *dial, int64_t now);
/* gave_up: what is still tried has failed, for its time is over. */
void dial_close(struct dial *dial, bool gave_up, int64_t now);

/* The address as a socket address; its length. */
socklen_t host_address_fill(const struct host_address *address, uint16_t port,
    struct sockaddr_storage *to);
#endif
