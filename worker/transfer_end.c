/* What is known of a transfer that has ended. */
#include "transfer_link.h"

#include <errno.h>

#include "ground/log.h"

/* A name may lead elsewhere the next time. */
static enum outcome_end
end_of_blocked(const struct transfer *transfer)
{
	return transfer->is_literal ? END_BLOCKED : END_BLOCKED_NAME;
}

static enum outcome_end
end_of_connect(const struct transfer *transfer)
{
	long error = 0;

	if (transfer->blocked && !transfer->opened)
		return end_of_blocked(transfer);
	curl_easy_getinfo(transfer->easy, CURLINFO_OS_ERRNO, &error);
	switch (error) {
	case ENETUNREACH:
	case EHOSTUNREACH:
	case EACCES:
	case EPERM: return END_UNREACHABLE;
	case ETIMEDOUT: return END_TIMED_OUT;
	default: return END_REFUSED;
	}
}

static enum outcome_end
end_of(const struct transfer *transfer, CURLcode code)
{
	const struct reader *reader = &transfer->reader;

	if (transfer->postponed && transfer->sends > 0)
		return END_RESET; /* and it cannot be sent again */
	if (transfer->stage == STAGE_ROUTE)
		return transfer->route_end;
	if (reader->malformed)
		return END_MALFORMED;
	/* libcurl's own bound on a line of header is 100 KiB, and its word for
	 * it is "out of memory". */
	if (reader->cut ||
	    (code == CURLE_OUT_OF_MEMORY && reader->status >= 200 &&
		!reader->header_done))
		return END_HEADER_CUT;
	switch (code) {
	case CURLE_OK: return END_ANSWERED;
	case CURLE_OPERATION_TIMEDOUT: return END_TIMED_OUT;
	case CURLE_COULDNT_RESOLVE_HOST: return END_UNRESOLVED;
	case CURLE_COULDNT_CONNECT: return end_of_connect(transfer);
	case CURLE_ABORTED_BY_CALLBACK:
		return transfer->blocked ? end_of_blocked(transfer) : END_OTHER;
	case CURLE_WRITE_ERROR: return END_BODY_CUT;
	case CURLE_PARTIAL_FILE: return END_BODY_SHORT;
	case CURLE_SSL_CONNECT_ERROR: return END_TLS;
	case CURLE_PEER_FAILED_VERIFICATION: return END_UNTRUSTED;
	case CURLE_GOT_NOTHING: return END_CLOSED;
	case CURLE_SEND_ERROR:
	case CURLE_RECV_ERROR:
	case CURLE_SEND_FAIL_REWIND: return END_RESET;
	case CURLE_URL_MALFORMAT:
	case CURLE_LOGIN_DENIED:
		return END_BAD_URL; /* a user in it */
	/* libcurl's name for another scheme, and for HTTP/0.9. */
	case CURLE_UNSUPPORTED_PROTOCOL:
		return transfer->connected ? END_MALFORMED : END_BAD_URL;
	/* And for an answer that is no HTTP. */
	case CURLE_WEIRD_SERVER_REPLY:
	case CURLE_OUT_OF_MEMORY:
	case CURLE_BAD_CONTENT_ENCODING:
	case CURLE_FILESIZE_EXCEEDED: return END_MALFORMED;
	default:
		log_warning("transfer failed code=%d reason=\"%s\"", (int)code,
		    curl_easy_strerror(code));
		return END_OTHER;
	}
}

static int32_t
phase_us(CURL *easy, CURLINFO info)
{
	curl_off_t us = 0;

	curl_easy_getinfo(easy, info, &us);
	return us > 0 && us < INT32_MAX ? (int32_t)us : -1;
}

static int32_t
since_us(const struct transfer *transfer, int64_t at_us)
{
	return at_us != 0 ? (int32_t)(at_us - transfer->started_us) : -1;
}

/* libcurl has its part of the time alone. */
static void
route_phases(const struct transfer *transfer, struct phases *phases)
{
	const struct route *route = &transfer->route;
	int32_t tls = transfer->stage == STAGE_NEW
	    ? phase_us(transfer->easy, CURLINFO_APPCONNECT_TIME_T)
	    : -1;

	phases->dns_us = since_us(transfer, route->resolved_us);
	phases->connect_us = since_us(transfer, route->connected_us);
	if (tls != -1)
		phases->tls_us = since_us(transfer, transfer->resumed_us + tls);
}

/* Of a kept connection libcurl tells when it was found, and of a POST that
 * its first byte went, where the answer's is meant. */
struct phases
transfer_phases(const struct transfer *transfer)
{
	struct phases phases = { -1, -1, -1, -1 };
	CURL *easy = transfer->easy;
	long connections = 0;

	phases.first_byte_us = since_us(transfer, transfer->answered_us);
	if (transfer->stage != STAGE_KEPT) {
		route_phases(transfer, &phases);
		return phases;
	}
	curl_easy_getinfo(easy, CURLINFO_NUM_CONNECTS, &connections);
	if (connections == 0)
		return phases;
	phases.dns_us = phase_us(easy, CURLINFO_NAMELOOKUP_TIME_T);
	phases.connect_us = phase_us(easy, CURLINFO_CONNECT_TIME_T);
	phases.tls_us = phase_us(easy, CURLINFO_APPCONNECT_TIME_T);
	return phases;
}

static enum outcome_phase
phase_reached(const struct transfer *transfer, size_t taken)
{
	if (!transfer->connected)
		return transfer->use.reached ? PHASE_TLS : PHASE_CONNECT;
	if (transfer->answered_us != 0)
		return PHASE_HEADER;
	return taken < transfer->claimed->payload_length ? PHASE_REQUEST
							 : PHASE_RESPONSE;
}

/* On a kept connection that says nothing more, it may be the connection. */
static bool
is_suspect(const struct transfer *transfer, enum outcome_end end)
{
	return end == END_TIMED_OUT && transfer->use.reused &&
	    transfer->answered_us == 0 &&
	    connections_suspect(
		transfer->transfers->connections, &transfer->use);
}

struct outcome_seen
transfer_seen(struct transfer *transfer, CURLcode code)
{
	const struct reader *reader = &transfer->reader;
	size_t length = transfer->claimed->payload_length;
	enum outcome_end end = end_of(transfer, code);
	size_t unacked = end == END_TIMED_OUT /* nobody asks otherwise */
	    ? connections_unacked(&transfer->use)
	    : 0;
	curl_off_t sent = 0;
	size_t taken;

	curl_easy_getinfo(transfer->easy, CURLINFO_SIZE_UPLOAD_T, &sent);
	taken = (size_t)sent > unacked ? (size_t)sent - unacked : 0;
	return (struct outcome_seen){
		.end = end,
		.status = reader->header_done || end == END_HEADER_CUT
		    ? reader->status
		    : 0,
		.sent = (size_t)sent == length,
		.resent = transfer->sends > 1,
		.suspect = is_suspect(transfer, end),
		.timeout_ms = transfer->transfers->timeout_ms,
		.phase = phase_reached(transfer, taken),
		.taken = taken,
		.length = length,
	};
}
