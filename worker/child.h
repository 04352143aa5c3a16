#ifndef WORKER_CHILD_H
#define WORKER_CHILD_H
/*
 * What a forked child does before its work: it takes its title, drops what
 * it inherited, and is told to stop by SIGTERM or by its parent's death.
 */
#include <stdbool.h>
#include <sys/types.h>

/* Once, at the start of main, before anything keeps pointers to the
 * environment: ps shows titles where the arguments stood. */
void child_title_prepare(int argc, char **argv);
/* title: "postrider: delivery 1"; also the log's role, less its prefix. */
void child_title(const char *title);

/*
 * After fork. parent: its pid. Signals at their defaults but SIGTERM, which
 * child_stops tells, and SIGPIPE, ignored; SIGTERM comes too when the parent
 * dies. patience: seconds after SIGTERM until the kernel ends it. The
 * environment is left with PATH, TZ and RES_OPTIONS, so that no library takes
 * a proxy or a key log from it. Ends the process if the parent is gone.
 */
void child_enter(pid_t parent, int parent_pipe, unsigned patience);
bool child_stops(void);
/* Readable once it shall stop, so that a poll over it wakes. */
int child_stop_socket(void);
/* Readable once the parent is gone. */
int child_parent_socket(void);
void child_parent_gone(void);
#endif
