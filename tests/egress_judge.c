/*
 * The verdicts of rules/egress for tests/egress_model.py.
 *
 *   egress_judge 4             addresses of 4 bytes on standard input; for each
 *   egress_judge 6             (of 16) one byte out: a allowed, r refused
 *   egress_judge all FROM TO   each IPv4 address from FROM to TO, as numbers: a
 *                              line "ADDRESS a|r" where the verdict changes
 */
#include <arpa/inet.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rules/egress.h"

static char
judge4(struct in_addr address)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_addr = address };

	return egress_allows((struct sockaddr *)&in) ? 'a' : 'r';
}

static char
judge6(struct in6_addr address)
{
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6,
		.sin6_addr = address };

	return egress_allows((struct sockaddr *)&in6) ? 'a' : 'r';
}

static void
judge_input(bool is_v6)
{
	struct in_addr v4;
	struct in6_addr v6;

	if (is_v6)
		while (fread(&v6, sizeof(v6), 1, stdin) == 1)
			putchar(judge6(v6));
	else
		while (fread(&v4, sizeof(v4), 1, stdin) == 1)
			putchar(judge4(v4));
}

static void
judge_all(uint32_t from, uint32_t to)
{
	char last = '\0', now;

	for (uint64_t address = from; address <= to; address++) {
		now = judge4((struct in_addr){ htonl((uint32_t)address) });
		if (now != last)
			printf("%" PRIu64 " %c\n", address, now);
		last = now;
	}
}

int
main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "4") == 0)
		judge_input(false);
	else if (argc == 2 && strcmp(argv[1], "6") == 0)
		judge_input(true);
	else if (argc == 4 && strcmp(argv[1], "all") == 0)
		judge_all((uint32_t)strtoul(argv[2], NULL, 10),
		    (uint32_t)strtoul(argv[3], NULL, 10));
	else
		return 64;
	return fflush(stdout) == 0 ? 0 : 1;
}
