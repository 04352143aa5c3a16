/* An address that log-ins fail from: its network is one that holds it, its
 * neighbours and nobody else; or it is no address. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdbool.h>

#include "fuzz.h"
#include "rules/throttle.h"

struct network {
	int family;
	unsigned bits;
	unsigned char bytes[16];
};

static struct network
network_read(const char *text)
{
	struct network network = { .family = AF_INET };
	const char *slash = strchr(text, '/');
	char *address;

	MUST(slash != NULL);
	address = memory_copy(text, (size_t)(slash - text));
	if (strchr(address, ':') != NULL)
		network.family = AF_INET6;
	MUST(inet_pton(network.family, address, network.bytes) == 1);
	MUST(strcmp(slash, network.family == AF_INET ? "/24" : "/64") == 0);
	network.bits = network.family == AF_INET ? 24 : 64;
	free(address);
	return network;
}

/* The same but for one bit. */
static void
bit_check(const struct network *network, const char *text, unsigned bit)
{
	struct network other = *network;
	char address[INET6_ADDRSTRLEN], again[THROTTLE_NETWORK_SIZE];

	other.bytes[bit / 8] ^= (unsigned char)(0x80 >> bit % 8);
	MUST(inet_ntop(other.family, other.bytes, address, sizeof(address)));
	throttle_network(address, again);
	MUST((strcmp(again, text) == 0) == (bit >= network->bits));
}

/* How a second look reads the address: IPv4 in the last four bytes, or IPv6. */
static bool
address_read(const char *text, struct network *address)
{
	static const unsigned char mapped[12] = { [10] = 0xff, [11] = 0xff };

	if (inet_pton(AF_INET, text, address->bytes) == 1) {
		address->family = AF_INET;
		return true;
	}
	if (inet_pton(AF_INET6, text, address->bytes) != 1)
		return false;
	address->family = AF_INET6;
	if (memcmp(address->bytes, mapped, sizeof(mapped)) == 0) {
		address->family = AF_INET;
		memmove(address->bytes, address->bytes + 12, 4);
	}
	return true;
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	char *text = memory_copy(bytes, size);
	char said[THROTTLE_NETWORK_SIZE];
	struct network address = { 0 }, network;

	memset(said, 'x', sizeof(said));
	throttle_network(text, said);
	MUST(memchr(said, '\0', sizeof(said)) != NULL);
	if (!address_read(text, &address)) {
		MUST(strcmp(said, "unknown") == 0);
	} else {
		network = network_read(said);
		MUST(network.family == address.family);
		MUST(memcmp(network.bytes, address.bytes, network.bits / 8) ==
		    0);
		for (size_t i = network.bits / 8; i < 16; i++)
			MUST(network.bytes[i] == 0);
		for (unsigned i = 0; i < (network.bits == 24 ? 32 : 128); i++)
			bit_check(&network, said, i);
	}
	free(text);
	return 0;
}
