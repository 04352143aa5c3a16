#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "../../worker/connections.c"
#include "../../worker/dialer.c"
#include "../../worker/dns_query.c"
#include "../../worker/lookup.c"
#include "../../worker/reader.c"
#include "../../worker/resolver.c"
#include "../../worker/route.c"
#include "../../worker/socket_state.c"
#include "../../worker/transfer.c"
#include "../../worker/transfer_end.c"
#include "../../worker/transfer_route.c"
#include "../../worker/transfer_send.c"

/* A receiver on 127.0.0.1 that counts, in a process of its own. */
static struct {
	int connections, requests;
} * seen;
static pid_t receiver;
static int port;
static const struct dns_patience patience = { 1000, 4 };

/* A whole request, its payload with it; 0: none, or the start of TLS. */
static size_t
request_read(int peer, char *request, size_t size)
{
	size_t length = 0;
	ssize_t part;

	while ((part = read(peer, request + length, size - length)) > 0) {
		length += (size_t)part;
		if (request[0] != 'P')
			break;
		if (memmem(request, length, "\r\n\r\n{}", 6) != NULL)
			return length;
	}
	return 0;
}

static void
serve(int listener)
{
	static const char see_other[] = "HTTP/1.1 302 Found\r\nLocation: /again"
					"\r\nContent-Length: 0\r\n\r\n";
	static const char ok[] = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
	char request[4096];
	size_t length;

	for (;;) {
		int peer = accept(listener, NULL, NULL);

		seen->connections++;
		while ((length = request_read(peer, request, sizeof(request))) >
		    0) {
			bool moved =
			    memmem(request, length, " /moved", 7) != NULL;
			const char *answer = moved ? see_other : ok;

			seen->requests++;
			if (write(peer, answer, strlen(answer)) == -1)
				break;
		}
		close(peer);
	}
}

static int
receiver_open(void **state)
{
	struct sockaddr_in in = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t length = sizeof(in);
	int listener = socket(AF_INET, SOCK_STREAM, 0);

	(void)state;
	seen = mmap(NULL, sizeof(*seen), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (bind(listener, (struct sockaddr *)&in, sizeof(in)) == -1 ||
	    listen(listener, 8) == -1 ||
	    getsockname(listener, (struct sockaddr *)&in, &length) == -1)
		return -1;
	port = ntohs(in.sin_port);
	receiver = fork();
	if (receiver == 0)
		serve(listener);
	close(listener);
	return receiver > 0 ? 0 : -1;
}

static int
receiver_close(void **state)
{
	(void)state;
	kill(receiver, SIGKILL);
	waitpid(receiver, NULL, 0);
	return munmap(seen, sizeof(*seen));
}

static void
allow(const char *ranges)
{
	char reason[EGRESS_REASON_SIZE];

	assert_int_equal(egress_open(ranges, reason), 0);
}

/* One attempt at the receiver's port: how it ended, and the status. */
static struct outcome_seen
attempt(struct transfers *transfers, const char *host, const char *path)
{
	char url[128];
	struct claimed claimed = { .target_url = url,
		.payload = (char[]){ "{}" },
		.payload_length = 2 };
	struct request_fields fields = { 0 };
	struct transfer_answer answer = { 0 };
	int64_t end = clock_monotonic_ms() + 20000;

	snprintf(url, sizeof(url), "%s:%d%s", host, port, path);
	assert_int_equal(
	    transfers_start(transfers, &claimed, &fields, false, NULL), 0);
	while (transfers_answer(transfers, &answer) == 0) {
		assert_true(clock_monotonic_ms() < end);
		transfers_wait(transfers, NULL, 0, 100);
	}
	text_free(&answer.headers);
	text_free(&answer.body);
	return answer.seen;
}

/* Until a receiver is known to be silent after an answer. */
static void
rest(void)
{
	usleep(40000);
}

static int
ends(struct transfers *transfers, const char *host)
{
	return (int)attempt(transfers, host, "/").end;
}

/* The pool would hand out a connection that was opened under other rules. */
static void
a_kept_connection_is_judged_again(void **state)
{
	struct transfers *transfers =
	    transfers_new(4, 5000, false, "", patience);
	int connections = seen->connections, requests = seen->requests;

	(void)state;
	allow("127.0.0.1");
	assert_int_equal(
	    attempt(transfers, "http://127.0.0.1", "/").status, 200);
	rest();
	assert_int_equal(
	    attempt(transfers, "http://127.0.0.1", "/").status, 200);
	assert_int_equal(seen->connections, connections + 1);
	assert_int_equal(seen->requests, requests + 2);
	allow("");
	assert_int_equal(ends(transfers, "http://127.0.0.1"), END_BLOCKED);
	allow("127.0.0.1");
	assert_int_equal(
	    attempt(transfers, "http://127.0.0.1", "/").status, 200);
	assert_int_equal(seen->requests, requests + 3);
	transfers_free(transfers);
}

static void
nothing_but_http_and_no_user(void **state)
{
	static const char *const urls[] = { "ftp://127.0.0.1",
		"file:///etc/hostname", "gopher://127.0.0.1",
		"dict://127.0.0.1", "http://user@127.0.0.1",
		"http://user:word@127.0.0.1", "http://[::1/", "http://" };
	struct transfers *transfers =
	    transfers_new(4, 5000, false, "", patience);
	int connections = seen->connections;

	(void)state;
	allow("127.0.0.1");
	for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++)
		if (ends(transfers, urls[i]) != END_BAD_URL)
			fail_msg("%s", urls[i]);
	assert_int_equal(seen->connections, connections);
	transfers_free(transfers);
}

