#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "rules/outcome.h"

#define SUCCESS OUTCOME_SUCCESS
#define RETRY OUTCOME_RETRY
#define FAILURE OUTCOME_FAILURE
#define WELL HEALTH_WELL
#define SICK HEALTH_SICK
#define SLOW HEALTH_TIMED_OUT
#define NEUTRAL HEALTH_NEUTRAL

static const struct {
	enum outcome_end end;
	int status;
	bool sent;
	int kind, health;
	bool disable;
	const char *error;
} cases[] = {
	/* a final answer */
	{ END_ANSWERED, 200, true, SUCCESS, WELL, false, "" },
	{ END_ANSWERED, 204, true, SUCCESS, WELL, false, "" },
	{ END_ANSWERED, 299, true, SUCCESS, WELL, false, "" },
	{ END_ANSWERED, 200, false, RETRY, NEUTRAL, false,
	    "HTTP 200 before the whole request was sent" },
	{ END_ANSWERED, 300, true, RETRY, NEUTRAL, false, "HTTP 300" },
	{ END_ANSWERED, 302, true, RETRY, NEUTRAL, false, "HTTP 302" },
	{ END_ANSWERED, 400, true, RETRY, NEUTRAL, false, "HTTP 400" },
	{ END_ANSWERED, 404, false, RETRY, NEUTRAL, false, "HTTP 404" },
	{ END_ANSWERED, 410, true, FAILURE, NEUTRAL, true, "HTTP 410" },
	{ END_ANSWERED, 429, true, RETRY, SICK, false, "HTTP 429" },
	{ END_ANSWERED, 500, true, RETRY, NEUTRAL, false, "HTTP 500" },
	{ END_ANSWERED, 503, true, RETRY, SICK, false, "HTTP 503" },
	{ END_ANSWERED, 999, true, RETRY, NEUTRAL, false, "HTTP 999" },
	{ END_ANSWERED, 0, true, RETRY, NEUTRAL, false, "malformed answer" },
	/* accepted, but the body did not end well */
	{ END_BODY_CUT, 200, true, SUCCESS, WELL, false,
	    "answer too long, cut" },
	{ END_BODY_SHORT, 200, true, SUCCESS, WELL, false,
	    "the answer's body broke off" },
	{ END_RESET, 201, true, SUCCESS, WELL, false,
	    "the answer's body broke off" },
	{ END_TIMED_OUT, 200, true, SUCCESS, SLOW, false,
	    "the answer's body did not end within 5.0 s" },
	{ END_TIMED_OUT, 200, false, RETRY, SLOW, false,
	    "HTTP 200 before the whole request was sent" },
	{ END_BODY_CUT, 503, true, RETRY, SICK, false, "HTTP 503" },
	{ END_TIMED_OUT, 410, true, FAILURE, NEUTRAL, true, "HTTP 410" },
	/* no answer */
	{ END_TIMED_OUT, 0, true, RETRY, SLOW, false,
	    "timed out after 5.0 s: no connection" },
	{ END_HEADER_CUT, 200, true, SUCCESS, WELL, false,
	    "response header too long, cut" },
	{ END_HEADER_CUT, 200, false, RETRY, WELL, false,
	    "HTTP 200 before the whole request was sent" },
	{ END_HEADER_CUT, 503, true, RETRY, SICK, false, "HTTP 503" },
	{ END_HEADER_CUT, 410, true, FAILURE, NEUTRAL, true, "HTTP 410" },
	{ END_BLOCKED, 0, false, FAILURE, NEUTRAL, false,
	    "target address not allowed" },
	{ END_BLOCKED_NAME, 0, false, RETRY, SICK, false,
	    "target address not allowed" },
	{ END_BAD_URL, 0, false, FAILURE, NEUTRAL, false,
	    "target URL not allowed" },
	{ END_UNRESOLVED, 0, false, RETRY, SICK, false,
	    "could not resolve host" },
	{ END_UNANSWERED_NAME, 0, false, RETRY, SLOW, false,
	    "the name server did not answer" },
	{ END_NAME_SERVER_FAILED, 0, false, RETRY, SICK, false,
	    "the name server failed (SERVFAIL or refused)" },
	{ END_REFUSED, 0, false, RETRY, SICK, false, "connection refused" },
	{ END_UNREACHABLE, 0, false, RETRY, SICK, false, "host unreachable" },
	{ END_TLS, 0, false, RETRY, SICK, false, "TLS handshake failed" },
	{ END_UNTRUSTED, 0, false, RETRY, SICK, false,
	    "TLS certificate not trusted" },
	{ END_CLOSED, 0, true, RETRY, SICK, false,
	    "connection closed without an answer" },
	{ END_RESET, 0, true, RETRY, SICK, false, "connection reset" },
	{ END_MALFORMED, 0, true, RETRY, NEUTRAL, false, "malformed answer" },
	{ END_OTHER, 0, false, RETRY, SICK, false, "the exchange failed" },
};

