#include "ground/interfaces.h"

#include <ifaddrs.h>
#include <stdlib.h>

#include "ground/text.h"

#define LOOK_EVERY_MS 60000

void
interfaces_look(int64_t now_ms,
    void (*take)(const struct sockaddr *const *addresses, int count))
{
	static int64_t look_at;
	const struct sockaddr **addresses;
	struct ifaddrs *all;
	int count = 0;

	if (now_ms < look_at)
		return;
	look_at = now_ms + LOOK_EVERY_MS;
	if (getifaddrs(&all) == -1)
		return;
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
}
