#include "dns_query.h"

#include <ares.h>
#include <errno.h>
#include <netinet/in.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>

#include "ground/clock.h"
#include "ground/log.h"
#include "ground/text.h"

#define DOMAINS_MOST 6
#define CANDIDATES_MOST (DOMAINS_MOST + 1)
#define STEP_MOST_MS 1000
#define LOCAL_TTL 5 /* of what /etc/hosts says */

struct dns_query {
	ares_channel channel;
	int events;
	char *host;
	/* The names to ask for, absolute, in order. */
	char *candidates[CANDIDATES_MOST];
	size_t candidate_count, candidate;
	size_t as_given; /* which of them is the name itself */
	int waits_for;	 /* families of this candidate */
	bool is_ready, is_freed;
	bool was_missing; /* the name itself: what the rest says is less */
	int64_t wake_at;
	enum dns_result worst; /* of this candidate */
	struct dns_answer answer;
};

bool
host_address_equal(const struct host_address *a, const struct host_address *b)
{
	return a->family == b->family &&
	    memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}

static void
address_add(struct dns_answer *answer, const struct host_address *address)
{
	size_t of[DNS_ADDRESSES_MOST], count = 0;
	uint32_t seen = (uint32_t)++answer->seen[address->family == AF_INET6];
	uint32_t at;

	for (size_t i = 0; i < answer->count; i++) {
		if (host_address_equal(&answer->addresses[i], address))
			return;
		if (answer->addresses[i].family == address->family)
			of[count++] = i;
	}
	if (count < DNS_ADDRESSES_MOST / 2)
		answer->addresses[answer->count++] = *address;
	else if ((at = randombytes_uniform(seen)) < count)
		answer->addresses[of[at]] = *address;
}

static void
answer_add(struct dns_answer *answer, const struct ares_addrinfo *found)
{
	for (const struct ares_addrinfo_node *node = found->nodes; node != NULL;
	     node = node->ai_next) {
		const struct sockaddr_in *in = (void *)node->ai_addr;
		const struct sockaddr_in6 *in6 = (void *)node->ai_addr;
		struct host_address address = {
			.family = (sa_family_t)node->ai_family
		};

		if (node->ai_family == AF_INET)
			memcpy(address.bytes, &in->sin_addr, 4);
		else if (node->ai_family == AF_INET6)
			memcpy(address.bytes, &in6->sin6_addr, 16);
		else
			continue;
		if (answer->count == 0 || node->ai_ttl < answer->ttl)
			answer->ttl = node->ai_ttl;
		address_add(answer, &address);
	}
}

static enum dns_result
result_of(int status)
{
	switch (status) {
	case ARES_SUCCESS:
	case ARES_ENODATA:
	case ARES_ENOTFOUND:
	case ARES_EBADNAME: return DNS_MISSING;
	case ARES_ETIMEOUT: return DNS_SILENT;
	default: return DNS_FAILED;
	}
}

/* One family of the candidate was answered for. */
static void
query_answered(
    void *data, int status, int timeouts, struct ares_addrinfo *found)
{
	struct dns_query *query = data;
	size_t before = query->answer.count;
	enum dns_result result = result_of(status);

	(void)timeouts;
	query->waits_for--;
	if (status == ARES_SUCCESS && !query->is_freed)
		answer_add(&query->answer, found);
	if (found != NULL)
		ares_freeaddrinfo(found);
	if (query->answer.count > before)
		query->answer.result = DNS_FOUND;
	else if (result > query->worst)
		query->worst = result;
}

/* A descriptor of c-ares wants to be watched, or is about to be closed. */
static void
query_watch(void *data, int fd, int readable, int writable)
{
	struct dns_query *query = data;
	struct epoll_event event = { .data.ptr = query,
		.events =
		    (readable ? EPOLLIN : 0u) | (writable ? EPOLLOUT : 0u) };

	if (event.events == 0)
		epoll_ctl(query->events, EPOLL_CTL_DEL, fd, NULL);
	else if (epoll_ctl(query->events, EPOLL_CTL_MOD, fd, &event) == -1)
		epoll_ctl(query->events, EPOLL_CTL_ADD, fd, &event);
}

