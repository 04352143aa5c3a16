/*
 * offer PORT CONNECTIONS RATE SECONDS BODY SUBSCRIPTION...
 *
 * POSTs to /ingest/SUBSCRIPTION, in turns, at RATE a second (0: as fast as it
 * goes) over kept connections, whatever the answers take: what finds none free
 * waits for one.  Prints for each 202 a line "ID OFFERED ANSWERED": the
 * webhook's id, when it was to be sent, and when its 202 was there, in
 * nanoseconds of CLOCK_MONOTONIC.  Ends with 1 at any other answer.
 */
#include <arpa/inet.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "bench.h"

#define EVENTS 256
#define SECOND INT64_C(1000000000)
#define PATIENCE (30 * SECOND)

struct client {
	struct client *next; /* of those that are free */
	int fd;
	bool fresh;		  /* nothing was answered on it yet */
	const char *subscription; /* NULL: it is free */
	int64_t offered;
	size_t length;
	char bytes[BUFFER_SIZE];
};

static struct sockaddr_in server = { .sin_family = AF_INET };
static int epoll;
static struct client *idle;
static int busy;
static const char *body;
static char **subscriptions;
static int subscriptions_count;

static void
fail(const char *why)
{
	fprintf(stderr, "offer: %s\n", why);
	exit(1);
}

static void
client_connect(struct client *client)
{
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = client };
	int yes = 1;

	client->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (client->fd == -1 ||
	    connect(client->fd, (struct sockaddr *)&server, sizeof(server)) ==
		-1)
		fail("cannot connect");
	setsockopt(client->fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
	epoll_ctl(epoll, EPOLL_CTL_ADD, client->fd, &event);
	client->fresh = true;
	client->length = 0;
}

static void
client_send(struct client *client)
{
	char request[BUFFER_SIZE];
	int length = snprintf(request, sizeof(request),
	    "POST /ingest/%s HTTP/1.1\r\nHost: localhost\r\n"
	    "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
	    client->subscription, strlen(body), body);

	if (send(client->fd, request, (size_t)length, MSG_NOSIGNAL) == length)
		return;
	/* it was closed meanwhile: the end is heard next */
	if (client->fresh)
		fail("cannot send");
}

static void
offer(int64_t number, int64_t at)
{
	struct client *client = idle;

	idle = client->next;
	busy++;
	client->subscription = subscriptions[number % subscriptions_count];
	client->offered = at;
	client_send(client);
}

static void
client_reconnect(struct client *client)
{
	close(client->fd);
	client_connect(client);
}

/* A connection may end when it is idle, and a kept one while a request is on
 * its way (RFC 9112, 9.3.1): that is sent again on a new one. */
static void
client_ended(struct client *client)
{
	bool waits = client->subscription != NULL;

	if (waits && (client->fresh || client->length != 0))
		fail("not answered");
	client_reconnect(client);
	if (waits)
		client_send(client);
}

static void
client_answered(struct client *client)
{
	const char *id = strstr(client->bytes, "{\"webhook_id\":\"");

	if (strncmp(client->bytes, "HTTP/1.1 202", 12) != 0 || id == NULL)
		fail(client->bytes);
	printf("%.36s %" PRId64 " %" PRId64 "\n", strchr(id, ':') + 2,
	    client->offered, now_ns());
	client->subscription = NULL;
	client->next = idle;
	idle = client;
	busy--;
	client->fresh = false;
	client->length = 0;
	if (strcasestr(client->bytes, "\r\nConnection: close") != NULL)
		client_reconnect(client);
}

static void
client_hear(struct client *client)
{
	ssize_t got = read(client->fd, client->bytes + client->length,
	    sizeof(client->bytes) - 1 - client->length);
	ssize_t whole;

	/* a 408 to an idle one is its end too */
	if (got <= 0 || client->subscription == NULL) {
		client_ended(client);
		return;
	}
	client->length += (size_t)got;
	client->bytes[client->length] = '\0';
	whole = message_length(client->bytes, client->length);
	if (whole == -1)
		fail(client->bytes);
	if (whole > 0)
		client_answered(client);
}

/* When the next one is to be sent, INT64_MAX after the last. */
static int64_t
next_at(int64_t begun, int64_t number, int64_t rate, double seconds)
{
	int64_t end = begun + (int64_t)(seconds * SECOND);
	int64_t at = rate == 0 ? now_ns() : begun + number * SECOND / rate;

	return at < end ? at : INT64_MAX;
}

static void
hear_all(int64_t wait_ns)
{
	struct timespec wait = { wait_ns / SECOND, wait_ns % SECOND };
	struct epoll_event events[EVENTS];
	int ready = epoll_pwait2(epoll, events, EVENTS, &wait, NULL);

	if (ready == 0 && wait_ns == PATIENCE)
		fail("no answer");
	for (int i = 0; i < ready; i++)
		client_hear(events[i].data.ptr);
}

static void
offer_all(int64_t rate, double seconds)
{
	int64_t begun = now_ns(), number = 0, at, wait;

	for (;;) {
		at = next_at(begun, number, rate, seconds);
		while (idle != NULL && at <= now_ns()) {
			offer(number++, at);
			at = next_at(begun, number, rate, seconds);
		}
		if (at == INT64_MAX && busy == 0)
			return;
		wait = PATIENCE;
		if (idle != NULL && at != INT64_MAX)
			wait = at > now_ns() ? at - now_ns() : 0;
		hear_all(wait);
	}
}

int
main(int argc, char **argv)
{
	struct client *client;

	if (argc < 7)
		return 100;
	server.sin_port = htons((uint16_t)atoi(argv[1]));
	server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	epoll = epoll_create1(EPOLL_CLOEXEC);
	body = argv[5];
	subscriptions = &argv[6];
	subscriptions_count = argc - 6;
	for (int i = 0; i < atoi(argv[2]); i++) {
		client = calloc(1, sizeof(*client));
		if (client == NULL)
			fail("no memory");
		client_connect(client);
		client->next = idle;
		idle = client;
	}
	offer_all(atoll(argv[3]), strtod(argv[4], NULL));
	return 0;
}
