#include "ground/interfaces.h"

#include <ifaddrs.h>
#include <stdlib.h>

#include "ground/log.h"
#include "ground/text.h"

#define LOOK_EVERY_MS 60000
#define LOOK_AGAIN_MS 1000

int
interfaces_look(int64_t now_ms,
    void (*take)(const struct sockaddr *const *addresses, int count))
{
	static int64_t look_at;
	const struct sockaddr **addresses;
	struct ifaddrs *all;
	int count = 0;

	if (now_ms < look_at)
		return 0;
	look_at = now_ms + LOOK_AGAIN_MS;
	if (getifaddrs(&all) == -1) {
		log_error("cannot list the host's addresses reason=\"%m\"");
		return -1;
	}
	look_at = now_ms + LOOK_EVERY_MS;
	for (struct ifaddrs *one = all; one != NULL; one = one->ifa_next)
		count++;
	addresses = memory_get(((size_t)count + 1) * sizeof(*addresses));
	count = 0;
	for (struct ifaddrs *one = all; one != NULL; one = one->ifa_next)
		if (one->ifa_addr != NULL)
			addresses[count++] = one->ifa_addr;
	take(addresses, count);
	free(addresses);
	freeifaddrs(all);
	return 0;
}
