#include "dialer.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "ground/log.h"
#include "ground/text.h"
#include "rules/egress.h"

/* RFC 8305, section 5: the Connection Attempt Delay, and its least. */
#define STAGGER_MS 250
#define STAGGER_LEAST_MS 10
#define EVENTS_MOST 64

struct dialer {
	int events;
};

struct dialer *
dialer_new(void)
{
	struct dialer *dialer = memory_get(sizeof(*dialer));

	dialer->events = epoll_create1(EPOLL_CLOEXEC);
	if (dialer->events != -1)
		return dialer;
	log_error("cannot set up connecting reason=\"%m\"");
	free(dialer);
	return NULL;
}

void
dialer_free(struct dialer *dialer)
{
	if (dialer == NULL)
		return;
	close(dialer->events);
	free(dialer);
}

int
dialer_socket(const struct dialer *dialer)
{
	return dialer->events;
}

void
dialer_listen(struct dialer *dialer)
{
	struct epoll_event events[EVENTS_MOST];
	int count = epoll_wait(dialer->events, events, EVENTS_MOST, 0);

	for (int i = 0; i < count; i++)
		((struct dial_try *)events[i].data.ptr)->is_ready = true;
}

socklen_t
host_address_fill(const struct host_address *address, uint16_t port,
    struct sockaddr_storage *to)
{
	struct sockaddr_in *in = (void *)to;
	struct sockaddr_in6 *in6 = (void *)to;

	memset(to, 0, sizeof(*to));
	to->ss_family = address->family;
	if (address->family == AF_INET) {
		in->sin_port = htons(port);
		memcpy(&in->sin_addr, address->bytes, sizeof(in->sin_addr));
		return sizeof(*in);
	}
	in6->sin6_port = htons(port);
	memcpy(&in6->sin6_addr, address->bytes, sizeof(in6->sin6_addr));
	return sizeof(*in6);
}

/* What came since the dial was opened is added behind the rest. */
static void
dial_extend(struct dial *dial, int64_t now)
{
	struct host_address order[DNS_ADDRESSES_MOST];
	size_t count = name_order(dial->name, now, order);
	size_t had = dial->count;

	dial->version = name_version(dial->name);
	dial->addresses = memory_resize(
	    dial->addresses, (had + count) * sizeof(*dial->addresses));
	for (size_t i = 0; i < count && dial->count < DNS_ADDRESSES_MOST; i++) {
		size_t known = 0;

		while (known < had &&
		    !host_address_equal(&dial->addresses[known], &order[i]))
			known++;
		if (known == had)
			dial->addresses[dial->count++] = order[i];
	}
}

void
dial_open(struct dial *dial, struct dialer *dialer, struct name *name,
    uint16_t port, int64_t time_ms, int64_t now)
{
	*dial = (struct dial){ .dialer = dialer,
		.name = name,
		.port = port,
		.half_ms = time_ms / 2,
		.next_at = now };
	for (size_t i = 0; i < DIAL_SOCKETS_MOST; i++)
		dial->tries[i].fd = -1;
	dial_extend(dial, now);
}

static void
try_close(struct dial *dial, struct dial_try *try, bool failed, int64_t now)
{
	close(try->fd);
	try->fd = -1;
	if (failed)
		name_mark(dial->name, &try->address, true, now);
}

/* A free place, or that of the oldest. */
static struct dial_try *
try_place(struct dial *dial)
{
	struct dial_try *oldest = &dial->tries[0];

	for (size_t i = 0; i < DIAL_SOCKETS_MOST; i++) {
		if (dial->tries[i].fd == -1)
			return &dial->tries[i];
		if (dial->tries[i].since < oldest->since)
			oldest = &dial->tries[i];
	}
	return oldest;
}

/* Whether the next may begin, in the place of the oldest if need be. */
static bool
dial_has_place(struct dial *dial, int64_t now)
{
	struct dial_try *place = try_place(dial);

	if (place->fd == -1)
		return true;
	if (now < place->since + dial->half_ms / 4) {
		dial->next_at = place->since + dial->half_ms / 4;
		return false;
	}
	dial->error = ETIMEDOUT;
	try_close(dial, place, true, now);
	return true;
}

/*
 * connect() is called once and never again here: only the second call tells
 * Linux that whoever opened the socket knows it is connected, and libcurl,
 * which gets it, makes that call and takes EISCONN for a failure.
 */
