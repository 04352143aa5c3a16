#include "rules/outcome.h"

#include <stdio.h>
#include <string.h>

static const struct {
	const char *error; /* NULL: made from the numbers */
	int health;
} ends[] = {
	[END_ANSWERED] = { NULL, HEALTH_NEUTRAL },
	[END_BODY_CUT] = { "answer too long, cut", HEALTH_WELL },
	[END_HEADER_CUT] = { "response header too long, cut", HEALTH_WELL },
	[END_BODY_SHORT] = { "the answer's body broke off", HEALTH_WELL },
	[END_TIMED_OUT] = { NULL, HEALTH_TIMED_OUT },
	[END_BLOCKED] = { "target address not allowed", HEALTH_NEUTRAL },
	[END_BLOCKED_NAME] = { "target address not allowed", HEALTH_SICK },
	[END_BAD_URL] = { "target URL not allowed", HEALTH_NEUTRAL },
	[END_UNRESOLVED] = { "could not resolve host", HEALTH_SICK },
	[END_UNANSWERED_NAME] = { "the name server did not answer",
	    HEALTH_TIMED_OUT },
	[END_NAME_SERVER_FAILED] = { "the name server failed (SERVFAIL or "
				     "refused)",
	    HEALTH_SICK },
	[END_REFUSED] = { "connection refused", HEALTH_SICK },
	[END_UNREACHABLE] = { "host unreachable", HEALTH_SICK },
	[END_TLS] = { "TLS handshake failed", HEALTH_SICK },
	[END_UNTRUSTED] = { "TLS certificate not trusted", HEALTH_SICK },
	[END_CLOSED] = { "connection closed without an answer", HEALTH_SICK },
	[END_RESET] = { "connection reset", HEALTH_SICK },
	[END_MALFORMED] = { "malformed answer", HEALTH_NEUTRAL },
	[END_OTHER] = { "the exchange failed", HEALTH_SICK },
};

static bool
is_success(int status)
{
	return status >= 200 && status <= 299;
}

/* Ends that may follow a complete header: its status is then what counts. */
static bool
concerns_body(enum outcome_end end)
{
	return end == END_ANSWERED || end == END_BODY_CUT ||
	    end == END_BODY_SHORT || end == END_HEADER_CUT ||
	    end == END_TIMED_OUT || end == END_RESET || end == END_CLOSED ||
	    end == END_MALFORMED;
}

static void
say_accepted(const struct outcome_seen *seen, struct outcome *outcome)
{
	outcome->kind = OUTCOME_SUCCESS;
	outcome->health = HEALTH_WELL;
	if (seen->end == END_TIMED_OUT) { /* it holds a slot that long */
		outcome->health = HEALTH_TIMED_OUT;
		snprintf(outcome->error, OUTCOME_ERROR_SIZE,
		    "the answer's body did not end within %.1f s",
		    (double)seen->timeout_ms / 1000);
	} else if (seen->end == END_BODY_CUT || seen->end == END_HEADER_CUT)
		snprintf(outcome->error, OUTCOME_ERROR_SIZE, "%s",
		    ends[seen->end].error);
	else if (seen->end != END_ANSWERED)
		snprintf(outcome->error, OUTCOME_ERROR_SIZE, "%s",
		    ends[END_BODY_SHORT].error);
}

static void
say_answer(const struct outcome_seen *seen, struct outcome *outcome)
{
	if (is_success(seen->status)) {
		snprintf(outcome->error, OUTCOME_ERROR_SIZE,
		    "HTTP %d before the whole request was sent", seen->status);
		return;
	}
	snprintf(outcome->error, OUTCOME_ERROR_SIZE, "HTTP %d", seen->status);
	outcome->health = HEALTH_NEUTRAL;
	if (seen->status == 429 || seen->status == 503)
		outcome->health = HEALTH_SICK; /* "not so much at once" */
	if (seen->status == 410) {
		outcome->kind = OUTCOME_FAILURE;
		outcome->disable = true;
	}
}

static void
say_timed_out(const struct outcome_seen *seen, struct outcome *outcome)
{
	static const char *const phases[] = {
		[PHASE_CONNECT] = "no connection",
		[PHASE_TLS] = "TLS handshake not finished",
		[PHASE_REQUEST] = "",
		[PHASE_RESPONSE] = "no response after the request",
		[PHASE_HEADER] = "response header not finished",
	};
	double seconds = (double)seen->timeout_ms / 1000;

	if (seen->suspect)
		outcome->health = HEALTH_NEUTRAL;
	if (seen->phase == PHASE_REQUEST)
		snprintf(outcome->error, OUTCOME_ERROR_SIZE,
		    "timed out after %.1f s: %zu of %zu bytes taken", seconds,
		    seen->taken, seen->length);
	else
		snprintf(outcome->error, OUTCOME_ERROR_SIZE,
		    "timed out after %.1f s: %s", seconds, phases[seen->phase]);
}

static void
say_resent(struct outcome *outcome)
{
	size_t length = strlen(outcome->error);

	snprintf(outcome->error + length, OUTCOME_ERROR_SIZE - length,
	    "%ssent twice: a kept connection gave no response",
	    length > 0 ? ", " : "");
}

struct outcome
outcome_of(const struct outcome_seen *seen)
{
	struct outcome outcome = { OUTCOME_RETRY, HEALTH_NEUTRAL, false, "" };

	outcome.health = ends[seen->end].health;
	if (seen->status != 0 && concerns_body(seen->end)) {
		if (is_success(seen->status) && seen->sent)
			say_accepted(seen, &outcome);
		else
			say_answer(seen, &outcome);
	} else if (seen->end == END_TIMED_OUT)
		say_timed_out(seen, &outcome);
	else if (ends[seen->end].error != NULL)
		snprintf(outcome.error, OUTCOME_ERROR_SIZE, "%s",
		    ends[seen->end].error);
	else
		snprintf(outcome.error, OUTCOME_ERROR_SIZE, "%s",
		    ends[END_MALFORMED].error);
	if (seen->resent)
		say_resent(&outcome);
	if (seen->end == END_BLOCKED || seen->end == END_BAD_URL)
		outcome.kind = OUTCOME_FAILURE;
	return outcome;
}
