#include "children.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "child.h"
#include "delivery.h"
#include "ground/clock.h"
#include "ground/config.h"
#include "ground/heartbeat.h"
#include "ground/log.h"
#include "ground/text.h"
#include "keeper.h"
#include "shared.h"

#define DELAY_FIRST_MS 100
#define DELAY_MOST_MS 60000
#define LONG_LIFE_MS 10000
#define SETTLED_MS 300 /* so old before the next one is replaced */
#define HEART_STOPPED_MS 30000
#define POOL_PATIENCE_MS 10000
#define FILES_MOST 64 /* the supervisor has a handful */

static struct child *children;
static size_t count;
static int parent_ends[2] = { -1, -1 };

static const char *const role_names[ROLES] = { [ROLE_INGEST] = "ingest",
	[ROLE_API] = "api",
	[ROLE_ADMIN] = "admin",
	[ROLE_KEEPER] = "keeper",
	[ROLE_DELIVERY] = "delivery" };

static enum heartbeat_role
heartbeat_role_of(enum role role)
{
	return role == ROLE_INGEST  ? HEARTBEAT_INGEST
	    : role == ROLE_DELIVERY ? HEARTBEAT_DELIVERY
				    : HEARTBEAT_OTHER;
}

static int64_t
wanted_of(enum role role)
{
	long cores;

	if (role == ROLE_KEEPER)
		return 1;
	if (role == ROLE_DELIVERY) {
		cores = sysconf(_SC_NPROCESSORS_ONLN);
		return config.worker_processes > 0 ? config.worker_processes
		    : cores < 1			   ? 1
		    : cores > 64		   ? 64
						   : cores;
	}
	return pool_is_there((enum pool)role) ? pool_size((enum pool)role) : 0;
}

static struct child *
child_find(enum role role, int64_t number)
{
	for (size_t i = 0; i < count; i++)
		if (children[i].role == role && children[i].number == number)
			return &children[i];
	return NULL;
}

static void
child_add(enum role role, int number)
{
	if (count == HEARTBEAT_SLOTS)
		return;
	children = memory_resize(children, (count + 1) * sizeof(*children));
	children[count] = (struct child){
		.role = role, .number = number, .slot = (int)count
	};
	count++;
}

void
children_fit(void)
{
	for (enum role role = 0; role < ROLES; role++)
		for (int number = 1; number <= wanted_of(role); number++)
			if (child_find(role, number) == NULL)
				child_add(role, number);
	for (size_t i = 0; i < count; i++)
		children[i].unwanted =
		    children[i].number > wanted_of(children[i].role);
}

static int64_t
patience_ms(const struct child *child)
{
	return child->role == ROLE_DELIVERY ? config.http_timeout_ms + 8000
					    : POOL_PATIENCE_MS;
}

/* The lock on worker.pid above all: it is the parent's, and ends with it. */
static void
files_close(void)
{
	for (int fd = 3; fd < FILES_MOST; fd++)
		if (fd != shared_socket() && fd != parent_ends[0])
			close(fd);
}

/* Our handlers must not see what is meant for the program. */
static void
pool_live(enum pool pool, int slot, pid_t parent)
{
	static const int defaults[] = { SIGTERM, SIGHUP, SIGUSR2, SIGCHLD };
	sigset_t none;

	for (size_t i = 0; i < sizeof(defaults) / sizeof(defaults[0]); i++)
		signal(defaults[i], SIG_DFL);
	signal(SIGINT, SIG_IGN); /* a terminal's Ctrl-C is for us */
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	heartbeat_hand_over(slot);
	if (getppid() == parent)
		pool_exec(pool);
	_exit(111);
}

/* What the child does, for the rest of its life. */
static void
child_live(const struct child *child, pid_t parent)
{
	char title[64];

	if (child->role < ROLE_KEEPER)
		pool_live((enum pool)child->role, child->slot, parent);
	snprintf(title, sizeof(title),
	    child->role == ROLE_KEEPER ? "postrider: keeper"
				       : "postrider: delivery %d",
	    child->number);
	child_title(title);
	files_close();
	heartbeat_own(child->slot);
	child_enter(
	    parent, parent_ends[0], (unsigned)(patience_ms(child) / 1000));
	exit(child->role == ROLE_KEEPER
		? keeper_run(child->slot)
		: delivery_run(child->slot, child->incarnation));
}

static uint64_t
incarnation_new(void)
{
	uint64_t incarnation;

	do {
		randombytes_buf(&incarnation, sizeof(incarnation));
		incarnation &= INT64_MAX;
	} while (incarnation == 0);
	return incarnation;
}