static int
try_connect(struct dial *dial, struct dial_try *try,
    const struct sockaddr_storage *to, socklen_t length)
{
	struct epoll_event event = { .events = EPOLLOUT, .data.ptr = try };

	try->fd = socket(to->ss_family,
	    SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_TCP);
	if (try->fd == -1)
		return -1;
	if ((connect(try->fd, (const void *)to, length) == -1 &&
		errno != EINPROGRESS) ||
	    epoll_ctl(dial->dialer->events, EPOLL_CTL_ADD, try->fd, &event) ==
		-1)
		return -1;
	return 0;
}

/* Whether the address is being tried now. */
static bool
dial_begin(struct dial *dial, const struct host_address *address, int64_t now)
{
	struct sockaddr_storage to;
	socklen_t length = host_address_fill(address, dial->port, &to);
	struct dial_try *try;

	if (!egress_allows((const void *)&to)) {
		dial->refused++;
		return false;
	}
	dial->allowed++;
	try = try_place(dial);
	try->address = *address;
	try->since = now;
	try->is_ready = false;
	if (try_connect(dial, try, &to, length) == 0)
		return true;
	dial->error = errno;
	name_mark(dial->name, address, true, now);
	if (try->fd != -1)
		close(try->fd);
	try->fd = -1;
	return false;
}

/* 1 connected, 0 not yet, -1 failed, errno says how. An event may have been
 * of the socket that had this descriptor before. */
static int
try_check(struct dial_try *try)
{
	struct sockaddr_storage peer;
	int error = 0;
	socklen_t length = sizeof(error);

	try->is_ready = false;
	if (getsockopt(try->fd, SOL_SOCKET, SO_ERROR, &error, &length) == -1)
		return -1;
	errno = error;
	if (error != 0)
		return -1;
	length = sizeof(peer);
	return getpeername(try->fd, (void *)&peer, &length) == 0;
}

/* The others lost: those that began sooner have failed. */
static int
dial_take(struct dial *dial, struct dial_try *winner, int64_t now)
{
	int fd = winner->fd;

	epoll_ctl(dial->dialer->events, EPOLL_CTL_DEL, fd, NULL);
	winner->fd = -1;
	name_mark(dial->name, &winner->address, false, now);
	for (size_t i = 0; i < DIAL_SOCKETS_MOST; i++)
		if (dial->tries[i].fd != -1)
			try_close(dial, &dial->tries[i],
			    dial->tries[i].since < winner->since, now);
	return fd;
}

static int64_t
dial_stagger_ms(const struct dial *dial)
{
	int64_t each = dial->half_ms / (int64_t)(dial->count + 1);

	return each > STAGGER_MS      ? STAGGER_MS
	    : each < STAGGER_LEAST_MS ? STAGGER_LEAST_MS
				      : each;
}

static bool
dial_is_open(const struct dial *dial)
{
	for (size_t i = 0; i < DIAL_SOCKETS_MOST; i++)
		if (dial->tries[i].fd != -1)
			return true;
	return false;
}

enum dial_state
dial_step(struct dial *dial, int64_t now, int *fd, struct host_address *address)
{
	for (size_t i = 0; i < DIAL_SOCKETS_MOST; i++) {
		struct dial_try *try = &dial->tries[i];
		int rc = try->fd != -1 && try->is_ready ? try_check(try) : 0;

		if (rc == 1) {
			*address = try->address;
			*fd = dial_take(dial, try, now);
			return DIAL_CONNECTED;
		}
		if (rc == -1) {
			dial->error = errno;
			dial->next_at = now;
			try_close(dial, try, true, now);
		}
	}
	if (dial->version != name_version(dial->name))
		dial_extend(dial, now);
	while (dial->next < dial->count && now >= dial->next_at &&
	    dial_has_place(dial, now))
		if (dial_begin(dial, &dial->addresses[dial->next++], now))
			dial->next_at = now + dial_stagger_ms(dial);
	if (dial->next < dial->count || dial_is_open(dial) ||
	    name_may_grow(dial->name))
		return DIAL_PENDING;
	return dial->allowed == 0 && dial->refused > 0 ? DIAL_BLOCKED
						       : DIAL_FAILED;
}

int64_t
dial_wait_ms(const struct dial *dial, int64_t now)
{
	if (dial->version != name_version(dial->name))
		return 0;
	if (dial->next == dial->count)
		return INT64_MAX;
	return dial->next_at > now ? dial->next_at - now : 0;
}

void
dial_close(struct dial *dial, bool gave_up, int64_t now)
{
	for (size_t i = 0; dial->dialer != NULL && i < DIAL_SOCKETS_MOST; i++)
		if (dial->tries[i].fd != -1)
			try_close(dial, &dial->tries[i], gave_up, now);
	free(dial->addresses);
	*dial = (struct dial){ 0 };
}