static int
channel_open(
    struct dns_query *query, const char *sources, struct dns_patience patience)
{
	struct ares_options options = {
		.timeout = (int)patience.timeout_ms,
		.tries = (int)patience.tries,
		.sock_state_cb = query_watch,
		.sock_state_cb_data = query,
		.lookups = (char[]){ sources[0], '\0' },
	};
	int status = ares_init_options(&query->channel, &options,
	    ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_SOCK_STATE_CB |
		ARES_OPT_LOOKUPS);

	if (status == ARES_SUCCESS)
		return 0;
	query->channel = NULL;
	log_error("cannot set up a look-up of a name reason=\"%s\"",
	    ares_strerror(status));
	return -1;
}

static void
channel_close(struct dns_query *query)
{
	if (query->channel != NULL)
		ares_destroy(query->channel);
	query->channel = NULL;
}

static void
local_address(struct dns_query *query, int family)
{
	struct host_address address = { .family = (sa_family_t)family };
	uint32_t v4 = htonl(INADDR_LOOPBACK);

	if (family == AF_INET)
		memcpy(address.bytes, &v4, sizeof(v4));
	else
		memcpy(address.bytes, &in6addr_loopback, 16);
	address_add(&query->answer, &address);
}

/* RFC 6761: never asked of a name server. */
static bool
is_localhost(const char *host)
{
	static const char localhost[] = "localhost";
	const size_t own = sizeof(localhost) - 1;
	size_t length = strlen(host);

	length -= length > 0 && host[length - 1] == '.';
	return length >= own &&
	    strncasecmp(host + length - own, localhost, own) == 0 &&
	    (length == own || host[length - own - 1] == '.');
}

/* Whether this host knows the name by itself. */
static bool
query_is_local(struct dns_query *query, struct dns_patience patience)
{
	struct ares_addrinfo_hints hints = { .ai_flags = ARES_AI_NOSORT };

	if (is_localhost(query->host)) {
		local_address(query, AF_INET);
		local_address(query, AF_INET6);
	} else if (channel_open(query, "f", patience) == 0) {
		query->waits_for = 1;
		ares_getaddrinfo(query->channel, query->host, NULL, &hints,
		    query_answered, query);
		channel_close(query);
	}
	query->waits_for = 0;
	query->worst = DNS_PENDING;
	if (query->answer.count == 0)
		return false;
	query->answer.result = DNS_FOUND;
	query->answer.ttl = LOCAL_TTL;
	return true;
}

/* name, and the domain behind it. The dot at the end says that it is whole. */
static void
candidate_add(struct dns_query *query, const char *domain)
{
	struct text name = { 0 };

	text_adds(&name, query->host);
	if (domain != NULL && domain[0] != '\0' && strcmp(domain, ".") != 0)
		text_addf(&name, ".%s", domain);
	if (name.bytes[name.length - 1] != '.')
		text_adds(&name, ".");
	query->candidates[query->candidate_count++] = text_take(&name);
}

static void
candidates_make(struct dns_query *query)
{
	struct ares_options options = { 0 };
	int mask, dots = 0, domains;

	if (query->host[0] == '\0' ||
	    query->host[strlen(query->host) - 1] == '.' ||
	    ares_save_options(query->channel, &options, &mask) !=
		ARES_SUCCESS) {
		candidate_add(query, NULL);
		return;
	}
	for (const char *c = query->host; *c != '\0'; c++)
		dots += *c == '.';
	domains =
	    options.ndomains < DOMAINS_MOST ? options.ndomains : DOMAINS_MOST;
	if (dots >= options.ndots)
		candidate_add(query, NULL);
	for (int i = 0; i < domains; i++)
		candidate_add(query, options.domains[i]);
	if (dots < options.ndots) {
		query->as_given = query->candidate_count;
		candidate_add(query, NULL);
	}
	ares_destroy_options(&options);
}

