#include "rules/egress.h"

#include <arpa/inet.h>
#include <endian.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ground/config.h"
#include "ground/text.h"

/* An IPv6 address as two numbers; an IPv4 address as ::ffff:a.b.c.d. */
struct address {
	uint64_t high, low;
};

struct range {
	struct address net, mask;
};

struct ranges {
	struct range *first;
	size_t count;
};

static const char *const refused_v4[] = {
	"0.0.0.0/8",	    /* this network, RFC 1122: reaches localhost */
	"10.0.0.0/8",	    /* private, RFC 1918 */
	"100.64.0.0/10",    /* shared, RFC 6598; Alibaba metadata */
	"127.0.0.0/8",	    /* loopback */
	"168.63.129.16/32", /* Azure's metadata, in no registry */
	"169.254.0.0/16",   /* link-local, RFC 3927; cloud metadata */
	"172.16.0.0/12",    /* private */
	"192.0.0.0/24",	    /* protocol assignments, RFC 6890 */
	"192.0.2.0/24",	    /* documentation, RFC 5737 */
	"192.31.196.0/24",  /* AS112, RFC 7535 */
	"192.52.193.0/24",  /* AMT, RFC 7450 */
	"192.88.99.0/24",   /* 6to4 relays, RFC 7526 */
	"192.168.0.0/16",   /* private */
	"192.175.48.0/24",  /* AS112, RFC 7534 */
	"198.18.0.0/15",    /* benchmarking, RFC 2544 */
	"198.51.100.0/24",  /* documentation */
	"203.0.113.0/24",   /* documentation */
	"224.0.0.0/4",	    /* multicast, RFC 5771 */
	"240.0.0.0/4",	    /* reserved, broadcast */
};

/* Within 2000::/3; outside of it all but NAT64 is refused. */
static const char *const refused_v6[] = {
	"2001::/23",	     /* protocol assignments, RFC 2928; Teredo */
	"2001:db8::/32",     /* documentation, RFC 3849 */
	"2002::/16",	     /* 6to4, RFC 3056: embeds IPv4 */
	"2620:4f:8000::/48", /* AS112, RFC 7534 */
	"3fff::/20",	     /* documentation, RFC 9637 */
};

/* RFC 6762, RFC 8375, and ICANN's reservation of 2024. */
static const char *const local_names[] = { "local", "internal", "home.arpa" };

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define ADDRESS_TEXT_SIZE 64

static struct ranges refused4, refused6, allowed, own;

static struct address
address_of_v4(uint32_t v4)
{
	return (struct address){ 0, (uint64_t)0xffff << 32 | v4 };
}

static struct address
address_of_v6(const struct in6_addr *v6)
{
	uint64_t halves[2];

	memcpy(halves, v6, sizeof(halves));
	return (struct address){ be64toh(halves[0]), be64toh(halves[1]) };
}

static bool
is_v4(struct address address)
{
	return address.high == 0 && address.low >> 32 == 0xffff;
}

/* 64:ff9b::/96, RFC 6052. */
static bool
is_nat64(struct address address)
{
	return address.high == (uint64_t)0x64ff9b << 32 &&
	    address.low >> 32 == 0;
}

/* An IPv4 address in the interface id, RFC 5214. */
static bool
is_isatap(struct address address)
{
	return (address.low >> 32 & ~(uint64_t)0x02000000) == 0x5efe;
}

/* 1 to 64 leading ones, or none. */
static uint64_t
ones(int count)
{
	return count <= 0 ? 0 : ~(uint64_t)0 << (count >= 64 ? 0 : 64 - count);
}

static int
address_parse(const char *text, struct address *address)
{
	struct in_addr v4;
	struct in6_addr v6;

	if (inet_pton(AF_INET, text, &v4) == 1)
		*address = address_of_v4(ntohl(v4.s_addr));
	else if (inet_pton(AF_INET6, text, &v6) == 1)
		*address = address_of_v6(&v6);
	else
		return -1;
	return 0;
}

/* "/24", or "" for `most`: the bits of a prefix, or -1. */
static int
prefix_parse(const char *text, int most)
{
	size_t digits = text[0] == '/' ? strspn(text + 1, "0123456789") : 0;
	int bits;

	if (text[0] == '\0')
		return most;
	if (digits == 0 || digits > 3 || text[1 + digits] != '\0')
		return -1;
	bits = atoi(text + 1);
	return bits <= most ? bits : -1;
}

static int
range_parse(const char *text, struct range *range)
{
	char address[ADDRESS_TEXT_SIZE];
	size_t length = strcspn(text, "/");
	int bits;

	if (length >= sizeof(address))
		return -1;
	memcpy(address, text, length);
	address[length] = '\0';
	if (address_parse(address, &range->net) == -1)
		return -1;
	if (strchr(address, ':') != NULL)
		bits = prefix_parse(text + length, 128);
	else if ((bits = prefix_parse(text + length, 32)) != -1)
		bits += 96;
	if (bits == -1)
		return -1;
	range->mask = (struct address){ ones(bits), ones(bits - 64) };
	/* Bits beyond the prefix: which of the two was meant? */
	return (range->net.high & ~range->mask.high) == 0 &&
		(range->net.low & ~range->mask.low) == 0
	    ? 0
	    : -1;
}

