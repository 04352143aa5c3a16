#include "transfer_link.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ground/clock.h"
#include "ground/log.h"
#include "rules/egress.h"
#include "rules/request_fields.h"

#define OTHERS_MAX 8

/* No connection is kept. libcurl resolves nothing by itself: its threads could
 * be neither stopped nor counted. */
static int
transfer_resolve(void *state, void *reserved, void *data)
{
	struct transfer *transfer = data;

	(void)state;
	(void)reserved;
	transfer->wants_route =
	    transfer->stage == STAGE_KEPT && !transfer->is_literal;
	return transfer->wants_route || !transfer->is_literal;
}

static curl_socket_t
transfer_open_socket(
    void *data, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct transfer *transfer = data;
	struct connections *connections = transfer->transfers->connections;
	int fd;

	if (transfer->stage == STAGE_NEW) {
		fd = transfer_route_socket(transfer, address);
		connections_opened(connections, &transfer->use, fd);
		return fd;
	}
	transfer->is_literal = true; /* of names it knows no address */
	if (purpose != CURLSOCKTYPE_IPCXN || !egress_allows(&address->addr)) {
		transfer->blocked = true;
		return CURL_SOCKET_BAD;
	}
	transfer->opened = true;
	fd = socket(address->family, address->socktype | SOCK_CLOEXEC,
	    address->protocol);
	connections_opened(connections, &transfer->use, fd);
	return fd;
}

static int
transfers_close_socket(void *data, curl_socket_t fd)
{
	return connections_close(data, fd);
}

/* Later versions of libcurl would connect again otherwise. */
static int
transfer_has_socket(void *data, curl_socket_t fd, curlsocktype purpose)
{
	const struct transfer *transfer = data;

	(void)fd;
	(void)purpose;
	return transfer->stage == STAGE_NEW ? CURL_SOCKOPT_ALREADY_CONNECTED
					    : CURL_SOCKOPT_OK;
}

static size_t
transfer_write(char *from, size_t size, size_t count, void *data)
{
	struct transfer *transfer = data;

	return reader_body(&transfer->reader, from, size * count) ? size * count
								  : 0;
}

static size_t
transfer_header(char *line, size_t size, size_t count, void *data)
{
	struct transfer *transfer = data;

	bool more = reader_header(&transfer->reader, line, size * count);

	if (transfer->answered_us == 0)
		transfer->answered_us = clock_monotonic_us();
	transfer_answered(transfer);
	return more ? size * count : 0;
}

