#include "connections.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ground/clock.h"
#include "ground/log.h"
#include "ground/text.h"
#include "socket_state.h"

#define SILENCE_MS 25
#define NOISY_MS (10 * 60 * 1000)
#define SUSPECT_MS (60 * 1000)
#define DEAD_LEAST_MS 500
#define DEAD_MOST_MS 3000
#define UNREAD_BYTES ((size_t)32 << 10) /* that any host takes unread */
#define BUCKETS 4096
#define NOTES 1024

struct connection {
	struct connection *next; /* of its peer, in the order of opening */
	struct peer *peer;
	struct connection_use *use; /* NULL: idle */
	int fd;
	int local_port; /* 0: no request has gone out on it */
	char remote[INET6_ADDRSTRLEN];
	bool shut;	   /* by either end: libcurl is to close it */
	bool timed;	   /* closed when nothing is acknowledged for dead_ms */
	int64_t rested_at; /* monotonic: when its latest answer ended */
};

/* One subscription's receiver. It exists while it is held or connected. */
struct peer {
	struct peer *next; /* of its bucket */
	struct uuid subscription;
	uint64_t host;
	bool tls;
	uint32_t scope;
	size_t holders;
	bool silent; /* was seen to be */
	struct connection *first;
};

/* When something was noted of whom. A collision forgets the older one. */
struct note {
	uint64_t of;
	int64_t at;
};

struct connections {
	struct peer *peers[BUCKETS];
	struct connection **by_fd;
	size_t room;
	uint32_t latest_scope;
	unsigned dead_ms;
	struct note noisy[NOTES], suspects[NOTES];
};

struct connections *
connections_new(int64_t timeout_ms)
{
	struct connections *connections = memory_get(sizeof(*connections));
	int64_t dead_ms = timeout_ms / 3;

	connections->dead_ms =
	    (unsigned)(dead_ms < DEAD_LEAST_MS ? DEAD_LEAST_MS
		    : dead_ms > DEAD_MOST_MS   ? DEAD_MOST_MS
					       : dead_ms);
	return connections;
}

void
connections_free(struct connections *connections)
{
	if (connections == NULL)
		return;
	for (size_t i = 0; i < connections->room; i++)
		free(connections->by_fd[i]);
	for (size_t i = 0; i < BUCKETS; i++)
		while (connections->peers[i] != NULL) {
			struct peer *peer = connections->peers[i];

			connections->peers[i] = peer->next;
			free(peer);
		}
	free(connections->by_fd);
	free(connections);
}

int64_t
connections_dead_ms(const struct connections *connections)
{
	return connections->dead_ms;
}

static uint64_t
hash(uint64_t start, const void *bytes, size_t length)
{
	const unsigned char *byte = bytes;

	for (size_t i = 0; i < length; i++) /* FNV-1a */
		start = (start ^ byte[i]) * 1099511628211u;
	return start;
}

/* Of a URL's scheme, host and port. */
static uint64_t
host_of(const char *url)
{
	const char *host = strstr(url, "://");

	host = host != NULL ? host + 3 : url;
	return hash(14695981039346656037u, url,
	    (size_t)(host - url) + strcspn(host, "/?#"));
}

static uint64_t
key_of(const struct uuid *subscription, uint64_t host)
{
	return hash(host, subscription->bytes, sizeof(subscription->bytes));
}

static void
note_add(struct note notes[NOTES], uint64_t of, int64_t at)
{
	notes[of % NOTES] = (struct note){ of, at };
}

static int64_t /* when, or far in the past */
note_at(const struct note notes[NOTES], uint64_t of)
{
	const struct note *note = &notes[of % NOTES];

	return note->at != 0 && note->of == of ? note->at : INT64_MIN / 2;
}

static bool
is_noisy(const struct connections *connections, const struct peer *peer)
{
	return clock_monotonic_ms() -
	    note_at(
		connections->noisy, key_of(&peer->subscription, peer->host)) <
	    NOISY_MS;
}

static void
peer_is_noisy(struct connections *connections, const struct peer *peer)
{
	char subscription[UUID_TEXT_SIZE];

	if (!is_noisy(connections, peer))
		log_warning(
		    "a receiver sends bytes that answer no request: its "
		    "connections are used once for %d min "
		    "subscription=%s",
		    NOISY_MS / 60000,
		    uuid_text(&peer->subscription, subscription));
	note_add(connections->noisy, key_of(&peer->subscription, peer->host),
	    clock_monotonic_ms());
}