static void
https_may_be_required(void **state)
{
	struct transfers *transfers =
	    transfers_new(4, 5000, true, "", patience);
	int connections = seen->connections;

	(void)state;
	allow("127.0.0.1");
	assert_int_equal(ends(transfers, "http://127.0.0.1"), END_BAD_URL);
	assert_int_equal(seen->connections, connections);
	assert_int_equal(ends(transfers, "https://127.0.0.1"), END_TLS);
	transfers_free(transfers);
}

static void
redirects_and_proxies_are_not_followed(void **state)
{
	static const char *const names[] = { "http_proxy", "HTTP_PROXY",
		"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY" };
	struct transfers *transfers;
	int connections, requests = seen->requests;

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		setenv(names[i], "http://127.0.0.1:9/", 1);
	transfers = transfers_new(4, 5000, false, "", patience);
	allow("127.0.0.1");
	connections = seen->connections;
	assert_int_equal(
	    attempt(transfers, "http://127.0.0.1", "/moved").status, 302);
	assert_int_equal(seen->connections, connections + 1);
	assert_int_equal(seen->requests, requests + 1);
	transfers_free(transfers);
}

/* Of a name with several addresses the refused ones are passed over. */
static void
a_name_is_what_it_leads_to(void **state)
{
	struct transfers *transfers =
	    transfers_new(4, 5000, false, "", patience);
	int requests = seen->requests;

	(void)state;
	allow("127.0.0.1"); /* and not ::1 */
	assert_int_equal(
	    attempt(transfers, "http://localhost", "/").status, 200);
	transfers_free(transfers);
	transfers = transfers_new(4, 5000, false, "", patience);
	allow("");
	assert_int_equal(ends(transfers, "http://localhost"), END_BLOCKED_NAME);
	assert_int_equal(seen->requests, requests + 1);
	transfers_free(transfers);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_kept_connection_is_judged_again),
		cmocka_unit_test(nothing_but_http_and_no_user),
		cmocka_unit_test(https_may_be_required),
		cmocka_unit_test(redirects_and_proxies_are_not_followed),
		cmocka_unit_test(a_name_is_what_it_leads_to),
	};

	return cmocka_run_group_tests_name(
	    "transfer", tests, receiver_open, receiver_close);
}
