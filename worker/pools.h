#ifndef WORKER_POOLS_H
#define WORKER_POOLS_H
/*
 * The FastCGI programs that Apache talks to: a private unix socket each,
 * RUN_DIR/NAME.sock, and processes that inherit it as descriptor 0.
 */
#include <stdbool.h>
#include <stdint.h>

enum pool { POOL_INGEST, POOL_API, POOL_ADMIN, POOLS };

const char *pool_name(enum pool pool);
/* Opens the sockets of the programs that are in CGI_DIR, and warns of those
 * that are not. 0, or -1 when a socket cannot be made (logged). */
int pools_open(void);
bool pool_is_there(enum pool pool);
int64_t pool_size(enum pool pool); /* processes, by config */
/* In the child: becomes the program. Returns only when that failed. */
void pool_exec(enum pool pool);
void pools_close(void); /* and removes the sockets */
#endif
