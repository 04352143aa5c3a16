#include "resolver.h"

#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "ground/log.h"
#include "ground/text.h"
#include "lookup.h"

#define NAMES_MOST 4096
#define BUCKETS 4096 /* a power of two */
#define EVENTS_MOST 64
#define TTL_LEAST_MS 1000
#define TTL_MOST_MS 30000
#define OTHER_FAMILY_MS 50   /* RFC 8305's Resolution Delay */
#define FAILED_FOR_MS 600000 /* then an address is as good as any */

struct name {
	struct name *next;	    /* in its bucket */
	struct name *newer, *older; /* in the order of use */
	struct name *next_asked;    /* of those being looked up */
	char *host;
	unsigned holders, waiters, version;
	struct lookup lookup;
	struct dns_query *query; /* NULL: none is under way */
	enum dns_result result;
	struct host_address *addresses;
	size_t count;
	int64_t found_at, fresh_until;
};

struct resolver {
	struct name *buckets[BUCKETS];
	struct name *newest, *oldest;
	size_t count;
	struct name *asked; /* have a query */
	struct lookups *lookups;
	struct dns_patience patience;
	int events;
};

struct resolver *
resolver_new(struct dns_patience patience)
{
	struct resolver *resolver = memory_get(sizeof(*resolver));

	resolver->patience = patience;
	resolver->lookups = lookups_new();
	resolver->events = epoll_create1(EPOLL_CLOEXEC);
	if (resolver->events != -1)
		return resolver;
	log_error("cannot set up the resolver reason=\"%m\"");
	resolver_free(resolver);
	return NULL;
}

static void
name_free(struct name *name)
{
	dns_query_free(name->query);
	free(name->addresses);
	free(name->host);
	free(name);
}

void
resolver_free(struct resolver *resolver)
{
	struct name *name;

	if (resolver == NULL)
		return;
	while ((name = resolver->newest) != NULL) {
		resolver->newest = name->older;
		name_free(name);
	}
	if (resolver->events != -1)
		close(resolver->events);
	free(resolver->lookups);
	free(resolver);
}

int
resolver_socket(const struct resolver *resolver)
{
	return resolver->events;
}

/* ---- the names ----------------------------------------------------------- */

static void
use_unlink(struct resolver *resolver, struct name *name)
{
	*(name->newer != NULL ? &name->newer->older : &resolver->newest) =
	    name->older;
	*(name->older != NULL ? &name->older->newer : &resolver->oldest) =
	    name->newer;
}

static void
use_newest(struct resolver *resolver, struct name *name)
{
	name->newer = NULL;
	name->older = resolver->newest;
	*(name->older != NULL ? &name->older->newer : &resolver->oldest) = name;
	resolver->newest = name;
}

static struct name **
bucket_of(struct resolver *resolver, uint32_t hash)
{
	return &resolver->buckets[hash & (BUCKETS - 1)];
}

static struct name *
name_find(struct resolver *resolver, const char *host, uint32_t hash)
{
	struct name *name = *bucket_of(resolver, hash);

	while (name != NULL && strcmp(name->host, host) != 0)
		name = name->next;
	return name;
}

static void
name_forget(struct resolver *resolver, struct name *name)
{
	struct name **at = bucket_of(resolver, name->lookup.name);

	while (*at != name)
		at = &(*at)->next;
	*at = name->next;
	use_unlink(resolver, name);
	resolver->count--;
	name_free(name);
}

/* Held ones stay: they are no more than there are transfers. */
static void
names_trim(struct resolver *resolver)
{
	struct name *name = resolver->oldest, *newer;

	for (; name != NULL && resolver->count > NAMES_MOST; name = newer) {
		newer = name->newer;
		if (name->holders == 0)
			name_forget(resolver, name);
	}
}

static struct name *
name_get(struct resolver *resolver, const char *host)
{
	struct lookup lookup = lookup_of(host);
	struct name *name = name_find(resolver, host, lookup.name);

	if (name != NULL) {
		use_unlink(resolver, name);
	} else {
		struct name **bucket = bucket_of(resolver, lookup.name);

		name = memory_get(sizeof(*name));
		name->host = memory_copy_string(host);
		name->lookup = lookup;
		name->next = *bucket;
		*bucket = name;
		resolver->count++;
	}
	use_newest(resolver, name);
	return name;
}

/* ---- look-ups ------------------------------------------------------------ */

static int64_t
failed_at(const struct name *name, const struct host_address *address)
{
	for (size_t i = 0; i < name->count; i++)
		if (host_address_equal(&name->addresses[i], address))
			return name->addresses[i].failed_at;
	return 0;
}

/* Takes over what the answer has; what failed before stays marked. */
static void
name_take(struct name *name, const struct dns_answer *answer, int64_t now)
{
	size_t size = answer->count * sizeof(*name->addresses);
	struct host_address *addresses = memory_get(size);
	int64_t ttl = (int64_t)answer->ttl * 1000;

	memcpy(addresses, answer->addresses, size);
	for (size_t i = 0; i < answer->count; i++)
		addresses[i].failed_at = failed_at(name, &addresses[i]);
	free(name->addresses);
	name->addresses = addresses;
	name->count = answer->count;
	name->version++;
	if (ttl < TTL_LEAST_MS)
		ttl = TTL_LEAST_MS;
	name->fresh_until = now + (ttl < TTL_MOST_MS ? ttl : TTL_MOST_MS);
	if (name->result == DNS_PENDING)
		name->found_at = now;
	name->result = DNS_FOUND;
}

