#include <string.h>

#include "doors/http_link.h"
#include "ground/clock.h"
#include "ground/log.h"

#define SLOW_MS 1000
#define LINES_MAX 50 /* a second, of requests that went badly */

static const struct {
	int status;
	const char *phrase;
} phrases[] = {
	{ 200, "OK" },
	{ 201, "Created" },
	{ 202, "Accepted" },
	{ 204, "No Content" },
	{ 302, "Found" },
	{ 303, "See Other" },
	{ 304, "Not Modified" },
	{ 307, "Temporary Redirect" },
	{ 308, "Permanent Redirect" },
	{ 400, "Bad Request" },
	{ 401, "Unauthorized" },
	{ 403, "Forbidden" },
	{ 404, "Not Found" },
	{ 405, "Method Not Allowed" },
	{ 409, "Conflict" },
	{ 410, "Gone" },
	{ 413, "Content Too Large" },
	{ 415, "Unsupported Media Type" },
	{ 422, "Unprocessable Content" },
	{ 429, "Too Many Requests" },
	{ 500, "Internal Server Error" },
	{ 503, "Service Unavailable" },
	{ 508, "Loop Detected" },
};

static const char page_policy[] =
    "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self'; font-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'; "
    "object-src 'none'; require-trusted-types-for 'script'; "
    "trusted-types 'none'";
static const char data_policy[] = "default-src 'none'; frame-ancestors 'none'";

/* On every answer; apache-conf has the same for what Apache serves itself. HSTS
 * is the business of the server that has TLS: apache-conf sets it.
 * Not `no-referrer`: browsers would say `Origin: null` with our own forms. */
static const char common_headers[] =
    "X-Content-Type-Options: nosniff\r\n"
    "X-Frame-Options: DENY\r\n"
    "Referrer-Policy: same-origin\r\n"
    "Cross-Origin-Opener-Policy: same-origin\r\n"
    "Cross-Origin-Resource-Policy: same-origin\r\n"
    "Permissions-Policy: camera=(), microphone=(), geolocation=(), "
    "payment=(), usb=()\r\n"
    "X-XSS-Protection: 0\r\n"
    "Cache-Control: no-store\r\n";

static const char *
phrase_of(int status)
{
	for (size_t i = 0; i < sizeof(phrases) / sizeof(phrases[0]); i++)
		if (phrases[i].status == status)
			return phrases[i].phrase;
	return "Status";
}

void
response_header(struct response *response, const char *name, const char *value)
{
	text_adds(&response->headers, name);
	text_adds(&response->headers, ": ");
	text_add(&response->headers, value, strcspn(value, "\r\n"));
	text_adds(&response->headers, "\r\n");
}

static bool
is_page(const struct response *response)
{
	return response->content_type != NULL &&
	    strncmp(response->content_type, "text/html", 9) == 0;
}

static void
head_build(const struct request *request, const struct response *response,
    struct text *head)
{
	text_addf(head, "Status: %d %s\r\n", response->status,
	    phrase_of(response->status));
	if (response->content_type != NULL)
		text_addf(head, "Content-Type: %s\r\n", response->content_type);
	if (response->status != 204 && response->status != 304)
		text_addf(
		    head, "Content-Length: %zu\r\n", response->body.length);
	text_addf(head,
	    "X-Request-Id: %s\r\n"
	    "Content-Security-Policy: %s\r\n",
	    request->id, is_page(response) ? page_policy : data_policy);
	text_adds(head, common_headers);
	text_add(
	    head, text_string(&response->headers), response->headers.length);
	text_adds(head, "\r\n");
}

/* While the database is away every request goes badly, and says the same. */
static bool
line_is_spare(void)
{
	static int64_t second;
	static unsigned long long lines;
	int64_t now = clock_monotonic_ms() / 1000;

	if (now != second) {
		if (lines > LINES_MAX)
			log_warning("requests not logged count=%llu",
			    lines - LINES_MAX);
		second = now;
		lines = 0;
	}
	return ++lines > LINES_MAX;
}

static void
answer_log(
    const struct request *request, const struct response *response, int64_t ms)
{
	bool is_bad = response->status >= 500 || ms >= SLOW_MS;

	if (is_bad && line_is_spare())
		return;
	log_line(is_bad ? LOG_WARNING : LOG_DEBUG,
	    "request answered method=%s path=%s status=%d ms=%lld request=%s",
	    request->is_head ? "HEAD" : request->method, request->path,
	    response->status, (long long)ms, request->id);
}

void
http_answer_send(const struct request *request, struct response *response,
    struct http_link *link)
{
	static struct text head; /* its memory serves the next one too */

	text_clear(&head);
	if (response->status == 0)
		response->status = 500; /* nobody chose one */
	head_build(request, response, &head);
	http_link_write(link, head.bytes, head.length);
	if (!request->is_head && response->status != 204 &&
	    response->status != 304)
		http_link_write(
		    link, text_string(&response->body), response->body.length);
	answer_log(request, response, http_link_age_ms(link));
	text_free(&response->headers);
	text_free(&response->body);
	memset(response, 0, sizeof(*response));
}
