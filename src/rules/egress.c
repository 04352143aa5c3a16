#include "rules/egress.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ground/text.h"

/* IPv4 is judged in its mapped form ::ffff:a.b.c.d, so one table serves. */
struct range {
	unsigned char address[16];
	int bits;
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

/* Within 2000::/3; outside of it everything is refused. */
static const char *const refused_v6[] = {
	"2001::/23",	     /* protocol assignments, RFC 2928; Teredo */
	"2001:db8::/32",     /* documentation, RFC 3849 */
	"2002::/16",	     /* 6to4, RFC 3056: embeds IPv4 */
	"2620:4f:8000::/48", /* AS112, RFC 7534 */
	"3fff::/20",	     /* documentation, RFC 9637 */
};

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static struct range refused[COUNT(refused_v4) + COUNT(refused_v6)];
static size_t refused_count;
static struct range *allowed_ranges;
static size_t allowed_count;
static struct range *own_addresses;
static size_t own_count;

static const unsigned char mapped[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff,
	0xff };

static int
range_parse(const char *text, struct range *range)
{
	char address[EGRESS_BAD_SIZE];
	const char *slash = strchr(text, '/');
	size_t length = slash != NULL ? (size_t)(slash - text) : strlen(text);
	char *end;
	long bits, most = 128;

	if (length >= sizeof(address))
		return -1;
	memcpy(address, text, length);
	address[length] = '\0';
	if (inet_pton(AF_INET, address, range->address + 12) == 1) {
		memcpy(range->address, mapped, sizeof(mapped));
		most = 32;
	} else if (inet_pton(AF_INET6, address, range->address) != 1)
		return -1;
	bits = most;
	if (slash != NULL) {
		if (slash[1] < '0' || slash[1] > '9')
			return -1;
		bits = strtol(slash + 1, &end, 10);
		if (*end != '\0' || bits > most)
			return -1;
	}
	range->bits = (int)(bits + 128 - most);
	return 0;
}

static bool
range_has(const struct range *range, const unsigned char address[16])
{
	size_t whole = (size_t)range->bits / 8;
	int rest = range->bits % 8;
	unsigned char mask = (unsigned char)(0xff00 >> rest);

	return memcmp(range->address, address, whole) == 0 &&
	    (rest == 0 ||
		((range->address[whole] ^ address[whole]) & mask) == 0);
}

static bool
ranges_have(
    const struct range *ranges, size_t count, const unsigned char address[16])
{
	for (size_t i = 0; i < count; i++)
		if (range_has(&ranges[i], address))
			return true;
	return false;
}

static void
refused_fill(void)
{
	if (refused_count > 0)
		return;
	for (size_t i = 0; i < COUNT(refused_v4); i++)
		range_parse(refused_v4[i], &refused[refused_count++]);
	for (size_t i = 0; i < COUNT(refused_v6); i++)
		range_parse(refused_v6[i], &refused[refused_count++]);
}

int
egress_open(const char *allowed, char bad[EGRESS_BAD_SIZE])
{
	char *copy = memory_copy_string(allowed != NULL ? allowed : "");
	char *rest = copy, *one;
	struct range range;
	int rc = 0;

	free(allowed_ranges);
	allowed_ranges = NULL;
	allowed_count = 0;
	while ((one = strsep(&rest, ", \t")) != NULL) {
		if (*one == '\0')
			continue;
		if (range_parse(one, &range) == -1) {
			strncpy(bad, one, EGRESS_BAD_SIZE - 1);
			bad[EGRESS_BAD_SIZE - 1] = '\0';
			rc = -1;
			break;
		}
		allowed_ranges = memory_resize(
		    allowed_ranges, (allowed_count + 1) * sizeof(range));
		allowed_ranges[allowed_count++] = range;
	}
	free(copy);
	return rc;
}

/* False for a family that is neither IPv4 nor IPv6. */
static bool
address_bytes(const struct sockaddr *from, unsigned char address[16])
{
	if (from->sa_family == AF_INET) {
		const struct sockaddr_in *in = (const void *)from;

		memcpy(address, mapped, sizeof(mapped));
		memcpy(address + 12, &in->sin_addr, 4);
		return true;
	}
	if (from->sa_family == AF_INET6) {
		const struct sockaddr_in6 *in6 = (const void *)from;

		memcpy(address, &in6->sin6_addr, 16);
		return true;
	}
	return false;
}

void
egress_set_own(const struct sockaddr *const *addresses, int count)
{
	free(own_addresses);
	own_addresses = memory_get(((size_t)count + 1) * sizeof(struct range));
	own_count = 0;
	for (int i = 0; i < count; i++) {
		struct range *own = &own_addresses[own_count];

		own->bits = 128;
		if (address_bytes(addresses[i], own->address))
			own_count++;
	}
}

static bool
bytes_allowed(const unsigned char address[16])
{
	bool is_v4 = memcmp(address, mapped, sizeof(mapped)) == 0;

	refused_fill();
	if (ranges_have(allowed_ranges, allowed_count, address))
		return true;
	if (ranges_have(own_addresses, own_count, address))
		return false;
	if (!is_v4 && (address[0] & 0xe0) != 0x20)
		return false;
	/* ISATAP, RFC 5214: an IPv4 address in the interface id */
	if (!is_v4 && (address[8] & 0xfd) == 0 && address[9] == 0 &&
	    address[10] == 0x5e && address[11] == 0xfe)
		return false;
	return !ranges_have(refused, refused_count, address);
}

bool
egress_allows(const struct sockaddr *address)
{
	unsigned char bytes[16];

	if (!address_bytes(address, bytes))
		return false;
	if (address->sa_family == AF_INET6 &&
	    ((const struct sockaddr_in6 *)(const void *)address)
		    ->sin6_scope_id != 0)
		return false;
	return bytes_allowed(bytes);
}

bool
egress_allows_text(const char *address)
{
	unsigned char bytes[16];

	memcpy(bytes, mapped, sizeof(mapped));
	if (inet_pton(AF_INET, address, bytes + 12) != 1 &&
	    inet_pton(AF_INET6, address, bytes) != 1)
		return false;
	return bytes_allowed(bytes);
}
