/*
 * The request, sent once. Where a kept connection turns out to have been dead,
 * it is sent once more, at once and on a new one, within the same time.
 */
#include "transfer_link.h"

#include <openssl/ssl.h>
#include <stdio.h>
#include <string.h>

#include "ground/clock.h"
#include "rules/egress.h"

#define BEGINS_MOST 4

static size_t
transfer_read(char *to, size_t size, size_t count, void *data)
{
	struct transfer *transfer = data;
	size_t left = transfer->claimed->payload_length - transfer->taken;
	size_t length = size * count < left ? size * count : left;

	memcpy(to, transfer->claimed->payload + transfer->taken, length);
	transfer->taken += length;
	return length;
}

/* libcurl sends again by itself when a kept connection ends without a byte;
 * transfer_before_request is asked first, and sees to it that this happens
 * once. */
static int
transfer_seek(void *data, curl_off_t offset, int origin)
{
	struct transfer *transfer = data;

	if (origin != SEEK_SET || offset < 0 ||
	    (size_t)offset > transfer->claimed->payload_length)
		return CURL_SEEKFUNC_FAIL;
	transfer->taken = (size_t)offset;
	return CURL_SEEKFUNC_OK;
}

/* Bytes that a record of TLS brought beyond what was read of it. */
static int
bytes_held(CURL *easy)
{
	struct curl_tlssessioninfo *tls = NULL;

	if (curl_easy_getinfo(easy, CURLINFO_TLS_SSL_PTR, &tls) != CURLE_OK ||
	    tls == NULL || tls->backend != CURLSSLBACKEND_OPENSSL ||
	    tls->internals == NULL)
		return 0;
	return SSL_pending(tls->internals);
}

/* Nothing acknowledged for so long: the way to that host has changed. */
static void
note_death(const struct transfer *transfer)
{
	const struct transfers *transfers = transfer->transfers;

	if (transfer->use.reused && transfer->answered_us == 0 &&
	    clock_monotonic_ms() - transfer->use.used_at >=
		connections_dead_ms(transfers->connections))
		connections_suspect(transfers->connections, &transfer->use);
}

/* A reused connection was judged when it was opened; egress is asked again. */
static int
transfer_before_request(
    void *data, char *remote, char *local, int remote_port, int local_port)
{
	struct transfer *transfer = data;
	struct connection_use *use = &transfer->use;

	(void)local;
	(void)remote_port;
	transfer->connected = true;
	if (!egress_allows_text(remote)) {
		transfer->blocked = true;
		transfer->opened = false;
		return CURL_PREREQFUNC_ABORT;
	}
	note_death(transfer); /* of the one before, if there was one */
	if (!connections_find(transfer->transfers->connections, use, remote,
		local_port, bytes_held(transfer->easy),
		transfer->claimed->payload_length) ||
	    (use->reused && transfer->sends > 0)) {
		transfer->unfit = true;
		return CURL_PREREQFUNC_ABORT;
	}
	transfer->sends++;
	if (use->reused) /* should libcurl have to send again */
		curl_easy_setopt(transfer->easy, CURLOPT_FRESH_CONNECT, 1L);
	return CURL_PREREQFUNC_OK;
}

int
transfer_send_prepare(struct transfer *transfer)
{
	CURL *easy = transfer->easy;

	return curl_easy_setopt(easy, CURLOPT_POST, 1L) == CURLE_OK &&
		curl_easy_setopt(easy, CURLOPT_READFUNCTION, transfer_read) ==
		    CURLE_OK &&
		curl_easy_setopt(easy, CURLOPT_READDATA, transfer) ==
		    CURLE_OK &&
		curl_easy_setopt(easy, CURLOPT_SEEKFUNCTION, transfer_seek) ==
		    CURLE_OK &&
		curl_easy_setopt(easy, CURLOPT_SEEKDATA, transfer) ==
		    CURLE_OK &&
		curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION,
		    transfer_before_request) == CURLE_OK &&
		curl_easy_setopt(easy, CURLOPT_PREREQDATA, transfer) == CURLE_OK
	    ? 0
	    : -1;
}

