#include "pools.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "ground/config.h"
#include "ground/config_file.h"
#include "ground/log.h"

#define BACKLOG 1024
#define PATH_MOST 4096

static struct {
	const char *name;
	char *title;
	const int64_t *size;
	int socket; /* -1: the program is not there */
	struct sockaddr_un address;
} pools[POOLS] = {
	[POOL_INGEST] = { "ingest", (char[]){ "postrider: ingest" },
	    &config.ingest_processes, -1, { 0 } },
	[POOL_API] = { "api", (char[]){ "postrider: api" },
	    &config.api_processes, -1, { 0 } },
	[POOL_ADMIN] = { "admin", (char[]){ "postrider: admin" },
	    &config.admin_processes, -1, { 0 } },
};

const char *
pool_name(enum pool pool)
{
	return pools[pool].name;
}

static bool
program_path(enum pool pool, char path[PATH_MOST])
{
	int length = snprintf(
	    path, PATH_MOST, "%s/%s", config.cgi_dir, pools[pool].name);

	return length < PATH_MOST && access(path, X_OK) == 0;
}

/* A socket left behind by a dead supervisor is replaced: the lock on
 * worker.pid says that no other is alive. */
static int
socket_open(struct sockaddr_un *address, const char *name)
{
	int length, fd;
	mode_t mask;

	address->sun_family = AF_UNIX;
	length = snprintf(address->sun_path, sizeof(address->sun_path),
	    "%s/%s.sock", config.run_dir, name);
	if (length >= (int)sizeof(address->sun_path)) {
		log_error("RUN_DIR is too long for a socket path=%s/%s.sock",
		    config.run_dir, name);
		return -1;
	}
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd == -1)
		goto out;
	unlink(address->sun_path);
	mask = umask(0117);
	if (bind(fd, (struct sockaddr *)address, sizeof(*address)) == -1 ||
	    listen(fd, BACKLOG) == -1) {
		umask(mask);
		goto out;
	}
	umask(mask);
	return fd;
out:
	log_error("cannot listen socket=%s reason=\"%s\"", address->sun_path,
	    strerror(errno));
	if (fd != -1)
		close(fd);
	return -1;
}

int
pools_open(void)
{
	char path[PATH_MOST];

	for (enum pool pool = 0; pool < POOLS; pool++) {
		if (!program_path(pool, path)) {
			log_warning("left out a program that is not there "
				    "path=%s/%s",
			    config.cgi_dir, pools[pool].name);
			continue;
		}
		pools[pool].socket =
		    socket_open(&pools[pool].address, pools[pool].name);
		if (pools[pool].socket == -1)
			return -1;
	}
	return 0;
}

bool
pool_is_there(enum pool pool)
{
	return pools[pool].socket != -1;
}

int64_t
pool_size(enum pool pool)
{
	return *pools[pool].size;
}

void
pool_exec(enum pool pool)
{
	char *const arguments[] = { pools[pool].title, NULL };
	char path[PATH_MOST];

	if (!program_path(pool, path) || dup2(pools[pool].socket, 0) == -1)
		return;
	/* Of LDAP's, which comes with libpq: 0.8 MiB a process if it starts
	 * by itself. Who uses it starts it. */
	setenv("GNUTLS_NO_IMPLICIT_INIT", "1", 1);
	config_file_hand_over();
	unsetenv("NOTIFY_SOCKET"); /* systemd's, and for us alone */
	execv(path, arguments);
	log_error("cannot run path=%s reason=\"%s\"", path, strerror(errno));
}

void
pools_close(void)
{
	for (enum pool pool = 0; pool < POOLS; pool++) {
		if (pools[pool].socket == -1)
			continue;
		close(pools[pool].socket);
		unlink(pools[pool].address.sun_path);
		pools[pool].socket = -1;
	}
}