static void
child_start(struct child *child, int64_t now)
{
	struct child copy;
	pid_t parent = getpid();

	/* EOF on a socket is readable; on a pipe it is only a hang-up. */
	if (parent_ends[0] == -1 &&
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, parent_ends) ==
		-1)
		log_error("cannot make a socket reason=\"%m\"");
	child->started_at = now;
	child->kill_at = 0;
	child->outdated = false;
	child->incarnation = incarnation_new();
	shared_beat(child->slot);
	copy = *child;
	child->pid = fork();
	if (child->pid == 0)
		child_live(&copy, parent);
	if (child->pid == -1) {
		log_error("cannot fork reason=\"%s\"", strerror(errno));
		child->pid = 0;
		child->start_at = now + 1000;
		return;
	}
	heartbeat_set_role(child->slot, heartbeat_role_of(child->role));
	log_debug("started child role=%s number=%d pid=%d",
	    role_names[child->role], child->number, (int)child->pid);
}

int64_t
children_start(int64_t now)
{
	int64_t wait = INT64_MAX;

	for (size_t i = 0; i < count; i++) {
		struct child *child = &children[i];

		if (child->pid != 0 || child->unwanted)
			continue;
		if (child->start_at <= now)
			child_start(child, now);
		else if (child->start_at - now < wait)
			wait = child->start_at - now;
	}
	return wait;
}

static void
child_died(struct child *child, int status, int64_t now)
{
	bool asked = child->kill_at != 0;
	bool clean = WIFEXITED(status) && WEXITSTATUS(status) == 0;
	int64_t lived = now - child->started_at;

	child->pid = 0;
	child->kill_at = 0;
	heartbeat_set_role(child->slot, HEARTBEAT_NONE);
	if (child->role == ROLE_DELIVERY && !clean)
		shared_bury(child->incarnation);
	if (asked || lived >= LONG_LIFE_MS || (clean && lived >= 1000))
		child->delay_ms = 0;
	else
		child->delay_ms = child->delay_ms == 0	  ? DELAY_FIRST_MS
		    : child->delay_ms * 2 > DELAY_MOST_MS ? DELAY_MOST_MS
							  : child->delay_ms * 2;
	child->start_at = now + child->delay_ms;
	if (!clean || !asked)
		log_warning("child ended role=%s number=%d %s=%d "
			    "lived_ms=%" PRId64 " again_in_ms=%" PRId64,
		    role_names[child->role], child->number,
		    WIFSIGNALED(status) ? "signal" : "status",
		    WIFSIGNALED(status) ? WTERMSIG(status)
					: WEXITSTATUS(status),
		    lived, child->delay_ms);
}

void
children_reap(int64_t now)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		for (size_t i = 0; i < count; i++)
			if (children[i].pid == pid)
				child_died(&children[i], status, now);
}

void
children_check(int64_t now)
{
	for (size_t i = 0; i < count; i++) {
		struct child *child = &children[i];

		if (child->pid == 0)
			continue;
		if (now - heartbeat_last(child->slot) > HEART_STOPPED_MS)
			log_error("killing a child that hangs role=%s "
				  "number=%d",
			    role_names[child->role], child->number);
		else if (child->kill_at == 0 || now < child->kill_at)
			continue;
		else
			log_error("killing a child that does not stop role=%s "
				  "number=%d",
			    role_names[child->role], child->number);
		kill(child->pid, SIGKILL);
		shared_beat(child->slot);
		child->kill_at = now + 1000;
	}
}

void
children_forgive(void)
{
	for (size_t i = 0; i < count; i++)
		shared_beat(children[i].slot);
}

static void
child_stop(struct child *child, int64_t now)
{
	if (child->pid == 0 || child->kill_at != 0)
		return;
	child->kill_at = now + patience_ms(child);
	kill(child->pid, SIGTERM);
}

void
children_stop(enum role first, enum role last, int64_t now)
{
	for (size_t i = 0; i < count; i++)
		if (children[i].role >= first && children[i].role <= last) {
			children[i].unwanted = true;
			child_stop(&children[i], now);
		}
}

bool
children_run(enum role first, enum role last)
{
	for (size_t i = 0; i < count; i++)
		if (children[i].role >= first && children[i].role <= last &&
		    children[i].pid != 0)
			return true;
	return false;
}

void
children_outdate(void)
{
	for (size_t i = 0; i < count; i++)
		children[i].outdated = children[i].pid != 0;
}

bool
children_roll(int64_t now)
{
	struct child *next = NULL;

	for (size_t i = 0; i < count; i++) {
		struct child *child = &children[i];

		if (child->kill_at != 0 ||
		    (child->pid != 0 && now - child->started_at < SETTLED_MS))
			return true; /* one is under way */
		if (next == NULL && child->pid != 0 &&
		    (child->outdated || child->unwanted))
			next = child;
	}
	if (next != NULL)
		child_stop(next, now);
	return next != NULL;
}

void
children_free(void)
{
	free(children);
	children = NULL;
	count = 0;
	close(parent_ends[0]);
	close(parent_ends[1]);
}