static void
candidate_ask(struct dns_query *query)
{
	struct ares_addrinfo_hints hints = { .ai_flags = ARES_AI_NOSORT };
	const char *name = query->candidates[query->candidate];

	query->waits_for = 2;
	query->worst = DNS_PENDING;
	hints.ai_family = AF_INET;
	ares_getaddrinfo(
	    query->channel, name, NULL, &hints, query_answered, query);
	hints.ai_family = AF_INET6;
	ares_getaddrinfo(
	    query->channel, name, NULL, &hints, query_answered, query);
}

static void
query_done(struct dns_query *query, enum dns_result result)
{
	query->answer.done = true;
	query->answer.result = result;
	channel_close(query);
}

/* Both families were answered for: the end, or the next candidate. */
static void
query_advance(struct dns_query *query)
{
	while (!query->answer.done && query->waits_for == 0) {
		enum dns_result worst = query->worst;

		if (query->answer.count > 0) {
			query_done(query, DNS_FOUND);
			break;
		}
		query->was_missing |=
		    query->candidate == query->as_given && worst == DNS_MISSING;
		if (worst == DNS_MISSING &&
		    ++query->candidate < query->candidate_count)
			candidate_ask(query);
		else
			query_done(
			    query, query->was_missing ? DNS_MISSING : worst);
	}
}

static void
query_plan(struct dns_query *query, int64_t now)
{
	struct timeval most = { STEP_MOST_MS / 1000, 0 }, wait;
	const struct timeval *next;

	if (query->answer.done)
		return;
	next = ares_timeout(query->channel, &most, &wait);
	query->wake_at =
	    now + next->tv_sec * 1000 + (next->tv_usec + 999) / 1000;
}

struct dns_query *
dns_query_new(const char *host, struct dns_patience patience, int events)
{
	struct dns_query *query = memory_get(sizeof(*query));

	query->events = events;
	query->host = memory_copy_string(host);
	if (query_is_local(query, patience)) {
		query_done(query, DNS_FOUND);
	} else if (channel_open(query, "b", patience) == -1) {
		query_done(query, DNS_FAILED);
	} else {
		candidates_make(query);
		candidate_ask(query);
		query_advance(query);
		query_plan(query, clock_monotonic_ms());
	}
	return query;
}

void
dns_query_free(struct dns_query *query)
{
	if (query == NULL)
		return;
	query->is_freed = true; /* its callbacks are made once more */
	channel_close(query);
	for (size_t i = 0; i < query->candidate_count; i++)
		free(query->candidates[i]);
	free(query->host);
	free(query);
}

void
dns_query_ready(struct dns_query *query)
{
	query->is_ready = true;
}

void
dns_query_step(struct dns_query *query, int64_t now)
{
	ares_socket_t sockets[ARES_GETSOCK_MAXNUM];
	unsigned which;

	if (query->answer.done || (!query->is_ready && now < query->wake_at))
		return;
	/* All of them, in case one could not be watched. */
	which = (unsigned)ares_getsock(
	    query->channel, sockets, ARES_GETSOCK_MAXNUM);
	query->is_ready = false;
	for (int i = 0; i < ARES_GETSOCK_MAXNUM; i++) {
		bool reads = which >> i & 1; /* as its macros have it */
		bool writes = which >> (i + ARES_GETSOCK_MAXNUM) & 1;

		if (reads || writes)
			ares_process_fd(query->channel,
			    reads ? sockets[i] : ARES_SOCKET_BAD,
			    writes ? sockets[i] : ARES_SOCKET_BAD);
	}
	ares_process_fd(query->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
	query_advance(query);
	query_plan(query, now);
}

const struct dns_answer *
dns_query_answer(const struct dns_query *query)
{
	return &query->answer;
}

int64_t
dns_query_wait_ms(const struct dns_query *query, int64_t now)
{
	if (query->answer.done)
		return 0;
	return query->wake_at > now ? query->wake_at - now : 0;
}
