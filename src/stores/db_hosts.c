#include "stores/db_hosts.h"

#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "ground/text.h"

/* Of an option of the URL, else of the environment, else NULL. */
static const char *
value_of(
    const struct db_hosts *hosts, const char *keyword, const char *variable)
{
	for (const PQconninfoOption *o = hosts->options; o->keyword != NULL;
	     o++)
		if (strcmp(o->keyword, keyword) == 0 && o->val != NULL)
			return o->val;
	return variable != NULL ? getenv(variable) : NULL;
}

static size_t
parts_of(const char *list)
{
	size_t count = 1;

	if (list == NULL)
		return 0;
	for (; *list != '\0'; list++)
		count += *list == ',';
	return count;
}

/* The n-th part, yours to free(); NULL when there is no list. One that has a
 * single part gives it to all. */
static char *
part_of(const char *list, size_t n)
{
	if (list == NULL)
		return NULL;
	for (; n > 0 && strchr(list, ',') != NULL; n--)
		list = strchr(list, ',') + 1;
	return memory_copy(list, strcspn(list, ","));
}

static bool
fits(const char *list, size_t count)
{
	return list == NULL || parts_of(list) == count;
}

static void
list_read(struct db_hosts *hosts)
{
	const char *names = value_of(hosts, "host", NULL);
	const char *addresses = value_of(hosts, "hostaddr", NULL);
	const char *ports = value_of(hosts, "port", "PGPORT");
	size_t count;

	if (names == NULL && addresses == NULL) {
		names = getenv("PGHOST");
		addresses = getenv("PGHOSTADDR");
	}
	count = parts_of(addresses != NULL ? addresses : names);
	if (count == 0 || !fits(names, count) || !fits(addresses, count) ||
	    (parts_of(ports) > 1 && !fits(ports, count)))
		return;
	free(hosts->list);
	hosts->list = memory_get(count * sizeof(*hosts->list));
	hosts->count = count;
	for (size_t i = 0; i < count; i++)
		hosts->list[i] = (struct db_host){ part_of(names, i),
			part_of(addresses, i), part_of(ports, i) };
}

void
db_hosts_read(struct db_hosts *hosts, const char *url)
{
	const char *attributes, *seconds;

	*hosts = (struct db_hosts){ .count = 1 };
	hosts->list = memory_get(sizeof(*hosts->list));
	hosts->options = PQconninfoParse(url, NULL);
	if (hosts->options == NULL)
		return;
	list_read(hosts);
	attributes =
	    value_of(hosts, "target_session_attrs", "PGTARGETSESSIONATTRS");
	hosts->prefers_standby =
	    attributes != NULL && strcmp(attributes, "prefer-standby") == 0;
	seconds = value_of(hosts, "connect_timeout", "PGCONNECT_TIMEOUT");
	if (seconds != NULL && atoi(seconds) > 0)
		hosts->most_ms = (int64_t)atoi(seconds) * 1000;
}

void
db_hosts_release(struct db_hosts *hosts)
{
	for (size_t i = 0; i < hosts->count; i++) {
		free(hosts->list[i].name);
		free(hosts->list[i].address);
		free(hosts->list[i].port);
	}
	free(hosts->list);
	PQconninfoFree(hosts->options);
	*hosts = (struct db_hosts){ 0 };
}

int
db_host_resolve(const struct db_host *host,
    char addresses[DB_ADDRESSES_MAX][DB_ADDRESS_SIZE], const char **reason)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *found, *one;
	int count = 0, error;

	if (host->name == NULL || host->name[0] == '\0' ||
	    host->name[0] == '/' || host->name[0] == '@' ||
	    (host->address != NULL && host->address[0] != '\0'))
		return 0;
	error = getaddrinfo(host->name, NULL, &hints, &found);
	if (error != 0) {
		*reason = gai_strerror(error);
		return -1;
	}
	for (one = found; one != NULL && count < DB_ADDRESSES_MAX;
	     one = one->ai_next)
		if (getnameinfo(one->ai_addr, one->ai_addrlen, addresses[count],
			DB_ADDRESS_SIZE, NULL, 0, NI_NUMERICHOST) == 0)
			count++;
	freeaddrinfo(found);
	return count;
}
