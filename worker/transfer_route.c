/* A transfer whose URL has a name, and no kept connection: the way to a new
 * one, and back to libcurl with it. */
#include "transfer_link.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "ground/clock.h"
#include "ground/config.h"
#include "ground/log.h"
#include "rules/egress.h"
#include "rules/target_url.h"

bool
transfer_host_is_address(const char *url)
{
	const char *host = strstr(url, "://");
	char text[INET_ADDRSTRLEN];
	struct in_addr v4;
	size_t length;

	host = host != NULL ? host + 3 : url;
	if (host[0] == '[')
		return true;
	length = strcspn(host, "/:?");
	if (length >= sizeof(text))
		return false;
	memcpy(text, host, length);
	text[length] = '\0';
	return inet_pton(AF_INET, text, &v4) == 1;
}

static void
route_ended(struct transfer *transfer, enum outcome_end end)
{
	struct transfers *transfers = transfer->transfers;

	transfer->route_end = end;
	transfer->next = transfers->ended;
	transfers->ended = transfer;
	transfers->outside++;
}

/* Once more, with what libcurl has to know of the connection. */
static void
transfer_add_again(struct transfer *transfer)
{
	struct transfers *transfers = transfer->transfers;

	transfer->taken = 0;
	if (curl_multi_add_handle(transfers->multi, transfer->easy) ==
	    CURLM_OK) {
		transfers->begun = true;
		return;
	}
	log_error("cannot go on with a transfer");
	transfer->stage = STAGE_ROUTE;
	route_ended(transfer, END_OTHER);
}

/* An address that was spelled in a way of its own. libcurl knows some of them,
 * and would look up the others. */
static void
literal_begin(struct transfer *transfer, const char *url)
{
	transfer->is_literal = true;
	if (curl_easy_setopt(transfer->easy, CURLOPT_URL, url) != CURLE_OK) {
		route_ended(transfer, END_OTHER);
		return;
	}
	transfer->stage = STAGE_KEPT;
	transfer_add_again(transfer);
}

/* "127.0.0.1." is an address to a person, and a name to libcurl. */
static bool
is_refused_address(const char *host)
{
	size_t length = strlen(host);
	char text[INET_ADDRSTRLEN];
	struct in_addr v4;

	if (length == 0 || host[length - 1] != '.' || length > sizeof(text))
		return false;
	memcpy(text, host, length - 1);
	text[length - 1] = '\0';
	return inet_pton(AF_INET, text, &v4) == 1 && !egress_allows_text(text);
}

static void
name_begin(struct transfer *transfer, const char *host, uint16_t port)
{
	struct transfers *transfers = transfer->transfers;
	int64_t end_at = transfer->started_us / 1000 + transfers->timeout_ms;

	if (is_refused_address(host) || !config_allows_port(port)) {
		route_ended(transfer, END_BLOCKED);
	} else if (route_open(&transfer->route, transfers->routes, host, port,
		       transfer->slow, end_at) == -1) {
		transfer->postponed = true;
		route_ended(transfer, END_OTHER);
	} else {
		transfer->next = transfers->routed;
		transfers->routed = transfer;
		transfers->outside++;
	}
}

void
transfer_route_begin(struct transfer *transfer)
{
	char *url, *host = NULL;
	const char *reason;
	uint16_t port;

	transfer->stage = STAGE_ROUTE;
	if (target_url_parse(transfer->claimed->target_url, &url, &reason) !=
	    TARGET_URL_OK) {
		route_ended(transfer, END_BAD_URL);
	} else if (transfer_host_is_address(url)) {
		literal_begin(transfer, url);
	} else {
		host = target_url_host(url, &port);
		name_begin(transfer, host, port);
	}
	free(host);
	free(url);
}

/*
 * libcurl gets the connected socket where it asks for one to connect
 * (transfer_route_socket). A pin for all names spares it the look-up; the
 * address in it is never used, nor does the pin hold for any other handle: a
 * handle looks for pins of all names from when it sets one until it is given
 * other pins, or removes one that is not there.
 */
