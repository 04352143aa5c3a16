#include "supervisor.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "children.h"
#include "ground/clock.h"
#include "ground/config.h"
#include "ground/config_file.h"
#include "ground/log.h"
#include "notify.h"
#include "pools.h"
#include "shared.h"
#include "stores/settings.h"

#define TURN_MS 1000
#define ROLL_TURN_MS 100
#define PAUSE_MS 5000 /* we were stopped ourselves */

static volatile sig_atomic_t asked_stop, asked_reload, asked_roll;
static int pid_file = -1;
static char pid_path[4096];

static void
on_signal(int number)
{
	switch (number) {
	case SIGTERM:
	case SIGINT: asked_stop = 1; break;
	case SIGHUP: asked_reload = 1; break;
	case SIGUSR2: asked_roll = 1; break;
	default: break; /* SIGCHLD only wakes */
	}
}

/* Blocked but while ppoll sleeps, so that none is missed. */
static void
signals_open(void)
{
	static const int numbers[] = { SIGTERM, SIGINT, SIGHUP, SIGUSR2,
		SIGCHLD };
	struct sigaction action = { .sa_handler = on_signal };
	sigset_t blocked;

	sigemptyset(&blocked);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		sigaction(numbers[i], &action, NULL);
		sigaddset(&blocked, numbers[i]);
	}
	sigprocmask(SIG_BLOCK, &blocked, NULL);
	signal(SIGPIPE, SIG_IGN);
}

/* 0; 100 when another runs or the directory cannot be used. */
static int
pid_file_open(void)
{
	char number[24];
	int length;

	if (mkdir(config.run_dir, 0755) == -1 && errno != EEXIST) {
		log_error("cannot make RUN_DIR path=%s reason=\"%s\"",
		    config.run_dir, strerror(errno));
		return 100;
	}
	snprintf(pid_path, sizeof(pid_path), "%s/worker.pid", config.run_dir);
	pid_file = open(pid_path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	if (pid_file == -1) {
		log_error("cannot open path=%s reason=\"%s\"", pid_path,
		    strerror(errno));
		return 100;
	}
	if (flock(pid_file, LOCK_EX | LOCK_NB) == -1) {
		if (errno == EWOULDBLOCK)
			log_error(
			    "another worker runs already path=%s", pid_path);
		else
			log_error("cannot lock path=%s reason=\"%s\"", pid_path,
			    strerror(errno));
		return 100;
	}
	length = snprintf(number, sizeof(number), "%d\n", (int)getpid());
	if (ftruncate(pid_file, 0) == -1 ||
	    write(pid_file, number, (size_t)length) != length)
		log_warning("cannot write path=%s reason=\"%s\"", pid_path,
		    strerror(errno));
	return 0;
}

static int
settings_load(void)
{
	return config_load() == -1 ? -1 : settings_open_targets();
}

/* Tried in a child first: a bad file must not touch what runs. */
static bool
settings_are_fine(int copy)
{
	int status = 1;
	pid_t pid = fork();

	if (pid == 0) {
		config_file_use(copy);
		_exit(config_load() == 0 && settings_check() == 0 ? 0 : 1);
	}
	while (pid > 0 && waitpid(pid, &status, 0) == -1 && errno == EINTR)
		continue;
	return pid > 0 && status == 0;
}

static void
reload(void)
{
	int copy = config_copy();

	if (copy == -1 || !settings_are_fine(copy)) {
		if (copy != -1)
			close(copy);
		log_error("kept the old settings: the new ones are refused");
		return;
	}
	config_file_use(copy);
	settings_load();
	log_open("supervisor", config.log_level);
	log_info("read the settings again, replacing the children");
	children_fit();
	children_outdate();
}

/* Deliveries first: what they settle may still need the keeper, and the
 * pools go on answering meanwhile. False once all are gone. */
static bool
stop_step(int64_t now)
{
	if (children_run(ROLE_DELIVERY, ROLE_DELIVERY)) {
		children_stop(ROLE_DELIVERY, ROLE_DELIVERY, now);
		return true;
	}
	children_stop(0, ROLE_DELIVERY, now);
	return children_run(0, ROLE_DELIVERY);
}

static void
answer_signals(bool *stops, bool *rolls)
{
	if (asked_stop && !*stops) {
		*stops = true;
		notify("STOPPING=1");
		log_info("stopping: finishing what is in flight");
	}
	if (asked_reload && !*stops) {
		reload();
		*rolls = true;
	}
	if (asked_roll && !*stops) {
		log_info("replacing the children");
		children_outdate();
		*rolls = true;
	}
	asked_reload = asked_roll = 0;
}

static void
supervise(void)
{
	struct timespec pause;
	sigset_t none;
	int64_t now, last = clock_monotonic_ms(), wait;
	bool stops = false, rolls = false;

	sigemptyset(&none);
	for (;;) {
		now = clock_monotonic_ms();
		if (now - last > PAUSE_MS)
			children_forgive();
		last = now;
		children_reap(now);
		answer_signals(&stops, &rolls);
		if (stops && !stop_step(now))
			return;
		children_check(now);
		wait = children_start(now);
		rolls = rolls && !stops && children_roll(now);
		notify_alive(now);
		wait = wait < TURN_MS ? wait : TURN_MS;
		if (rolls && wait > ROLL_TURN_MS)
			wait = ROLL_TURN_MS;
		pause = (struct timespec){ .tv_sec = wait / 1000,
			.tv_nsec = wait % 1000 * 1000000 };
		ppoll(NULL, 0, &pause, &none);
	}
}

int
supervisor_run(void)
{
	int rc;

	if (settings_check() == -1)
		return 100;
	rc = pid_file_open();
	if (rc != 0)
		return rc;
	signals_open();
	if (shared_open() == -1 || pools_open() == -1)
		return 111;
	children_fit();
	children_start(clock_monotonic_ms());
	log_info("started, serving from %s", config.run_dir);
	if (config.allow_targets[0] != '\0')
		log_warning("delivers to these private or reserved ranges "
			    "too: ALLOW_TARGETS=%s",
		    config.allow_targets);
	notify("READY=1");
	supervise();
	pools_close();
	children_free();
	unlink(pid_path);
	log_info("stopped");
	return 0;
}
