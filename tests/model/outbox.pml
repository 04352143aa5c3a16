/*
 * One webhook on its way through the outbox, in all interleavings: two
 * delivery processes, a keeper, a purge, a person at the API, and a server
 * that carries out statements whose client gave up.  Rows are independent of
 * each other, so one webhook stands for all.
 *
 * The comment of a transition names the statement that makes it: the `name`
 * of a struct db_statement in src/stores.  Who changes the one looks at the
 * other; tests/model/run finds names that are no more.
 *
 * Under READ COMMITTED a statement sees other tables as they were when it
 * began, and the row that it locks as it is now: so a statement is two steps
 * here where the difference can matter, the snapshot and the rest.
 *
 * A run is finite (faults, retries and a person's wishes are counted), so
 * "never stuck" is: no cycle at all, and a final outcome wherever all stops.
 */
#ifndef FAULTS
#define FAULTS 2	/* crash, lost COMMIT, suspension, FLUSHALL: in all */
#endif
#ifndef WISHES
#define WISHES 2	/* pause, cancel, resend, delete: in all */
#endif
#define PROCESSES 2
#define RETRIES 1
#define INTERRUPTIONS 2	/* in a row, and it fails */
#define TOKENS (1 + PROCESSES + LEFT + 2)	/* in use at once */
#define LIVES 4
#define LEFT 2

mtype:sub = { ACTIVE, PAUSED, DISABLED, DELETED };
mtype:at = { IDLE, CLAIMING, DOUBTS, HOLDS, ANSWERED, SETTLING };
mtype:res = { NOTHING, SUCCESS, RETRY, FAILURE, GONE };
mtype:late = { NO_ORDER, CLAIM, SETTLE, STORE };

/* the truth: subscriptions, webhooks, pending, delivery_logs */
mtype:sub sub = ACTIVE;
bool stored, payload;
bool row, due;
byte lease, retries, interruptions;
bool logged[TOKENS];	/* an attempt's log row; a claim makes one attempt */
byte finals;	/* final log rows of this round */
byte round;	/* which inserted the row: tells a new one from an old */

/* Redis */
bool queued;

/* the delivery processes */
mtype:at at[PROCESSES] = IDLE;
byte life[PROCESSES], token[PROCESSES], saw_round[PROCESSES];
byte claimed_retries[PROCESSES];
bool saw_log[PROCESSES];
mtype:res result[PROCESSES] = NOTHING;
byte owner[TOKENS];	/* the life that a token names */
byte lives;
byte burials[LIVES];	/* a dead life's, still to come */

/* statements whose client gave up: the server may still be at them */
mtype:late left[LEFT] = NO_ORDER;	/* which */
byte left_token[LEFT], left_round[LEFT];
bool left_log[LEFT];
mtype:res left_result[LEFT] = NOTHING;

/* what only we know */
byte faults = FAULTS, wishes = WISHES;
byte age;	/* 1: two hours before the retention ends, 2: past it */
bool acknowledged, accepted, excused;
byte watched;	/* the keeper's, unchanged for LEASE_SECONDS */

#define check() \
	assert(!stored || row + finals == 1)	/* not lost, not ended twice */
#define works(p) ((at[p] == ANSWERED || at[p] == SETTLING) && !logged[token[p]])
#define holds(p, t) (token[p] == t && at[p] != IDLE)
#define is_held(t) (holds(0, t) || holds(1, t))
#define is_left(t) (left_token[0] == t || left_token[1] == t)
#define used(t) (lease == t || watched == t || token[0] == t || \
	token[1] == t || is_left(t))
#define is_free() (row && lease == 0)

/* What is left out on purpose, to see that it is missed. */
#ifdef CLAIM_LEASED
#define may_claim	payload
#elif defined(CLAIM_WITHOUT_PAYLOAD)
#define may_claim	(lease == 0)
#else
#define may_claim	(lease == 0 && payload)
#endif
#ifdef SETTLE_REPEATS_SUCCESS
#define is_new(log)	true
#else
#define is_new(log)	!log
#endif
#ifdef SETTLE_WITHOUT_LEASE
#define is_ours(t)	(lease != 0)
#else
#define is_ours(t)	(lease == t)
#endif
#ifdef BREAK_WITHOUT_TOKEN
#define is_seen(t)	(lease != 0)
#else
#define is_seen(t)	(lease == t)
#endif
#ifdef LATE_IS_FINAL
#define is_final_late	true
#else
#define is_final_late	false
#endif