static void
transfer_connected(struct transfer *transfer)
{
	struct transfers *transfers = transfer->transfers;
	int64_t now = clock_monotonic_us();
	int64_t left_ms =
	    transfers->timeout_ms - (now - transfer->started_us) / 1000;
	struct text pin = { 0 };
	bool bad;

	text_addf(&pin, "+*:%u:192.0.2.1", (unsigned)transfer->route.port);
	transfer->pin = curl_slist_append(NULL, pin.bytes);
	text_free(&pin);
	if (transfer->pin == NULL)
		memory_out();
	transfer->stage = STAGE_NEW;
	transfer->resumed_us = now;
	bad = curl_easy_setopt(
		  transfer->easy, CURLOPT_RESOLVE, transfer->pin) != CURLE_OK ||
	    curl_easy_setopt(transfer->easy, CURLOPT_FRESH_CONNECT, 1L) !=
		CURLE_OK ||
	    curl_easy_setopt(transfer->easy, CURLOPT_TIMEOUT_MS,
		(long)(left_ms > 1 ? left_ms : 1)) != CURLE_OK;
	if (!bad) {
		transfer_add_again(transfer);
		return;
	}
	log_error("cannot go on with a transfer");
	transfer->stage = STAGE_ROUTE;
	route_ended(transfer, END_OTHER);
}

curl_socket_t
transfer_route_socket(struct transfer *transfer, struct curl_sockaddr *address)
{
	struct sockaddr_storage to;
	int fd = transfer->route.fd;

	transfer->route.fd = -1;
	address->addrlen = (unsigned)host_address_fill(
	    &transfer->route.address, transfer->route.port, &to);
	address->family = to.ss_family;
	memcpy(&address->addr, &to, address->addrlen);
	return fd == -1 ? CURL_SOCKET_BAD : fd;
}

void
transfers_route_step(struct transfers *transfers)
{
	struct transfer **at = &transfers->routed, *transfer;
	int64_t now = clock_monotonic_ms();
	enum outcome_end end;

	if (transfers->routed == NULL)
		return;
	routes_step(transfers->routes, now);
	while ((transfer = *at) != NULL) {
		enum route_state state =
		    route_step(&transfer->route, now, &end);

		if (state == ROUTE_PENDING) {
			at = &transfer->next;
			continue;
		}
		*at = transfer->next;
		transfers->outside--;
		if (state == ROUTE_CONNECTED)
			transfer_connected(transfer);
		else
			route_ended(transfer, end);
	}
}

int64_t
transfers_route_wait_ms(const struct transfers *transfers)
{
	int64_t now = clock_monotonic_ms(), wait = INT64_MAX, one;

	if (transfers->ended != NULL)
		return 0;
	if (transfers->routed == NULL)
		return INT64_MAX;
	wait = routes_wait_ms(transfers->routes, now);
	for (const struct transfer *transfer = transfers->routed;
	     transfer != NULL; transfer = transfer->next) {
		one = route_wait_ms(&transfer->route, now);
		wait = one < wait ? one : wait;
	}
	return wait;
}

struct transfer *
transfers_route_ended(struct transfers *transfers)
{
	struct transfer *transfer = transfers->ended;

	if (transfer == NULL)
		return NULL;
	transfers->ended = transfer->next;
	transfers->outside--;
	return transfer;
}

void
transfer_route_blame(struct transfer *transfer, enum outcome_end end)
{
	if (transfer->stage == STAGE_NEW && transfer->answered_us == 0 &&
	    (end == END_TIMED_OUT || end == END_TLS || end == END_UNTRUSTED ||
		end == END_CLOSED || end == END_RESET))
		route_blame(&transfer->route, clock_monotonic_ms());
}

void
transfer_route_close(struct transfer *transfer)
{
	route_close(&transfer->route);
	if (transfer->pin != NULL) {
		curl_easy_setopt(transfer->easy, CURLOPT_RESOLVE,
		    transfer->transfers->unpin);
		curl_easy_setopt(transfer->easy, CURLOPT_FRESH_CONNECT, 0L);
		curl_easy_setopt(transfer->easy, CURLOPT_TIMEOUT_MS,
		    (long)transfer->transfers->timeout_ms);
		curl_slist_free_all(transfer->pin);
		transfer->pin = NULL;
	}
	transfer->stage = STAGE_KEPT;
}