void
connections_hold(struct connections *connections, struct connection_use *use,
    const struct uuid *subscription, const char *url)
{
	uint64_t host = host_of(url);
	struct peer **bucket =
	    &connections->peers[key_of(subscription, host) % BUCKETS];
	struct peer *peer = *bucket;

	while (peer != NULL &&
	    (peer->host != host ||
		uuid_compare(&peer->subscription, subscription) != 0))
		peer = peer->next;
	if (peer == NULL) {
		peer = memory_get(sizeof(*peer));
		peer->subscription = *subscription;
		peer->host = host;
		peer->tls = strncmp(url, "https:", 6) == 0;
		if (++connections->latest_scope == 0)
			connections->latest_scope++;
		peer->scope = connections->latest_scope;
		peer->next = *bucket;
		*bucket = peer;
	}
	peer->holders++;
	*use = (struct connection_use){ .peer = peer };
}

static void
peer_release(struct connections *connections, struct peer *peer)
{
	struct peer **at =
	    &connections
		 ->peers[key_of(&peer->subscription, peer->host) % BUCKETS];

	if (--peer->holders > 0)
		return;
	while (*at != peer)
		at = &(*at)->next;
	*at = peer->next;
	free(peer);
}

/* Its socket is closed, or as good as. */
static void
connection_forget(
    struct connections *connections, struct connection *connection)
{
	struct connection **at = &connection->peer->first;

	while (*at != connection)
		at = &(*at)->next;
	*at = connection->next;
	if (connections->by_fd[connection->fd] == connection)
		connections->by_fd[connection->fd] = NULL;
	peer_release(connections, connection->peer);
	free(connection);
}

void
connections_rest(struct connections *connections, struct connection_use *use)
{
	struct connection *connection, *next;

	if (use->connection != NULL) {
		use->connection->use = NULL;
		use->connection->rested_at = clock_monotonic_ms();
	}
	/* What libcurl opened and did not use it has closed without a word. */
	for (connection = use->opening > 0 ? use->peer->first : NULL;
	     connection != NULL; connection = next) {
		next = connection->next;
		if (connection->use == use)
			connection_forget(connections, connection);
	}
	*use = (struct connection_use){ .peer = use->peer };
}

void
connections_release(struct connections *connections, struct connection_use *use)
{
	if (use->peer == NULL)
		return;
	connections_rest(connections, use);
	peer_release(connections, use->peer);
	*use = (struct connection_use){ 0 };
}

uint32_t
connections_scope(const struct connection_use *use)
{
	return use->peer->scope;
}

void
connections_opened(
    struct connections *connections, struct connection_use *use, int fd)
{
	struct connection *connection, **last = &use->peer->first;
	size_t room = connections->room > 0 ? connections->room : 64;

	if (fd < 0)
		return;
	while (room <= (size_t)fd)
		room *= 2;
	if (room > connections->room) {
		connections->by_fd = memory_resize(
		    connections->by_fd, room * sizeof(*connections->by_fd));
		memset(connections->by_fd + connections->room, 0,
		    (room - connections->room) * sizeof(*connections->by_fd));
		connections->room = room;
	}
	if (connections->by_fd[fd] != NULL)
		connection_forget(connections, connections->by_fd[fd]);
	connection = memory_get(sizeof(*connection));
	connection->fd = fd;
	connection->use = use;
	connection->peer = use->peer;
	connection->peer->holders++;
	while (*last != NULL)
		last = &(*last)->next;
	*last = connection;
	connections->by_fd[fd] = connection;
	use->opening++;
}

size_t
connections_unacked(const struct connection_use *use)
{
	return use->connection != NULL ? socket_unacked(use->connection->fd)
				       : use->unacked;
}

static bool
is_connected(int fd)
{
	struct sockaddr_storage address;
	socklen_t length = sizeof(address);

	return getpeername(fd, (struct sockaddr *)&address, &length) == 0;
}

int
connections_close(struct connections *connections, int fd)
{
	struct connection *connection =
	    (size_t)fd < connections->room ? connections->by_fd[fd] : NULL;
	struct connection_use *use =
	    connection != NULL ? connection->use : NULL;

	if (use != NULL && use->connection == connection) {
		use->unacked = socket_unacked(fd);
		use->connection = NULL;
	} else if (use != NULL) {
		use->opening--;
		use->reached = use->reached || is_connected(fd);
	}
	if (connection != NULL)
		connection_forget(connections, connection);
	return close(fd);
}