inline next_token(p) {
#ifdef LEASE_WITHOUT_SEQUENCE
	token[p] = life[p] + 1;
	logged[token[p]] = false;	/* log ids are their own still */
	owner[token[p]] = life[p];
#else
	t = 1;
	do
	:: used(t) -> t++
	:: else -> break
	od;
	assert(t < TOKENS);
	token[p] = t;
	owner[t] = life[p];
	logged[t] = false;
	t = 0
#endif
}

/* A number that nobody knows any more may stand for a new token. */
inline tidy(t) {
	if
	:: t != 0 && !used(t) -> logged[t] = false; owner[t] = 0
	:: else
	fi
}

/* Someone's statement goes on without him. */
inline leave(statement, t, seen, log, res) {
	if
	:: left[0] == NO_ORDER -> slot = 0
	:: else -> slot = 1
	fi;
	assert(left[slot] == NO_ORDER);
	left[slot] = statement;
	left_token[slot] = t;
	left_round[slot] = seen;
	left_log[slot] = log;
	left_result[slot] = res;
	slot = 0
}

inline end_row() {
	row = false;
	due = false;
	lease = 0;
	retries = 0;
	interruptions = 0
}

/* webhook_store: webhooks and pending in one statement. */
inline webhook_store() {
	stored = true;
	payload = true;
	round = 1;
	row = true;
	due = true;
	check()
}

/* delivery_claim: free, due, of an active subscription, its payload there. */
inline delivery_claim(t) {
	if
	:: row && due && may_claim -> lease = t
	:: else
	fi
}

/* delivery_unclaim: names the token. */
inline delivery_unclaim(t) {
	if
	:: row && lease == t -> lease = 0
	:: else
	fi
}

/* delivery_settle: `held` locks, `ended` and `retried` move the row,
 * `logged` inserts ON CONFLICT DO NOTHING. */
inline delivery_settle(t, res, seen, log) {
	if
	:: row && round == seen && res == SUCCESS && is_new(log) ->
		final = true
	:: row && round == seen && (res == FAILURE || res == GONE) && is_ours(t) ->
		final = true
	:: row && round == seen && res == RETRY && is_ours(t) ->
		lease = 0;
		due = false;
		retries++;
		interruptions = 0
	:: else -> late_final = is_final_late && !logged[t] && res != RETRY
	fi;
	if
	:: final ->
		end_row();
		sub = (res == GONE && sub == ACTIVE -> DISABLED : sub)
	:: else
	fi;
	if
	:: !logged[t] ->
		logged[t] = true;
		if
		:: final -> finals++
		:: else
		fi
	:: else
	fi;
	finals = finals + late_final;
	late_final = false;
	final = false;
	check()
}

/* delivery_break_lease, delivery_break_incarnation: `broken` or `failed`,
 * and an "interrupted" log row with either. */
inline interrupt() {
	t = lease;
	lease = 0;
	if
	:: interruptions + 1 < INTERRUPTIONS ->
		interruptions++;
		due = false
	:: else ->
		end_row();
		finals++
	fi;
	tidy(t);
	t = 0;
	check()
}

/* delivery_expire: free rows of a deleted subscription, and free rows two
 * hours before the retention ends. */
inline delivery_expire() {
	end_row();
	finals++;
	check()
}
#define is_hopeless() (is_free() && (sub == DELETED || age > 0))

/* The request, and rules/outcome with rules/backoff on the answer. */
inline send(p) {
	/* none is sent twice without need */
	assert(excused || !accepted && !works(0) && !works(1));
	at[p] = ANSWERED;
	if
	:: result[p] = SUCCESS; accepted = true
	:: result[p] = (claimed_retries[p] < RETRIES -> RETRY : FAILURE)
	:: wishes > 0 -> result[p] = GONE; wishes--	/* 410 */
	fi
}

inline forget_job(p) {
	at[p] = IDLE;
	t = token[p];
	token[p] = 0;
	saw_round[p] = 0;
	saw_log[p] = false;
	claimed_retries[p] = 0;
	result[p] = NOTHING;
	tidy(t);
	t = 0
}

