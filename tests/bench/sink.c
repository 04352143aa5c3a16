/*
 * sink: a receiver that costs next to nothing.  Prints its port; answers every
 * request at once, those for /hang never; notes when which webhook came.
 *
 * A line on standard input is answered on standard output:
 *
 *   counts     COUNT FIRST LAST CONNECTIONS HANGING: of the requests since the
 *              last `forget`, when the first and last came, the most
 *              connections at once, and requests that hang now
 *   arrivals   a line "ID TIME" for each with a webhook-id, then "end"
 *   forget     ok
 *
 * Times are nanoseconds of CLOCK_MONOTONIC.  It ends with its input.
 */
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
#define FIRST_ROOM 65536

struct arrival {
	char id[ID_SIZE];
	int64_t at;
};

struct connection {
	int fd;
	int hanging; /* requests */
	size_t length;
	char bytes[BUFFER_SIZE];
};

static struct arrival *arrivals;
static size_t count, noted, room;
static int64_t first, last;
static int open_now, open_most, hanging;

static void
note(const char *head)
{
	const char *id = strcasestr(head, "\r\nwebhook-id:");

	last = now_ns();
	if (count++ == 0)
		first = last;
	if (id == NULL)
		return;
	if (noted == room) {
		room = room == 0 ? FIRST_ROOM : 2 * room;
		arrivals = realloc(arrivals, room * sizeof(*arrivals));
		if (arrivals == NULL)
			exit(111);
	}
	sscanf(id + strlen("\r\nwebhook-id:"), " %36s", arrivals[noted].id);
	arrivals[noted++].at = last;
}

static void
answer(struct connection *connection)
{
	static const char ok[] = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

	if (strncmp(connection->bytes, "POST /hang", 10) == 0) {
		connection->hanging++;
		hanging++;
		return;
	}
	note(connection->bytes);
	if (write(connection->fd, ok, sizeof(ok) - 1) == -1)
		perror("sink: write");
}

/* Whole requests: none of ours comes before the last one is answered. */
static void
take(struct connection *connection)
{
	ssize_t whole;

	connection->bytes[connection->length] = '\0';
	while ((whole = message_length(connection->bytes, connection->length)) >
	    0) {
		answer(connection);
		connection->length -= (size_t)whole;
		memmove(connection->bytes, connection->bytes + whole,
		    connection->length + 1);
	}
	if (whole == -1) {
		fputs("sink: what came is no request that fits\n", stderr);
		exit(100);
	}
}

static void
hear(struct connection *connection)
{
	ssize_t got =
	    read(connection->fd, connection->bytes + connection->length,
		sizeof(connection->bytes) - 1 - connection->length);

	if (got > 0) {
		connection->length += (size_t)got;
		take(connection);
		return;
	}
	close(connection->fd);
	hanging -= connection->hanging;
	free(connection);
	open_now--;
}

static void
open_one(int listening, int epoll)
{
	struct connection *connection = calloc(1, sizeof(*connection));
	struct epoll_event event = { .events = EPOLLIN,
		.data.ptr = connection };
	int yes = 1;

	if (connection == NULL)
		exit(111);
	connection->fd = accept4(listening, NULL, NULL, SOCK_CLOEXEC);
	if (connection->fd == -1) {
		free(connection);
		return;
	}
	setsockopt(connection->fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
	epoll_ctl(epoll, EPOLL_CTL_ADD, connection->fd, &event);
	if (++open_now > open_most)
		open_most = open_now;
}

static void
tell_arrivals(void)
{
	for (size_t i = 0; i < noted; i++)
		printf("%s %" PRId64 "\n", arrivals[i].id, arrivals[i].at);
	puts("end");
}

static void
obey(void)
{
	char line[16];

	if (fgets(line, sizeof(line), stdin) == NULL)
		exit(0);
	if (strcmp(line, "counts\n") == 0)
		printf("%zu %" PRId64 " %" PRId64 " %d %d\n", count, first,
		    last, open_most, hanging);
	else if (strcmp(line, "arrivals\n") == 0)
		tell_arrivals();
	else {
		count = noted = 0;
		open_most = open_now;
		puts("ok");
	}
	fflush(stdout);
}

static int
listen_on_loopback(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t length = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd == -1 || bind(fd, (struct sockaddr *)&address, length) == -1 ||
	    listen(fd, SOMAXCONN) == -1 ||
	    getsockname(fd, (struct sockaddr *)&address, &length) == -1) {
		perror("sink");
		exit(111);
	}
	printf("%d\n", ntohs(address.sin_port));
	fflush(stdout);
	return fd;
}

int
main(void)
{
	struct epoll_event events[EVENTS], event = { .events = EPOLLIN };
	int listening = listen_on_loopback(), epoll = epoll_create1(0);

	setvbuf(stdin, NULL, _IONBF, 0);
	event.data.ptr = &listening;
	epoll_ctl(epoll, EPOLL_CTL_ADD, listening, &event);
	event.data.ptr = stdin;
	epoll_ctl(epoll, EPOLL_CTL_ADD, STDIN_FILENO, &event);
	for (;;) {
		int ready = epoll_wait(epoll, events, EVENTS, -1);

		for (int i = 0; i < ready; i++)
			if (events[i].data.ptr == &listening)
				open_one(listening, epoll);
			else if (events[i].data.ptr == stdin)
				obey();
			else
				hear(events[i].data.ptr);
	}
}
