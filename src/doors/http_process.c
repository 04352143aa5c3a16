#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "doors/http_link.h"
#include "ground/log.h"

static volatile sig_atomic_t stop_asked;
static sigset_t waiting; /* what is held while we wait */

static void
on_stop(int number)
{
	(void)number;
	stop_asked = 1;
}

/* The pool's supervisor may be gone before we could ask to be told. */
static void
follow_parent(void)
{
	pid_t parent = getppid();

	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent)
		stop_asked = 1;
}

/* After libfcgi's, which puts handlers of its own on these. */
static void
signals_set(void)
{
	struct sigaction action = { .sa_handler = on_stop };
	sigset_t held;

	sigemptyset(&action.sa_mask);
	sigemptyset(&held);
	sigaddset(&held, SIGTERM);
	sigaddset(&held, SIGINT);
	sigprocmask(SIG_BLOCK, &held, &waiting);
	sigdelset(&waiting, SIGTERM);
	sigdelset(&waiting, SIGINT);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	action.sa_handler = SIG_IGN;
	sigaction(SIGPIPE, &action, NULL);
	sigaction(SIGUSR1, &action, NULL);
}

int
http_process_start(void)
{
	int flags = fcntl(HTTP_LISTEN_FD, F_GETFL);

	signals_set();
	follow_parent();
	/* Several processes see the same caller; one gets it. */
	if (flags != -1 &&
	    fcntl(HTTP_LISTEN_FD, F_SETFL, flags | O_NONBLOCK) != -1)
		return 0;
	log_error("listening socket unusable error=%s", strerror(errno));
	return -1;
}

bool
http_process_stopping(void)
{
	return stop_asked;
}

int
http_process_wait(
    int epoll, struct epoll_event *events, int room, int timeout_ms)
{
	int count = epoll_pwait(epoll, events, room, timeout_ms, &waiting);

	if (count == -1 && errno != EINTR)
		log_error("waiting failed error=%s", strerror(errno));
	return count == -1 ? 0 : count;
}

int
http_process_listen(int epoll, void *mark)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLEXCLUSIVE,
		.data.ptr = mark };

	if (epoll_ctl(epoll, EPOLL_CTL_ADD, HTTP_LISTEN_FD, &event) == -1) {
		log_error(
		    "listening socket unusable error=%s", strerror(errno));
		return -1;
	}
	return 0;
}

int
http_process_accept(void)
{
	struct timeval limit = { .tv_sec = HTTP_SILENCE_MS / 1000 };
	int fd = accept4(HTTP_LISTEN_FD, NULL, NULL, SOCK_CLOEXEC);

	if (fd == -1) {
		if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED)
			log_warning("connection not accepted error=%s",
			    strerror(errno));
		return -1;
	}
	/* Without its limits a silent caller would hold a process for ever. */
	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) ==
		0 &&
	    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)) == 0)
		return fd;
	log_warning("connection not accepted error=%s", strerror(errno));
	close(fd);
	return -1;
}

/* Descriptor 0 stays taken, or the next connection would get it. */
void
http_process_deafen(void)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null == -1 || dup2(null, HTTP_LISTEN_FD) == -1)
		log_warning("listening socket kept error=%s", strerror(errno));
	if (null != -1)
		close(null);
}
