#ifndef TESTS_REDIS_FIXTURE_H
#define TESTS_REDIS_FIXTURE_H
/*
 * A Redis of one's own, on a socket in a directory of its own, and a bare
 * connection to it that says what a stranger would say.
 */
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

struct redis_fixture {
	char directory[92]; /* a socket's path has 107 bytes */
	char socket[108];
	char url[128];
	pid_t pid;
};

static inline int
redis_fixture_connect(const struct redis_fixture *fixture)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(
	    address.sun_path, sizeof(address.sun_path), "%s", fixture->socket);
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
		return fd;
	close(fd);
	return -1;
}

static inline void
redis_fixture_spawn(struct redis_fixture *fixture)
{
	fixture->pid = fork();
	if (fixture->pid == 0) {
		if (freopen("/dev/null", "w", stdout) == NULL)
			_exit(1);
		execlp("redis-server", "redis-server", "--port", "0",
		    "--unixsocket", fixture->socket, "--save", "", "--dir",
		    fixture->directory, "--appendonly", "no", (char *)NULL);
		_exit(1);
	}
	for (int i = 0; i < 500; i++) {
		int fd = redis_fixture_connect(fixture);

		if (fd != -1) {
			close(fd);
			return;
		}
		usleep(10000);
	}
	fprintf(stderr, "redis-server does not start\n");
	exit(1);
}

static inline void
redis_fixture_start(struct redis_fixture *fixture)
{
	const char *place = getenv("TMPDIR");

	snprintf(fixture->directory, sizeof(fixture->directory),
	    "%s/redis-XXXXXX", place != NULL ? place : "/tmp");
	if (mkdtemp(fixture->directory) == NULL)
		exit(1);
	snprintf(fixture->socket, sizeof(fixture->socket), "%s/redis.sock",
	    fixture->directory);
	snprintf(
	    fixture->url, sizeof(fixture->url), "unix://%s", fixture->socket);
	redis_fixture_spawn(fixture);
}

static inline void
redis_fixture_kill(struct redis_fixture *fixture)
{
	kill(fixture->pid, SIGKILL);
	waitpid(fixture->pid, NULL, 0);
	unlink(fixture->socket);
}

static inline void
redis_fixture_stop(struct redis_fixture *fixture)
{
	redis_fixture_kill(fixture);
	rmdir(fixture->directory);
}

/* Says one inline command; the first bytes of the answer, until the next. */
static inline const char *
redis_fixture_say(const struct redis_fixture *fixture, const char *format, ...)
{
	static char answer[65536];
	char line[8192];
	struct pollfd ready = { .events = POLLIN };
	va_list args;
	ssize_t length = 0;
	int said;

	va_start(args, format);
	said = vsnprintf(line, sizeof(line) - 2, format, args);
	va_end(args);
	memcpy(line + said, "\r\n", 2);
	ready.fd = redis_fixture_connect(fixture);
	if (ready.fd == -1 || write(ready.fd, line, (size_t)said + 2) < 0 ||
	    poll(&ready, 1, 2000) != 1 ||
	    (length = read(ready.fd, answer, sizeof(answer) - 1)) < 0)
		length = 0;
	answer[length] = '\0';
	if (ready.fd != -1)
		close(ready.fd);
	return answer;
}
#endif
