#include "child.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>
#include <fcntl.h>

#include "ground/config.h"
#include "ground/log.h"
#include "ground/text.h"

extern char **environ;

static char *title_start;
static size_t title_room;
static volatile sig_atomic_t stops;
static unsigned stop_patience;
static int stop_pipe[2] = { -1, -1 };
static int parent_socket = -1;

void
child_title_prepare(int argc, char **argv)
{
	char *end = argv[0] + strlen(argv[0]) + 1;
	static char **copy; /* kept: what clears the environment frees none */
	size_t count = 0;

	for (int i = 1; i < argc; i++)
		if (argv[i] == end)
			end += strlen(end) + 1;
	while (environ[count] != NULL)
		count++;
	copy = memory_get((count + 1) * sizeof(*copy));
	for (size_t i = 0; i < count; i++) {
		if (environ[i] == end)
			end += strlen(end) + 1;
		copy[i] = memory_copy_string(environ[i]);
	}
	environ = copy;
	title_start = argv[0];
	title_room = (size_t)(end - title_start);
}

void
child_title(const char *title)
{
	static char role[64];
	const char *colon = strstr(title, ": ");
	size_t length = strlen(title);

	if (title_room > 1) {
		length = length < title_room - 1 ? length : title_room - 1;
		memset(title_start, '\0', title_room);
		memcpy(title_start, title, length);
	}
	strncpy(role, colon != NULL ? colon + 2 : title, sizeof(role) - 1);
	log_open(role, config.log_level);
}

/* The alarm makes sure: a child that cannot stop is ended by it. */
static void
child_on_term(int number)
{
	(void)number;
	if (!stops)
		alarm(stop_patience);
	stops = 1;
	if (write(stop_pipe[1], "", 1) == -1)
		return; /* full: it is readable already */
}

static void
child_signals(void)
{
	struct sigaction action = { .sa_handler = SIG_DFL };
	static const int defaults[] = { SIGHUP, SIGINT, SIGQUIT, SIGCHLD,
		SIGUSR1, SIGUSR2, SIGALRM };
	sigset_t none;

	for (size_t i = 0; i < sizeof(defaults) / sizeof(defaults[0]); i++)
		sigaction(defaults[i], &action, NULL);
	action.sa_handler = SIG_IGN;
	sigaction(SIGPIPE, &action, NULL);
	/* Meant for the supervisor, which has a terminal's Ctrl-C too. */
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
	sigaction(SIGUSR2, &action, NULL);
	action.sa_handler = child_on_term;
	sigaction(SIGTERM, &action, NULL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static void
child_environment(void)
{
	char *path = memory_copy_string(getenv("PATH"));

	clearenv();
	if (setenv("PATH", path != NULL ? path : "/usr/bin:/bin", 1) == -1 ||
	    setenv("TZ", "UTC", 1) == -1 ||
	    setenv("RES_OPTIONS", "timeout:2 attempts:1", 1) == -1)
		memory_out();
	free(path);
}

void
child_enter(pid_t parent, int parent_pipe, unsigned patience)
{
	stop_patience = patience;
	parent_socket = parent_pipe;
	if (pipe2(stop_pipe, O_CLOEXEC | O_NONBLOCK) == -1) {
		log_error("cannot make a pipe reason=\"%m\"");
		_exit(111);
	}
	child_signals();
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent)
		_exit(111);
	child_environment();
}

bool
child_stops(void)
{
	return stops;
}

int
child_stop_socket(void)
{
	return stop_pipe[0];
}

int
child_parent_socket(void)
{
	return parent_socket;
}

void
child_parent_gone(void)
{
	if (!stops)
		child_on_term(SIGTERM);
}
