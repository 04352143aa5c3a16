#ifndef STORES_DB_HOSTS_H
#define STORES_DB_HOSTS_H
/*
 * The places that a libpq URL names, one by one. libpq itself gives a list of
 * hosts no deadline each, as long as one does not block in it, and begins at
 * the first one each time. Only db_connect.c uses this.
 */
#include <libpq-fe.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DB_ADDRESSES_MAX 8 /* of a name; a host has no more */
#define DB_ADDRESS_SIZE 64

struct db_host { /* NULL: libpq's default */
	char *name, *address, *port;
};

struct db_hosts {
	PQconninfoOption *options; /* NULL: the URL goes to libpq as it is */
	struct db_host *list;
	size_t count; /* at least 1 */
	bool prefers_standby;
	int64_t most_ms; /* connect_timeout; 0: none */
};

/* Host, address and port also from PGHOST, PGHOSTADDR and PGPORT. Lists of
 * different lengths, and what is no URL, are left for libpq to refuse. */
void db_hosts_read(struct db_hosts *hosts, const char *url);
void db_hosts_release(struct db_hosts *hosts);

/* The numeric addresses of a host that is a name: how many. 0 for a socket or
 * an address; -1, and why, when the name cannot be resolved. Blocks as long as
 * the resolver does, so libpq, which would wait as long again, is not asked. */
int db_host_resolve(const struct db_host *host,
    char addresses[DB_ADDRESSES_MAX][DB_ADDRESS_SIZE], const char **reason);
#endif