static void
classes_what_was_seen(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct outcome_seen seen = { .end = cases[i].end,
			.status = cases[i].status,
			.sent = cases[i].sent,
			.timeout_ms = 5000 };
		struct outcome outcome = outcome_of(&seen);

		assert_string_equal(outcome.error, cases[i].error);
		assert_int_equal(outcome.kind, cases[i].kind);
		assert_int_equal(outcome.health, cases[i].health);
		assert_int_equal(outcome.disable, cases[i].disable);
	}
}

static const struct {
	enum outcome_phase phase;
	const char *error;
} phases[] = {
	{ PHASE_CONNECT, "timed out after 2.5 s: no connection" },
	{ PHASE_TLS, "timed out after 2.5 s: TLS handshake not finished" },
	{ PHASE_REQUEST, "timed out after 2.5 s: 7 of 4096 bytes taken" },
	{ PHASE_RESPONSE,
	    "timed out after 2.5 s: no response after the request" },
	{ PHASE_HEADER, "timed out after 2.5 s: response header not finished" },
};

static void
a_time_out_says_where(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(phases) / sizeof(phases[0]); i++) {
		struct outcome_seen seen = { .end = END_TIMED_OUT,
			.timeout_ms = 2500,
			.phase = phases[i].phase,
			.taken = 7,
			.length = 4096 };

		assert_string_equal(outcome_of(&seen).error, phases[i].error);
		assert_int_equal(outcome_of(&seen).health, SLOW);
		seen.suspect = true; /* not the receiver's fault, it may be */
		assert_int_equal(outcome_of(&seen).health, NEUTRAL);
	}
}

static void
what_was_sent_twice_says_so(void **state)
{
	struct outcome_seen seen = {
		.end = END_ANSWERED, .status = 200, .sent = true, .resent = true
	};

	(void)state;
	assert_string_equal(outcome_of(&seen).error,
	    "sent twice: a kept connection gave no response");
	assert_int_equal(outcome_of(&seen).kind, SUCCESS);
	seen.status = 500;
	assert_string_equal(outcome_of(&seen).error,
	    "HTTP 500, sent twice: a kept connection gave no response");
}

/* Whatever happens: Success needs a 2xx and the whole request sent. */
static void
nothing_else_is_a_success(void **state)
{
	(void)state;
	for (int end = END_ANSWERED; end <= END_OTHER; end++)
		for (int status = 0; status < 1000; status++)
			for (int sent = 0; sent < 2; sent++) {
				struct outcome_seen seen = { .end = end,
					.status = status,
					.sent = sent,
					.timeout_ms = 5000 };

				if (outcome_of(&seen).kind == SUCCESS)
					assert_true(sent && status >= 200 &&
					    status <= 299);
			}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(classes_what_was_seen),
		cmocka_unit_test(a_time_out_says_where),
		cmocka_unit_test(what_was_sent_twice_says_so),
		cmocka_unit_test(nothing_else_is_a_success),
	};

	return cmocka_run_group_tests_name("outcome", tests, NULL, NULL);
}
