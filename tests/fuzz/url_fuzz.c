/* A target URL: the one spelling is plain, its own spelling, and never one of
 * a refused address. */
#include <arpa/inet.h>

#include "fuzz.h"
#include "rules/egress.h"
#include "rules/target_url.h"

static void
spelling_check(const char *url)
{
	const char *host = strstr(url, "://");
	const char *end;

	MUST(strlen(url) <= 2048);
	MUST(strncmp(url, "http://", 7) == 0 ||
	    strncmp(url, "https://", 8) == 0);
	for (const char *at = url; *at != '\0'; at++)
		MUST(*at > ' ' && *at <= '~');
	host += 3;
	end = host + strcspn(host, "/?#");
	MUST(*end == '/' && end != host);
	for (; host < end; host++)
		MUST(strchr("@\\<>\"^`{|}", *host) == NULL &&
		    !(*host >= 'A' && *host <= 'Z'));
}

static void
is_its_own_spelling(const char *url)
{
	const char *reason;
	char *again;

	MUST(target_url_parse(url, &again, &reason) == TARGET_URL_OK);
	MUST(strcmp(again, url) == 0);
	free(again);
}

/* How refused hosts begin in the one spelling. */
static const char *const inward[] = { "127.0.0.1/", "127.0.0.1:", "10.0.0.1/",
	"169.254.169.254/", "0.0.0.0/", "[::1]", "[::]", "[::ffff:127.",
	"[::ffff:10.", "[64:ff9b::7f00:", "[f", "localhost/",
	"localhost:", "localhost./" };

/* What a resolver would read as an IPv4 address (0x7f.1, 017700000001) is
 * spelled as one, and is judged. */
static void
numbers_check(const char *url)
{
	const char *from = strstr(url, "://") + 3;
	char *host = memory_copy(from, strcspn(from, ":/"));
	struct in_addr address;
	char text[INET_ADDRSTRLEN];

	if (inet_aton(host, &address) == 1) {
		inet_ntop(AF_INET, &address, text, sizeof(text));
		MUST(strcmp(host, text) == 0);
		MUST(egress_allows_text(host));
	}
	free(host);
}

static void
admission_check(const char *text, const char *normal)
{
	const char *reason;
	char *admitted, *host;
	enum target_url_fault fault =
	    target_url_admit(text, false, &admitted, &reason);

	MUST(fault == TARGET_URL_OK || fault == TARGET_URL_ADDRESS);
	MUST((fault == TARGET_URL_OK) == (admitted != NULL));
	if (admitted == NULL)
		return;
	MUST(strcmp(admitted, normal) == 0);
	host = strstr(admitted, "://") + 3;
	for (size_t i = 0; i < sizeof(inward) / sizeof(inward[0]); i++)
		MUST(strncmp(host, inward[i], strlen(inward[i])) != 0);
	numbers_check(admitted);
	free(admitted);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	char *text = memory_copy(bytes, size), *normal;
	const char *reason;
	enum target_url_fault fault = target_url_parse(text, &normal, &reason);

	MUST((fault == TARGET_URL_OK) == (normal != NULL));
	MUST((fault == TARGET_URL_OK) == (reason == NULL));
	if (normal != NULL) {
		spelling_check(normal);
		is_its_own_spelling(normal);
		admission_check(text, normal);
	}
	free(normal);
	free(text);
	return 0;
}
