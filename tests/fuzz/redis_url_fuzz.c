/* REDIS_URL: refused in words without a byte of it, or read; then it can be
 * spelled anew, and a password in it was seen by who guards the settings. */
#include <ctype.h>

#include "fuzz.h"
#include "ground/url_password.h"
#include "stores/redis_url.h"

static bool
same(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static void
encoded_add(struct text *url, const char *plain)
{
	for (; *plain != '\0'; plain++)
		if (isalnum((unsigned char)*plain) || *plain == '/')
			text_add(url, plain, 1);
		else
			text_addf(url, "%%%02x", (unsigned char)*plain);
}

static void
credentials_add(struct text *text, const struct redis_url *url)
{
	struct text part = { 0 };

	encoded_add(&part, url->user == NULL ? "" : url->user);
	if (url->password != NULL) {
		text_adds(&part, ":");
		encoded_add(&part, url->password);
	}
	for (const char *at = text_string(&part); *at != '\0'; at++)
		text_adds(text, *at == '/' ? "%2F" : (char[]){ *at, '\0' });
	if (url->user != NULL || url->password != NULL)
		text_adds(text, "@");
	text_free(&part);
}

static void
spell(struct text *text, const struct redis_url *url)
{
	bool is_v6 = url->host != NULL && strchr(url->host, ':') != NULL;

	text_adds(text, url->path != NULL ? "unix://" : "redis://");
	credentials_add(text, url);
	if (url->path != NULL) {
		encoded_add(text, url->path);
		text_addf(text, "?db=%d", url->db);
		return;
	}
	text_addf(text, is_v6 ? "[%s]:%d/%d" : "%s:%d/%d", url->host, url->port,
	    url->db);
}

static void
spelled_anew_is_the_same(const struct redis_url *url)
{
	struct text text = { 0 };
	struct redis_url again;
	const char *reason;

	spell(&text, url);
	MUST(redis_url_parse(text_string(&text), &again, &reason) == 0);
	MUST(same(again.path, url->path) && same(again.host, url->host));
	MUST(same(again.user, url->user));
	MUST(same(again.password, url->password));
	MUST(again.port == url->port && again.db == url->db);
	redis_url_release(&again);
	text_free(&text);
}

static void
url_check(const char *text, const struct redis_url *url)
{
	MUST((url->path == NULL) != (url->host == NULL));
	MUST(url->db >= 0 && url->db <= 65535);
	if (url->path != NULL)
		MUST(url->path[0] == '/');
	else
		MUST(url->host[0] != '\0' && url->port >= 1 &&
		    url->port <= 65535);
	MUST(url->user == NULL || url->user[0] != '\0');
	if (url->password != NULL && url->password[0] != '\0')
		MUST(url_holds_password(text));
	spelled_anew_is_the_same(url);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	char *text = memory_copy(bytes, size);
	const char *reason = NULL;
	struct redis_url url;

	if (redis_url_parse(text, &url, &reason) == 0) {
		MUST(reason == NULL);
		url_check(text, &url);
	} else {
		MUST(strncmp(reason, "has ", 4) == 0 ||
		    strncmp(reason, "begins ", 7) == 0);
	}
	redis_url_release(&url);
	free(text);
	return 0;
}