/* What stays the same for all attempts that use this handle. */
static int
transfer_prepare(struct transfer *transfer)
{
	const struct transfers *transfers = transfer->transfers;
	CURL *easy = transfer->easy = curl_easy_init();
	int bad = 0;

	if (easy == NULL)
		return -1;
#define SET(option, value) \
	(bad |= curl_easy_setopt(easy, CURLOPT_##option, value) != CURLE_OK)
	SET(PRIVATE, transfer);
	SET(PROTOCOLS_STR, transfers->https_only ? "https" : "http,https");
	SET(REDIR_PROTOCOLS_STR, "http,https");
	SET(FOLLOWLOCATION, 0L);
	SET(HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	SET(DISALLOW_USERNAME_IN_URL, 1L);
	SET(PROXY, "");
	SET(NOPROXY, "*");
	SET(NOSIGNAL, 1L);
	SET(QUICK_EXIT, 1L);
	SET(CONNECTTIMEOUT_MS, (long)transfers->timeout_ms);
	SET(DNS_CACHE_TIMEOUT, 30L);
	SET(MAXAGE_CONN, 30L);
	SET(MAXLIFETIME_CONN, 120L);
	SET(TCP_NODELAY, 1L);
	SET(TCP_KEEPALIVE, 1L);
	SET(SSL_VERIFYPEER, 1L);
	SET(SSL_VERIFYHOST, 2L);
	/* A file alone is parsed once; beside a directory, for each
	 * connection, which takes some 10 ms. */
	SET(CAPATH, NULL);
	if (transfers->ca_file[0] != '\0')
		SET(CAINFO, transfers->ca_file);
	SET(SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	SET(USERAGENT, REQUEST_USER_AGENT);
	SET(RESOLVER_START_FUNCTION, transfer_resolve);
	SET(RESOLVER_START_DATA, transfer);
	SET(OPENSOCKETFUNCTION, transfer_open_socket);
	SET(OPENSOCKETDATA, transfer);
	SET(SOCKOPTFUNCTION, transfer_has_socket);
	SET(SOCKOPTDATA, transfer);
	SET(CLOSESOCKETFUNCTION, transfers_close_socket);
	SET(CLOSESOCKETDATA, transfers->connections);
	SET(HEADERFUNCTION, transfer_header);
	SET(HEADERDATA, transfer);
	SET(WRITEFUNCTION, transfer_write);
	SET(WRITEDATA, transfer);
#undef SET
	if (!bad && transfer_send_prepare(transfer) == 0)
		return 0;
	/* Half set up it might follow redirects, or reach inward. */
	curl_easy_cleanup(easy);
	transfer->easy = NULL;
	return -1;
}

struct transfers *
transfers_new(size_t room, int64_t timeout_ms, bool https_only,
    const char *ca_file, struct dns_patience patience)
{
	struct transfers *transfers = memory_get(sizeof(*transfers));

	transfers->room = room;
	transfers->timeout_ms = timeout_ms;
	transfers->https_only = https_only;
	transfers->ca_file = ca_file;
	transfers->connections = connections_new(timeout_ms);
	transfers->routes = routes_new(patience);
	transfers->unpin = curl_slist_append(NULL, "-.:1");
	if (transfers->unpin == NULL)
		memory_out();
	transfers->all = memory_get(room * sizeof(*transfers->all));
	for (size_t i = 0; i < room; i++) {
		transfers->all[i].transfers = transfers;
		transfers->all[i].next = transfers->idle;
		transfers->idle = &transfers->all[i];
	}
	if (ca_file[0] != '\0' && access(ca_file, R_OK) == -1) {
		log_error("cannot read CA_FILE path=%s reason=\"%m\"", ca_file);
		transfers_free(transfers);
		return NULL;
	}
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK ||
	    (transfers->multi = curl_multi_init()) == NULL)
		log_error("cannot set up libcurl");
	if (transfers->multi == NULL || transfers->routes == NULL) {
		transfers_free(transfers);
		return NULL;
	}
	/* A queue within libcurl would eat up time-outs, so none is made. */
	curl_multi_setopt(transfers->multi, CURLMOPT_MAX_HOST_CONNECTIONS, 0L);
	curl_multi_setopt(
	    transfers->multi, CURLMOPT_MAXCONNECTS, (long)room * 2);
	return transfers;
}

void
transfers_free(struct transfers *transfers)
{
	if (transfers == NULL)
		return;
	for (size_t i = 0; i < transfers->room; i++) {
		struct transfer *transfer = &transfers->all[i];

		if (transfer->claimed != NULL)
			curl_multi_remove_handle(
			    transfers->multi, transfer->easy);
		transfer_route_close(transfer);
		curl_easy_cleanup(transfer->easy);
		curl_slist_free_all(transfer->fields);
		text_free(&transfer->reader.headers);
		text_free(&transfer->reader.body);
	}
	curl_multi_cleanup(transfers->multi);
	connections_free(transfers->connections);
	curl_slist_free_all(transfers->unpin);
	routes_free(transfers->routes);
	free(transfers->all);
	free(transfers);
	curl_global_cleanup();
}

size_t
transfers_count(const struct transfers *transfers)
{
	return transfers->count;
}

/* A request must not go without one of its fields: its signature, say. */
static void
line_add(struct transfer *transfer, const char *line)
{
	struct curl_slist *longer = curl_slist_append(transfer->fields, line);

	if (longer == NULL)
		memory_out();
	transfer->fields = longer;
}

static void
field_add(void *context, const char *name, const char *value)
{
	struct text line = { 0 };

	/* A semicolon is how libcurl is told to send an empty value. */
	text_addf(&line, value[0] != '\0' ? "%s: %s" : "%s;%s", name, value);
	line_add(context, line.bytes);
	text_free(&line);
}

static void
fields_make(struct transfer *transfer, const struct request_fields *fields)
{
	/* libcurl would wait a second for a 100 before a large body. */
	line_add(transfer, "Expect:");
	request_fields_each(fields, field_add, transfer);
}

static void
transfer_reset(struct transfer *transfer)
{
	curl_slist_free_all(transfer->fields);
	transfer->fields = NULL;
	transfer->claimed = NULL;
	transfer->owner = NULL;
	transfer->sends = transfer->begins = 0;
	transfer->postponed = transfer->wants_route = false;
	connections_release(transfer->transfers->connections, &transfer->use);
	transfer_route_close(transfer);
	reader_clear(&transfer->reader);
}

int
transfers_start(struct transfers *transfers, const struct claimed *claimed,
    const struct request_fields *fields, bool slow, void *owner)
{
	struct transfer *transfer = transfers->idle;

	if (transfer == NULL)
		return -1;
	if (transfer->easy == NULL && transfer_prepare(transfer) == -1)
		goto out;
	transfer->claimed = claimed;
	transfer->owner = owner;
	transfer->slow = slow;
	transfer->is_literal = transfer_host_is_address(claimed->target_url);
	transfer->started_us = clock_monotonic_us();
	connections_hold(transfers->connections, &transfer->use,
	    &claimed->subscription_id, claimed->target_url);
	fields_make(transfer, fields);
	if (curl_easy_setopt(
		transfer->easy, CURLOPT_URL, claimed->target_url) != CURLE_OK ||
	    curl_easy_setopt(transfer->easy, CURLOPT_HTTPHEADER,
		transfer->fields) != CURLE_OK ||
	    curl_easy_setopt(transfer->easy, CURLOPT_POSTFIELDSIZE_LARGE,
		(curl_off_t)claimed->payload_length) != CURLE_OK ||
	    curl_easy_setopt(transfer->easy, CURLOPT_ADDRESS_SCOPE,
		(long)connections_scope(&transfer->use)) != CURLE_OK ||
	    transfer_begin(transfer) == -1)
		goto out;
	transfers->idle = transfer->next;
	transfers->count++;
	return 0;
out:
	log_error("cannot begin a transfer");
	transfer_reset(transfer);
	return -1;
}

static struct curl_waitfd
waited_for(const struct pollfd *fd)
{
	return (struct curl_waitfd){ .fd = fd->fd,
		.events = (short)((fd->events & POLLIN ? CURL_WAIT_POLLIN : 0) |
		    (fd->events & POLLOUT ? CURL_WAIT_POLLOUT : 0)) };
}

/* What must be done before waiting; how long one may wait then. */
static int64_t
transfers_begin(struct transfers *transfers, int64_t wait_ms)
{
	int64_t route_wait;
	int running = 0;

	transfers_route_step(transfers);
	if (transfers->begun) {
		transfers->begun = false;
		curl_multi_perform(transfers->multi, &running);
		if ((size_t)running < transfers->count - transfers->outside)
			return 0; /* some have ended already */
	}
	route_wait = transfers_route_wait_ms(transfers);
	return route_wait < wait_ms ? route_wait : wait_ms;
}

void
transfers_wait(struct transfers *transfers, struct pollfd *others,
    unsigned count, int64_t wait_ms)
{
	struct curl_waitfd waits[OTHERS_MAX + ROUTES_SOCKETS];
	struct pollfd routes[ROUTES_SOCKETS];
	unsigned all = count;
	int running = 0;

	for (unsigned i = 0; i < count; i++)
		waits[i] = waited_for(&others[i]);
	wait_ms = transfers_begin(transfers, wait_ms);
	routes_sockets(transfers->routes, routes);
	for (unsigned i = 0; i < ROUTES_SOCKETS && transfers->routed != NULL;
	     i++)
		waits[all++] = waited_for(&routes[i]);
	curl_multi_poll(transfers->multi, waits, all, (int)wait_ms, NULL);
	transfers_route_step(transfers);
	transfers->begun = false;
	curl_multi_perform(transfers->multi, &running);
	for (unsigned i = 0; i < count; i++)
		others[i].revents =
		    (short)((waits[i].revents & CURL_WAIT_POLLIN ? POLLIN : 0) |
			(waits[i].revents & CURL_WAIT_POLLOUT ? POLLOUT : 0));
}

static void
transfer_end(struct transfers *transfers, struct transfer *transfer,
    CURLcode code, struct transfer_answer *answer)
{
	struct reader *reader = &transfer->reader;

	*answer = (struct transfer_answer){
		.owner = transfer->owner,
		.postponed = transfer->postponed && transfer->sends == 0,
		.seen = transfer_seen(transfer, code),
		.duration_ms =
		    (clock_monotonic_us() - transfer->started_us) / 1000,
		.phases = transfer_phases(transfer),
		.headers = reader->headers,
		.body = reader->body,
	};
	reader->headers = reader->body = (struct text){ 0 };
	transfer_route_blame(transfer, answer->seen.end);
	curl_multi_remove_handle(transfers->multi, transfer->easy);
	transfer_reset(transfer);
	transfer->next = transfers->idle;
	transfers->idle = transfer;
	transfers->count--;
}

/* All at once: libcurl looks through the messages that are left whenever a
 * handle is removed. */
static struct transfer *
transfers_finished(struct transfers *transfers)
{
	struct transfer *first = NULL, **last = &first, *transfer;
	CURLMsg *message;
	int left;

	while (
	    (message = curl_multi_info_read(transfers->multi, &left)) != NULL) {
		if (message->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(
		    message->easy_handle, CURLINFO_PRIVATE, (char **)&transfer);
		transfer->code = message->data.result;
		transfer->next = NULL;
		*last = transfer;
		last = &transfer->next;
	}
	return first;
}

/* What libcurl has finished may go on by another way. */
static bool
transfer_goes_on(struct transfers *transfers, struct transfer *transfer)
{
	if (!transfer->wants_route)
		return transfer_again(transfer, transfer->code);
	transfer->wants_route = false;
	curl_multi_remove_handle(transfers->multi, transfer->easy);
	transfer_route_begin(transfer);
	return true;
}

int
transfers_answer(struct transfers *transfers, struct transfer_answer *answer)
{
	struct transfer *transfer = transfers_route_ended(transfers);

	if (transfer != NULL) {
		transfer_end(transfers, transfer, CURLE_OK, answer);
		return 1;
	}
	if (transfers->finished == NULL)
		transfers->finished = transfers_finished(transfers);
	while ((transfer = transfers->finished) != NULL) {
		transfers->finished = transfer->next;
		if (transfer_goes_on(transfers, transfer))
			continue;
		transfer_end(transfers, transfer, transfer->code, answer);
		return 1;
	}
	return 0;
}
