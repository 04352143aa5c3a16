#ifndef RULES_TARGET_URL_H
#define RULES_TARGET_URL_H
/*
 * What may be a target URL, and its one spelling: absolute, http or https, no
 * user or password, scheme and host in lower case, international names in
 * punycode, spaces as %20, no default port, at least "/" as path; the parser
 * is libcurl's, which will also send to it.
 */
#include <stdbool.h>
#include <stdint.h>

#define TARGET_URL_BYTES 2048 /* at most */

enum target_url_fault {
	TARGET_URL_OK,
	TARGET_URL_MALFORMED, /* url_parsing: reason says why */
	TARGET_URL_SCHEME,    /* url_scheme */
	TARGET_URL_ADDRESS,   /* target_url_admit's: where egress forbids */
	TARGET_URL_PORT	      /* the same: not in ALLOW_PORTS */
};

/* *normal is yours to free() when OK, else NULL. *reason: a literal, the
 * phrase after "Input should be a valid URL, ". */
enum target_url_fault
target_url_parse(const char *text, char **normal, const char **reason);

/*
 * The same, and then whether to deliver there: http is TARGET_URL_SCHEME too
 * where https_only, and a host that is an address, or a name known to be
 * local, is judged by egress. A name is not looked up: a stranger's name server
 * would hold who asks it, and what it says now binds it to nothing later.
 */
enum target_url_fault target_url_admit(
    const char *text, bool https_only, char **normal, const char **reason);

/* The host of a URL in its one spelling, an IPv6 address with its brackets,
 * yours to free(); and its port. */
char *target_url_host(const char *normal, uint16_t *port);
#endif
