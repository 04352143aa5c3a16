#ifndef RULES_TARGET_URL_H
#define RULES_TARGET_URL_H
/*
 * What may be a target URL, and its one spelling: absolute, http or https, no
 * user or password, scheme and host in lower case, international names in
 * punycode, spaces as %20, no default port, at least "/" as path; the parser
 * is libcurl's, which will also send to it.
 */

enum target_url_fault {
	TARGET_URL_OK,
	TARGET_URL_MALFORMED, /* url_parsing: reason says why */
	TARGET_URL_SCHEME     /* url_scheme */
};

/* *normal is yours to free() when OK, else NULL. *reason: a literal, the
 * phrase after "Input should be a valid URL, ". At most 2048 bytes. */
enum target_url_fault
target_url_parse(const char *text, char **normal, const char **reason);
#endif
