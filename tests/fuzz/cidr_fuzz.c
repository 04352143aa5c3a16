/* An address, a line end, ALLOW_TARGETS: one verdict whatever clothes the
 * address wears, and a list that is refused allows nothing. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdbool.h>

#include "fuzz.h"
#include "rules/egress.h"

static bool
allows_v6(const struct in6_addr *address)
{
	const struct sockaddr_in6 socket = { .sin6_family = AF_INET6,
		.sin6_addr = *address };

	return egress_allows((const struct sockaddr *)&socket);
}

static bool
allows_v4(struct in_addr address)
{
	const struct sockaddr_in socket = { .sin_family = AF_INET,
		.sin_addr = address };

	return egress_allows((const struct sockaddr *)&socket);
}

/* As itself, as ::ffff:a.b.c.d and, unless that range is in the list, as
 * 64:ff9b::a.b.c.d. */
static void
v4_check(const char *text, bool allowed, bool has_v6)
{
	struct in6_addr mapped = { { { [10] = 0xff, [11] = 0xff } } };
	struct in6_addr nat64 = { { { [1] = 0x64, [2] = 0xff, [3] = 0x9b } } };
	struct in_addr v4;

	MUST(inet_pton(AF_INET, text, &v4) == 1);
	MUST(allows_v4(v4) == allowed);
	memcpy(mapped.s6_addr + 12, &v4, sizeof(v4));
	memcpy(nat64.s6_addr + 12, &v4, sizeof(v4));
	MUST(allows_v6(&mapped) == allowed);
	MUST(has_v6 || allows_v6(&nat64) == allowed);
}

static void
address_check(const char *text, const char *list)
{
	bool allowed = egress_allows_text(text);
	struct in6_addr v6;

	if (inet_pton(AF_INET6, text, &v6) == 1)
		MUST(allows_v6(&v6) == allowed);
	else if (strchr(text, '.') != NULL && inet_addr(text) != INADDR_NONE &&
	    strspn(text, "0123456789.") == strlen(text) && allowed)
		v4_check(text, allowed, strchr(list, ':') != NULL);
	else
		MUST(!allowed || strcmp(text, "255.255.255.255") == 0);
}

static void
list_check(const char *list)
{
	char reason[EGRESS_REASON_SIZE];

	memset(reason, 'x', sizeof(reason));
	if (egress_open(list, reason) == 0)
		return;
	MUST(memchr(reason, '\0', sizeof(reason)) != NULL);
	MUST(strncmp(reason, "ALLOW_TARGETS: ", 15) == 0);
	MUST(!egress_allows_text("127.0.0.1"));
	MUST(!egress_allows_text("10.0.0.1"));
	MUST(!egress_allows_text("::1"));
	MUST(!egress_allows_name("localhost"));
	MUST(egress_allows_text("1.1.1.1"));
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct input input = { bytes, size };
	char *address = input_line(&input), *list = input_rest(&input);

	list_check(list);
	address_check(address, list);
	free(list);
	free(address);
	return 0;
}
