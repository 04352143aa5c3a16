#ifndef RULES_OUTCOME_H
#define RULES_OUTCOME_H
/*
 * What an attempt came to, from what was seen of it. Success is a final 2xx
 * header after the whole request was sent, and nothing else is: a body that
 * then breaks off or never ends is noted, since trying again would be a
 * certain duplicate.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum outcome_end {
	END_ANSWERED,	/* the exchange ran to its end */
	END_BODY_CUT,	/* we stopped reading a body that was too long */
	END_BODY_SHORT, /* the answer's body broke off */
	END_HEADER_CUT, /* we stopped reading a final header that was too long */
	END_TIMED_OUT,
	END_BLOCKED,	  /* egress forbids the address in the URL */
	END_BLOCKED_NAME, /* and every address of the name in it */
	END_BAD_URL,	  /* a scheme or a form that is not sent to */
	END_UNRESOLVED,
	END_UNANSWERED_NAME,	/* the name server is silent */
	END_NAME_SERVER_FAILED, /* it said so: SERVFAIL, REFUSED */
	END_REFUSED,
	END_UNREACHABLE,
	END_TLS,       /* no handshake */
	END_UNTRUSTED, /* the certificate */
	END_CLOSED,    /* the connection, without an answer */
	END_RESET,
	END_MALFORMED, /* no HTTP, or more header than anyone needs */
	END_OTHER
};

enum outcome_phase { /* how far it had come */
	PHASE_CONNECT,
	PHASE_TLS,	/* connected, no handshake */
	PHASE_REQUEST,	/* some of it was not taken */
	PHASE_RESPONSE, /* all of it was, and no byte came back */
	PHASE_HEADER
};

struct outcome_seen {
	enum outcome_end end;
	int status;   /* of the final header, 0: none was complete */
	bool sent;    /* all of the request's body */
	bool resent;  /* a kept connection had been dead: sent twice */
	bool suspect; /* a time-out that may be a kept connection's fault */
	int64_t timeout_ms; /* what END_TIMED_OUT means here */
	enum outcome_phase phase;
	size_t taken, length; /* bytes of the payload: acknowledged, in all */
};

#define OUTCOME_ERROR_SIZE 160

struct outcome {
	enum { OUTCOME_SUCCESS, OUTCOME_RETRY, OUTCOME_FAILURE } kind;
	enum {
		HEALTH_WELL,
		HEALTH_SICK,
		HEALTH_TIMED_OUT,
		HEALTH_NEUTRAL
	} health;			/* what it says of the receiver */
	bool disable;			/* 410: the receiver wants no more */
	char error[OUTCOME_ERROR_SIZE]; /* a sentence, "" when there is none */
};

/* OUTCOME_RETRY is a wish: the schedule decides whether one is left. */
struct outcome outcome_of(const struct outcome_seen *seen);
#endif