/* It is known of one of them, idle for long enough. */
static bool
was_silent(struct connections *connections, const struct peer *peer)
{
	int64_t now = clock_monotonic_ms();

	for (struct connection *connection = peer->first; connection != NULL;
	     connection = connection->next) {
		if (connection->use != NULL || connection->shut ||
		    now - connection->rested_at < SILENCE_MS)
			continue;
		switch (socket_state(connection->fd, peer->tls)) {
		case SOCKET_SILENT: return true;
		case SOCKET_SPOKEN:
			peer_is_noisy(connections, peer);
			return false;
		case SOCKET_ENDED: connection->shut = true; break;
		}
	}
	return false;
}

enum connections_advice
connections_advise(
    struct connections *connections, const struct connection_use *use)
{
	struct peer *peer = use->peer;

	if (!peer->silent)
		peer->silent = was_silent(connections, peer);
	if (is_noisy(connections, peer))
		return CONNECTIONS_ONCE;
	return peer->silent ? CONNECTIONS_REUSE : CONNECTIONS_FRESH;
}

static bool
is_new(const struct connection *connection)
{
	return connection->local_port == 0;
}

static int
local_port_of(int fd)
{
	struct sockaddr_storage address;
	socklen_t length = sizeof(address);

	if (getsockname(fd, (struct sockaddr *)&address, &length) == -1)
		return -1;
	return ntohs(address.ss_family == AF_INET6
		? ((struct sockaddr_in6 *)&address)->sin6_port
		: ((struct sockaddr_in *)&address)->sin_port);
}

static bool
is_it(const struct connection *connection, const struct connection_use *use,
    const char *remote, int local_port)
{
	if (is_new(connection))
		return connection->use == use &&
		    local_port_of(connection->fd) == local_port;
	return (connection->use == NULL || connection->use == use) &&
	    connection->local_port == local_port &&
	    strcmp(connection->remote, remote) == 0;
}

static void
connection_begin(struct connection *connection, struct connection_use *use,
    const char *remote, int local_port)
{
	use->opening--;
	connection->local_port = local_port;
	snprintf(connection->remote, sizeof(connection->remote), "%s", remote);
	use->reused = false;
}

static bool
connection_again(struct connections *connections, struct connection *connection,
    struct connection_use *use, int held, size_t payload)
{
	bool timed = payload <= UNREAD_BYTES;
	struct peer *peer = connection->peer;
	enum socket_state state =
	    held > 0 ? SOCKET_SPOKEN : socket_state(connection->fd, peer->tls);

	connection->use = use;
	use->reused = true;
	if (state == SOCKET_SPOKEN)
		peer_is_noisy(connections, peer);
	if (state != SOCKET_SILENT || connection->shut ||
	    is_noisy(connections, peer))
		return false;
	if (connection->timed != timed)
		socket_unacked_most(
		    connection->fd, timed ? connections->dead_ms : 0);
	connection->timed = timed;
	return true;
}

bool
connections_find(struct connections *connections, struct connection_use *use,
    const char *remote, int local_port, int held, size_t payload)
{
	struct connection *connection = use->peer->first;

	use->used_at = clock_monotonic_ms();
	while (
	    connection != NULL && !is_it(connection, use, remote, local_port))
		connection = connection->next;
	use->connection = connection;
	if (connection == NULL)
		return false;
	if (is_new(connection)) {
		connection_begin(connection, use, remote, local_port);
		return true;
	}
	return connection_again(connections, connection, use, held, payload);
}

void
connections_noise(
    struct connections *connections, const struct connection_use *use)
{
	peer_is_noisy(connections, use->peer);
}

bool
connections_suspect(
    struct connections *connections, const struct connection_use *use)
{
	uint64_t host = use->peer->host;
	int64_t now = clock_monotonic_ms();
	int64_t known_at = note_at(connections->suspects, host);

	if (now - known_at < SUSPECT_MS)
		return use->used_at <= known_at;
	note_add(connections->suspects, host, now);
	for (size_t fd = 0; fd < connections->room; fd++) {
		struct connection *connection = connections->by_fd[fd];

		if (connection == NULL || connection->use != NULL ||
		    connection->peer->host != host)
			continue;
		shutdown((int)fd, SHUT_RDWR);
		connection->shut = true;
	}
	return true;
}
