#ifndef WORKER_SOCKET_STATE_H
#define WORKER_SOCKET_STATE_H
/*
 * What the kernel knows of a connected socket. Nothing is read from it.
 */
#include <stdbool.h>
#include <stddef.h>

enum socket_state {
	SOCKET_SILENT, /* open, and nothing waits to be read */
	SOCKET_SPOKEN, /* bytes wait */
	SOCKET_ENDED   /* closed by the other end, or about to be */
};
/* tls: the bytes that wait are TLS records. A TLS alert is an end, and so is
 * "HTTP/1.1 408", which servers send before they close an idle connection. */
enum socket_state socket_state(int fd, bool tls);

/* Bytes sent that the other end has not acknowledged. */
size_t socket_unacked(int fd);

/* Close it when nothing that was sent is acknowledged for so long, or when the
 * other end takes nothing more for so long. 0: as the kernel sees fit. */
void socket_unacked_most(int fd, unsigned ms);
#endif