/* kill -9; the supervisor starts another and tells the keeper. */
inline crash(p) {
	faults--;
	if
	:: works(p) -> excused = true
	:: else
	fi;
	if
	:: at[p] == CLAIMING -> leave(CLAIM, token[p], 0, false, NOTHING)
	:: at[p] == SETTLING ->
		leave(SETTLE, token[p], saw_round[p], saw_log[p], result[p])
	:: else
	fi;
	burials[life[p]] = 1;
	lives++;
	life[p] = lives;
	forget_job(p)
}

proctype delivery(byte p) {
	byte slot;
	byte t;
	bool final, late_final;
end:
	do
	/* take.lua gives what is due; then delivery_claim: its snapshot of
	 * the subscription. Of two that are idle, which one is the same */
	:: d_step { at[p] == IDLE && queued && (due || !row) &&
	    (p == 0 || at[0] != IDLE) ->
		queued = false;
		if
		:: sub == ACTIVE && row -> next_token(p); at[p] = CLAIMING
		:: else
		fi
	   }
	/* delivery_claim: the row, and COMMIT */
	:: d_step { at[p] == CLAIMING ->
		delivery_claim(token[p]);
		if
		:: row && lease == token[p] ->
			assert(payload);
			at[p] = HOLDS;
			claimed_retries[p] = retries
		:: else -> forget_job(p)
		fi
	   }
	/* its answer is lost: before, while or after the server did it */
	:: d_step { at[p] == CLAIMING && faults > 0 ->
		faults--;
		leave(CLAIM, token[p], 0, false, NOTHING);
		at[p] = DOUBTS
	   }
	/* delivery_unclaim: what may be held all the same */
	:: d_step { at[p] == DOUBTS ->
		delivery_unclaim(token[p]);
		forget_job(p);
		queued = true
	   }
	/* delivery_unclaim: the service stops, nothing was sent */
	:: d_step { at[p] == HOLDS && faults > 0 ->
		faults--;
		delivery_unclaim(token[p]);
		forget_job(p)
	   }
	:: atomic { at[p] == HOLDS -> send(p) }
	/* delivery_settle: its snapshot */
	:: d_step { at[p] == ANSWERED ->
		at[p] = SETTLING;
		saw_round[p] = (row -> round : 0);
		saw_log[p] = logged[token[p]]
	   }
#ifdef DELETE_BEFORE_LOG
	:: at[p] == SETTLING && result[p] != RETRY && row &&
	   lease == token[p] ->
		d_step { row = false; lease = 0 };
		if
		:: d_step { finals++; logged[token[p]] = true;
			forget_job(p) }
		:: d_step { faults > 0 -> crash(p) }
		fi;
		check()
#endif
	/* delivery_settle: the rest, and COMMIT; then settle.lua */
	:: d_step { at[p] == SETTLING ->
		delivery_settle(token[p], result[p], saw_round[p], saw_log[p]);
		queued = queued || result[p] == RETRY;
		forget_job(p)
	   }
	/* its answer is lost: the result is kept and goes again */
	:: d_step { at[p] == SETTLING && faults > 0 ->
		faults--;
		leave(SETTLE, token[p], saw_round[p], saw_log[p], result[p]);
		saw_round[p] = 0;
		saw_log[p] = false;
		at[p] = ANSWERED
	   }
	:: d_step { faults > 0 && at[p] != IDLE -> crash(p) }
	od
}

/* A backend whose client is gone: it ends its statement, or does not. */
proctype server(byte i) {
	byte t;
	bool final, late_final;

end:
	do
	:: atomic { left[i] != NO_ORDER ->
		if
		:: d_step { left[i] == CLAIM ->	/* delivery_claim */
			delivery_claim(left_token[i])
		   }
		:: d_step { left[i] == SETTLE ->	/* delivery_settle */
			delivery_settle(left_token[i], left_result[i],
			    left_round[i], left_log[i])
		   }
		/* the same, begun only now */
		:: d_step { left[i] == SETTLE ->
			left_round[i] = (row -> round : 0);
			left_log[i] = logged[left_token[i]];
			delivery_settle(left_token[i], left_result[i],
			    left_round[i], left_log[i])
		   }
		:: d_step { left[i] == STORE && !stored ->
			webhook_store()
		   }
		:: true
		fi;
		d_step {
			left[i] = NO_ORDER;
			t = left_token[i];
			left_token[i] = 0;
			left_round[i] = 0;
			left_log[i] = false;
			left_result[i] = NOTHING;
			tidy(t);
			t = 0
		}
	   }
	od
}