/* The query is over, or nobody waits for it. */
static void
query_end(struct resolver *resolver, struct name *name)
{
	struct name **at = &resolver->asked;

	while (*at != name)
		at = &(*at)->next_asked;
	*at = name->next_asked;
	if (name->result == DNS_FOUND)
		lookup_answered(resolver->lookups, &name->lookup);
	else if (name->result == DNS_PENDING || name->result == DNS_SILENT)
		lookup_unanswered(resolver->lookups, &name->lookup);
	lookup_end(resolver->lookups, &name->lookup);
	dns_query_free(name->query);
	name->query = NULL;
}

static void
name_step(struct resolver *resolver, struct name *name, int64_t now)
{
	const struct dns_answer *answer = dns_query_answer(name->query);
	size_t had = name->result == DNS_FOUND ? name->count : 0;

	dns_query_step(name->query, now);
	if (answer->count > had)
		name_take(name, answer, now);
	if (!answer->done)
		return;
	if (answer->result != DNS_FOUND)
		name->result = answer->result;
	query_end(resolver, name);
}

static int
query_begin(
    struct resolver *resolver, struct name *name, bool slow, int64_t now)
{
	name->lookup.slow = slow;
	if (!lookup_begin(resolver->lookups, &name->lookup))
		return -1;
	name->result = DNS_PENDING;
	name->query =
	    dns_query_new(name->host, resolver->patience, resolver->events);
	name->next_asked = resolver->asked;
	resolver->asked = name;
	name_step(resolver, name, now);
	return 0;
}

void
resolver_step(struct resolver *resolver, int64_t now)
{
	struct epoll_event events[EVENTS_MOST];
	struct name *name, *next;
	int count = epoll_wait(resolver->events, events, EVENTS_MOST, 0);

	for (int i = 0; i < count; i++)
		dns_query_ready(events[i].data.ptr);
	for (name = resolver->asked; name != NULL; name = next) {
		next = name->next_asked;
		name_step(resolver, name, now);
	}
}

int64_t
resolver_wait_ms(const struct resolver *resolver, int64_t now)
{
	int64_t wait = INT64_MAX, one;

	for (const struct name *name = resolver->asked; name != NULL;
	     name = name->next_asked) {
		one = dns_query_wait_ms(name->query, now);
		wait = one < wait ? one : wait;
	}
	return wait;
}

struct name *
resolver_hold(
    struct resolver *resolver, const char *host, bool slow, int64_t now)
{
	struct name *name = name_get(resolver, host);
	bool is_known = name->result == DNS_FOUND && now < name->fresh_until;
	bool is_busy = name->query == NULL && !is_known &&
	    query_begin(resolver, name, slow, now) == -1;

	name->holders += !is_busy;
	name->waiters += !is_busy;
	names_trim(resolver);
	return is_busy ? NULL : name;
}

void
resolver_enough(struct resolver *resolver, struct name *name)
{
	if (--name->waiters == 0 && name->query != NULL)
		query_end(resolver, name);
}

void
resolver_release(struct resolver *resolver, struct name *name)
{
	(void)resolver;
	name->holders--;
}

/* ---- what is known of a name --------------------------------------------- */

enum dns_result
name_result(const struct name *name, int64_t now)
{
	return name->result == DNS_FOUND && name_wait_ms(name, now) > 0
	    ? DNS_PENDING
	    : name->result;
}

int64_t
name_wait_ms(const struct name *name, int64_t now)
{
	int64_t at = name->found_at + OTHER_FAMILY_MS;

	if (name->result != DNS_FOUND)
		return INT64_MAX;
	return name->query != NULL && at > now ? at - now : 0;
}

unsigned
name_version(const struct name *name)
{
	return name->version;
}

bool
name_may_grow(const struct name *name)
{
	return name->query != NULL;
}

static bool
has_failed(const struct host_address *address, int64_t now)
{
	return address->failed_at != 0 &&
	    now - address->failed_at < FAILED_FOR_MS;
}

/* Adds those of the family from *at on until one was added. */
static bool
order_add(const struct name *name, int64_t now, sa_family_t family, size_t *at,
    struct host_address *order, size_t *count)
{
	while (*at < name->count) {
		const struct host_address *address = &name->addresses[(*at)++];

		if (address->family != family || has_failed(address, now))
			continue;
		order[(*count)++] = *address;
		return true;
	}
	return false;
}

static int
by_failure(const void *a, const void *b)
{
	int64_t one = ((const struct host_address *)a)->failed_at;
	int64_t two = ((const struct host_address *)b)->failed_at;

	return (one > two) - (one < two);
}

size_t
name_order(const struct name *name, int64_t now,
    struct host_address order[DNS_ADDRESSES_MOST])
{
	size_t at6 = 0, at4 = 0, count = 0, good;
	bool six, four;

	do {
		six = order_add(name, now, AF_INET6, &at6, order, &count);
		four = order_add(name, now, AF_INET, &at4, order, &count);
	} while (six || four);
	good = count;
	for (size_t i = 0; i < name->count; i++)
		if (has_failed(&name->addresses[i], now))
			order[count++] = name->addresses[i];
	qsort(order + good, count - good, sizeof(*order), by_failure);
	return count;
}

void
name_mark(struct name *name, const struct host_address *address, bool failed,
    int64_t now)
{
	for (size_t i = 0; i < name->count; i++)
		if (host_address_equal(&name->addresses[i], address))
			name->addresses[i].failed_at = failed ? now : 0;
}
