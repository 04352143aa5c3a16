#include "rules/throttle.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

const int throttle_waits_s[THROTTLE_STEPS] = { 0, 0, 0, 0, 2, 4, 8, 16, 32, 64,
	128, 256, 512, 900 };

static void
network_of_four(
    const unsigned char octets[4], char network[THROTTLE_NETWORK_SIZE])
{
	snprintf(network, THROTTLE_NETWORK_SIZE, "%u.%u.%u.0/24", octets[0],
	    octets[1], octets[2]);
}

void
throttle_network(const char *address, char network[THROTTLE_NETWORK_SIZE])
{
	struct in_addr four;
	struct in6_addr six;

	if (address != NULL && inet_pton(AF_INET, address, &four) == 1) {
		network_of_four((const unsigned char *)&four, network);
		return;
	}
	if (address == NULL || inet_pton(AF_INET6, address, &six) != 1) {
		strcpy(network, "unknown");
		return;
	}
	if (IN6_IS_ADDR_V4MAPPED(&six)) {
		network_of_four(six.s6_addr + 12, network);
		return;
	}
	memset(six.s6_addr + 8, 0, 8);
	inet_ntop(AF_INET6, &six, network, THROTTLE_NETWORK_SIZE - 3);
	strcat(network, "/64");
}