static int64_t
left_ms(const struct transfer *transfer)
{
	return transfer->transfers->timeout_ms -
	    (clock_monotonic_us() - transfer->started_us) / 1000;
}

int
transfer_begin(struct transfer *transfer)
{
	struct transfers *transfers = transfer->transfers;
	enum connections_advice advice =
	    connections_advise(transfers->connections, &transfer->use);
	CURL *easy = transfer->easy;
	long fresh = transfer->begins > 0 || advice != CONNECTIONS_REUSE;
	long once = advice == CONNECTIONS_ONCE;
	long left = (long)left_ms(transfer); /* 0 is for ever to libcurl */

	transfer->taken = 0;
	transfer->answered_us = 0;
	transfer->blocked = transfer->opened = transfer->connected = false;
	transfer->unfit = transfer->vain = false;
	if (curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, fresh) != CURLE_OK ||
	    curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, once) != CURLE_OK ||
	    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, left > 1 ? left : 1L) !=
		CURLE_OK ||
	    curl_multi_add_handle(transfers->multi, easy) != CURLM_OK)
		return -1;
	transfer->begins++;
	transfers->begun = true;
	return 0;
}

/* Of the payload, too, nothing was acknowledged: a large request may well be
 * answered before all of it was. */
static bool
has_not_arrived(const struct transfer *transfer)
{
	size_t unacked = connections_unacked(&transfer->use);
	curl_off_t sent = 0;

	if (unacked == 0)
		return false;
	curl_easy_getinfo(transfer->easy, CURLINFO_SIZE_UPLOAD_T, &sent);
	return unacked >= (size_t)sent;
}

/* Of a framing that can be read in two ways the next answer is not known to
 * begin where this one ended. And what had left the receiver before the request
 * arrived there was no answer to it. */
void
transfer_answered(struct transfer *transfer)
{
	struct reader *reader = &transfer->reader;

	if (reader->status < 200)
		return;
	if (reader->final_lines == 1 && transfer->use.reused &&
	    has_not_arrived(transfer))
		transfer->vain = true;
	if (reader->header_done && !reader->framed)
		curl_easy_setopt(transfer->easy, CURLOPT_FORBID_REUSE, 1L);
}

/* The connection was a kept one, and what happened may well have been meant
 * for whoever used it before. */
static bool
was_in_vain(struct transfer *transfer, CURLcode code)
{
	const struct reader *reader = &transfer->reader;

	if (!transfer->use.reused || transfer->sends != 1)
		return false;
	switch (code) {
	case CURLE_SEND_ERROR:
	case CURLE_RECV_ERROR:
	case CURLE_GOT_NOTHING:
	case CURLE_SEND_FAIL_REWIND: return transfer->answered_us == 0;
	case CURLE_UNSUPPORTED_PROTOCOL:
	case CURLE_WEIRD_SERVER_REPLY:
		if (reader->status == 0)
			connections_noise(
			    transfer->transfers->connections, &transfer->use);
		return transfer->vain || reader->status == 0;
	case CURLE_OK: return transfer->vain || reader->status == 408;
	default: return transfer->vain;
	}
}

bool
transfer_again(struct transfer *transfer, CURLcode code)
{
	struct transfers *transfers = transfer->transfers;

	if (!transfer->unfit && !was_in_vain(transfer, code))
		return false;
	note_death(transfer);
	if (left_ms(transfer) <= 0 || transfer->begins >= BEGINS_MOST)
		return false;
	connections_rest(transfers->connections, &transfer->use);
	reader_clear(&transfer->reader);
	curl_multi_remove_handle(transfers->multi, transfer->easy);
	transfer_route_close(transfer);
	return transfer_begin(transfer) == 0;
}
