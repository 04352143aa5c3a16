#include "socket_state.h"

#include <errno.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#define RECORD_ALERT 21
#define RECORD_DATA 23
#define ALERT_13_BYTES 19 /* encrypted; its type is hidden by TLS 1.3 */

static bool
is_alert(const unsigned char *bytes, ssize_t length)
{
	return length >= 5 &&
	    (bytes[0] == RECORD_ALERT ||
		(bytes[0] == RECORD_DATA && bytes[3] == 0 &&
		    bytes[4] == ALERT_13_BYTES));
}

static bool
is_closed_behind(int fd)
{
	struct pollfd end = { .fd = fd, .events = POLLRDHUP };

	return poll(&end, 1, 0) == 1 && (end.revents & POLLRDHUP) != 0;
}

/* What TLS hides may be a 408 too. */
static bool
is_farewell(int fd, const unsigned char *bytes, ssize_t length, bool tls)
{
	if (tls)
		return is_alert(bytes, length) || is_closed_behind(fd);
	return length >= 13 && memcmp(bytes, "HTTP/", 5) == 0 &&
	    memcmp(bytes + 8, " 408 ", 5) == 0;
}

enum socket_state
socket_state(int fd, bool tls)
{
	unsigned char bytes[16];
	ssize_t length =
	    recv(fd, bytes, sizeof(bytes), MSG_PEEK | MSG_DONTWAIT);

	if (length == -1 && (errno == EAGAIN || errno == EINTR))
		return SOCKET_SILENT;
	return length <= 0 || is_farewell(fd, bytes, length, tls)
	    ? SOCKET_ENDED
	    : SOCKET_SPOKEN;
}

size_t
socket_unacked(int fd)
{
	int bytes = 0;

	return ioctl(fd, SIOCOUTQ, &bytes) == 0 && bytes > 0 ? (size_t)bytes
							     : 0;
}

void
socket_unacked_most(int fd, unsigned ms)
{
	/* Without it a dead connection costs a whole time-out. */
	(void)setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &ms, sizeof(ms));
}
