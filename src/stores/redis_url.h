#ifndef STORES_REDIS_URL_H
#define STORES_REDIS_URL_H
/*
 * Where Redis is: redis://[user:password@]host[:port][/db] or
 * unix://[user:password@]/path[?db=N]. Percent signs are decoded in user,
 * password and path; an IPv6 host stands in brackets.
 */
struct redis_url {
	char *path; /* a unix socket's, or NULL */
	char *host;
	int port;
	char *user;	/* NULL: none */
	char *password; /* NULL: none */
	int db;
};

/* 0, or -1 and in *reason a literal that holds nothing of the url (there is a
 * password in it). Release it in either case. */
int
redis_url_parse(const char *text, struct redis_url *url, const char **reason);
void redis_url_release(struct redis_url *url);
#endif
