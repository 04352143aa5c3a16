#ifndef WORKER_DNS_QUERY_H
#define WORKER_DNS_QUERY_H
/*
 * One look-up of a host name: first /etc/hosts, then the name servers of
 * /etc/resolv.conf, which is read anew for each. Without threads and without
 * blocking; c-ares has at most two descriptors a name server, and all of it
 * is gone once the query is freed.
 *
 * A and AAAA are asked for together; whoever waits can use the first answer.
 * Names that are missing are tried with the search domains too, before or
 * after the name itself as `ndots` says, until one has an address. Unlike
 * glibc this knows no other sources (/etc/nsswitch.conf) and no options of
 * resolv.conf but ndots and rotate.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

/* Of a name, half of them a family; where there are more, some at random. */
#define DNS_ADDRESSES_MOST 128

struct host_address {
	sa_family_t family;
	unsigned char bytes[16]; /* 4 of them for AF_INET */
	int64_t failed_at;	 /* monotonic ms of the last failure, 0: none */
};

bool
host_address_equal(const struct host_address *a, const struct host_address *b);

enum dns_result {
	DNS_PENDING,
	DNS_FOUND,   /* one address at least */
	DNS_MISSING, /* there is no such name, or it has no address */
	DNS_SILENT,  /* no name server answered in its time */
	DNS_FAILED   /* SERVFAIL, refused, no name server there */
};

struct dns_answer {
	enum dns_result result; /* DNS_FOUND while one family is pending */
	bool done;		/* both families were answered for */
	struct host_address addresses[DNS_ADDRESSES_MOST];
	size_t count;
	size_t seen[2]; /* of IPv4 and IPv6, kept or not */
	int ttl;	/* seconds, the least of all records */
};

/* How the name servers are asked: the time for the first answer, doubled for
 * each round; rounds. */
struct dns_patience {
	int64_t timeout_ms;
	int64_t tries;
};

struct dns_query;

/* Whatever needs attention appears in the epoll descriptor `events`, with the
 * query as its data. Never NULL. */
struct dns_query *
dns_query_new(const char *host, struct dns_patience patience, int events);
void dns_query_free(struct dns_query *query); /* NULL is fine */

/* From the epoll descriptor: it has something to read or to write. */
void dns_query_ready(struct dns_query *query);
/* Reads, writes and repeats what is due; then the answer is up to date. */
void dns_query_step(struct dns_query *query, int64_t now);
const struct dns_answer *dns_query_answer(const struct dns_query *query);
/* Milliseconds until dns_query_step is needed although nothing came. */
int64_t dns_query_wait_ms(const struct dns_query *query, int64_t now);
#endif