static void
ranges_add(struct ranges *ranges, struct range range)
{
	ranges->first =
	    memory_resize(ranges->first, (ranges->count + 1) * sizeof(range));
	ranges->first[ranges->count++] = range;
}

static void
ranges_clear(struct ranges *ranges)
{
	free(ranges->first);
	*ranges = (struct ranges){ 0 };
}

static bool
range_has(const struct range *range, struct address address)
{
	return (((address.high ^ range->net.high) & range->mask.high) |
		   ((address.low ^ range->net.low) & range->mask.low)) == 0;
}

static bool
ranges_have(const struct ranges *ranges, struct address address)
{
	for (size_t i = 0; i < ranges->count; i++)
		if (range_has(&ranges->first[i], address))
			return true;
	return false;
}

/* ::/0 is all of IPv6; IPv4 has only lent it a form here. */
static bool
operator_allows(struct address address)
{
	for (size_t i = 0; i < allowed.count; i++)
		if (is_v4(allowed.first[i].net) == is_v4(address) &&
		    range_has(&allowed.first[i], address))
			return true;
	return false;
}

static void
table_read(struct ranges *ranges, const char *const *texts, size_t count)
{
	struct range range;

	for (size_t i = 0; i < count; i++) {
		if (range_parse(texts[i], &range) == -1)
			abort();
		ranges_add(ranges, range);
	}
}

static bool
table_refuses(struct address address)
{
	if (refused4.count == 0) {
		table_read(&refused4, refused_v4, COUNT(refused_v4));
		table_read(&refused6, refused_v6, COUNT(refused_v6));
	}
	if (is_v4(address))
		return ranges_have(&refused4, address);
	return address.high >> 61 != 1 || is_isatap(address) ||
	    ranges_have(&refused6, address);
}

static bool
address_allowed(struct address address)
{
	if (operator_allows(address))
		return true;
	if (is_nat64(address))
		return address_allowed(address_of_v4((uint32_t)address.low));
	return !ranges_have(&own, address) && !table_refuses(address);
}

int
egress_open(const char *list, char reason[EGRESS_REASON_SIZE])
{
	char *copy = memory_copy_string(list != NULL ? list : "");
	char *rest = copy, *one;
	struct range range;
	int rc = 0;

	ranges_clear(&allowed);
	while (rc == 0 && (one = strsep(&rest, ", \t")) != NULL) {
		if (*one == '\0')
			continue;
		if (range_parse(one, &range) == 0) {
			ranges_add(&allowed, range);
			continue;
		}
		snprintf(reason, EGRESS_REASON_SIZE,
		    "ALLOW_TARGETS: neither an address nor a range such as "
		    "10.0.0.0/8, with no bit set beyond its prefix: %.64s",
		    one);
		ranges_clear(&allowed);
		rc = -1;
	}
	free(copy);
	return rc;
}

/* 0, or -1 for a family that is neither IPv4 nor IPv6. */
static int
address_read(const struct sockaddr *from, struct address *address)
{
	const struct sockaddr_in *in = (const void *)from;
	const struct sockaddr_in6 *in6 = (const void *)from;

	switch (from->sa_family) {
	case AF_INET:
		*address = address_of_v4(ntohl(in->sin_addr.s_addr));
		break;
	case AF_INET6: *address = address_of_v6(&in6->sin6_addr); break;
	default: return -1;
	}
	return 0;
}

void
egress_set_own(const struct sockaddr *const *addresses, int count)
{
	struct range range = { .mask = { ones(64), ones(64) } };

	ranges_clear(&own);
	for (int i = 0; i < count; i++)
		if (address_read(addresses[i], &range.net) == 0)
			ranges_add(&own, range);
}

bool
egress_allows(const struct sockaddr *from)
{
	const struct sockaddr_in6 *in6 = (const void *)from;
	struct address address;

	if (address_read(from, &address) == -1)
		return false;
	if (from->sa_family == AF_INET6 && in6->sin6_scope_id != 0)
		return false; /* a zone of this host's, RFC 4007 */
	/* The port is at the same place in both. */
	if (!config_allows_port(ntohs(in6->sin6_port)))
		return false;
	return address_allowed(address);
}

bool
egress_allows_text(const char *text)
{
	struct address address;

	return address_parse(text, &address) == 0 && address_allowed(address);
}

/* "a.local" and "local", but not "vocal". */
static bool
name_is_within(const char *name, size_t length, const char *domain)
{
	size_t least = strlen(domain);

	return length >= least &&
	    memcmp(name + length - least, domain, least) == 0 &&
	    (length == least || name[length - least - 1] == '.');
}

bool
egress_allows_name(const char *name)
{
	size_t length = strlen(name);

	if (name_is_within(name, length, "localhost")) /* RFC 6761 */
		return egress_allows_text("127.0.0.1") ||
		    egress_allows_text("::1");
	if (allowed.count != 0)
		return true;
	for (size_t i = 0; i < COUNT(local_names); i++)
		if (name_is_within(name, length, local_names[i]))
			return false;
	return memchr(name, '.', length) != NULL;
}
