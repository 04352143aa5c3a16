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
	return error == ENETUNREACH || error == EHOSTUNREACH ||
		error == EACCES || error == EPERM
	    ? END_UNREACHABLE
	    : END_REFUSED;
}

enum outcome_end
transfer_end_of(struct transfer *transfer, CURLcode code)
{
	if (transfer->stage == STAGE_ROUTE)
		return transfer->route_end;
	if (transfer->reader.malformed)
		return END_MALFORMED;
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
	/* And for an answer that is no HTTP or has a header of over 100 KiB
	 * ("out of memory"). */
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
