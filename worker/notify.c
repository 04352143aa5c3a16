#include "notify.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "ground/log.h"

void
notify(const char *state)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	socklen_t length;
	int fd;

	if (path == NULL || strlen(path) >= sizeof(address.sun_path))
		return;
	memcpy(address.sun_path, path, strlen(path));
	if (path[0] == '@')
		address.sun_path[0] = '\0';
	length =
	    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path));
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd == -1)
		return;
	if (sendto(fd, state, strlen(state), MSG_NOSIGNAL,
		(struct sockaddr *)&address, length) == -1)
		log_warning(
		    "cannot tell systemd reason=\"%s\"", strerror(errno));
	close(fd);
}

/* 0: there is no watchdog, or it is another process's. */
static int64_t
watchdog_ms(void)
{
	const char *period = getenv("WATCHDOG_USEC");
	const char *pid = getenv("WATCHDOG_PID");

	if (period == NULL || (pid != NULL && atoll(pid) != getpid()))
		return 0;
	return atoll(period) / 1000;
}

void
notify_alive(int64_t now)
{
	static int64_t next;
	int64_t period = watchdog_ms();

	if (period <= 0 || now < next)
		return;
	next = now + period / 4;
	notify("WATCHDOG=1");
}