active proctype keeper() {
	byte i, t;
end:
	do
	/* delivery_break_incarnation */
	:: d_step { burials[0] > 0 -> i = 0; burials[i]--;
		if
		:: row && lease != 0 && owner[lease] == i -> interrupt()
		:: else
		fi; i = 0 }
	:: d_step { burials[1] > 0 -> i = 1; burials[i]--;
		if
		:: row && lease != 0 && owner[lease] == i -> interrupt()
		:: else
		fi; i = 0 }
	:: d_step { burials[2] > 0 -> i = 2; burials[i]--;
		if
		:: row && lease != 0 && owner[lease] == i -> interrupt()
		:: else
		fi; i = 0 }
#ifndef NO_LEASE_WATCH
	/* delivery_leases: seen */
	:: d_step { watched == 0 && row && lease != 0 &&
	    (!is_held(lease) || faults > 0) ->
		watched = lease
	   }
	/* unchanged for LEASE_SECONDS: nobody is at it, or he who is was
	 * suspended. delivery_break_lease names the token */
	:: d_step { watched != 0 && (!is_held(watched) || faults > 0) ->
		if
		:: is_held(watched) && lease == watched ->
			faults--;
			excused = true
		:: else
		fi;
		if
		:: row && is_seen(watched) -> interrupt()
		:: else
		fi;
		t = watched;
		watched = 0;
		tidy(t);
		t = 0
	   }
#endif
#ifndef NO_SWEEP
	/* delivery_recently_due, delivery_page_forward,
	 * delivery_page_backward: then push.lua */
	:: d_step { is_free() && due && sub == ACTIVE && payload && !queued ->
		queued = true
	   }
#endif
	/* delivery_expire */
	:: d_step { is_hopeless() -> delivery_expire() }
	/* FLUSHALL, or a restart without files */
	:: d_step { queued && faults > 0 -> faults--; queued = false }
	od
}

active proctype purge() {
end:
	age == 2 && stored;
	/* delivery_expire */
	d_step {
		if
		:: is_hopeless() -> delivery_expire()
		:: else
		fi
	}
	/* purge_past lists the partition: it goes, and the payload with it */
	payload = false
}

/* What is due comes due; the hours pass, in one of the checks. */
active proctype clock() {
end:
	do
	:: d_step { row && !due -> due = true }
#ifdef HOURS_PASS
	:: d_step { stored && age < 2 -> age++ }
#endif
	od
}

/* A producer, and a person. */
active proctype api() {
	byte slot;

	/* webhook_store: its snapshot of the subscription */
	sub != DELETED;
	if
	:: atomic {	/* webhook_store: COMMIT, then 202, then push.lua */
#ifdef ANSWER_BEFORE_COMMIT
		acknowledged = true;
		if
		:: faults--; goto end
		:: true
		fi;
#endif
		d_step { webhook_store() };
		acknowledged = true;
		queued = true
	   }
	/* no answer in time: 503 */
	:: d_step { leave(STORE, 0, 0, false, NOTHING); faults-- }
	fi;
end:
	do
	/* subscription_pause */
	:: d_step { wishes > 0 && sub == ACTIVE -> wishes--; sub = PAUSED }
	/* subscription_resume: a person does, sooner or later */
	:: d_step { sub == PAUSED || sub == DISABLED -> sub = ACTIVE }
	/* subscription_delete */
	:: d_step { wishes > 0 && sub != DELETED -> wishes--; sub = DELETED }
	/* intervention_cancel: the row goes, and a final outcome comes */
	:: d_step { wishes > 0 && is_free() ->
		wishes--;
		end_row();
		finals++;
		check()
	   }
	/* intervention_resend: a new round */
	:: d_step { wishes > 0 && stored && !row && payload &&
	    sub != DELETED ->
		wishes--;
		round++;
		finals = 0;
		row = true;
		due = true;
		retries = 0;
		interruptions = 0;
		accepted = false;
		excused = excused || at[0] != IDLE || at[1] != IDLE;
		check()
	   }
	od
}

init {
	d_step {
		life[1] = 1;
		lives = 1
	}
	atomic {
		run delivery(0);
		run delivery(1);
		run server(0);
		run server(1)
	}
	timeout;	/* all stopped */
	assert(!acknowledged || stored);
	assert(!stored || !row && finals == 1)	/* nothing is stuck */
}
