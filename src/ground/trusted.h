#ifndef GROUND_TRUSTED_H
#define GROUND_TRUSTED_H
/*
 * What root may be led by: a path that nobody but root can change. That is
 * asked of every directory on the way, and of those that symbolic links lead
 * through: whoever may write to one of them may put another file there.
 */
#include <stdbool.h>

#define TRUSTED_REASON_SIZE 4400

/* True when this process is not root's, or when only root may write to the
 * directories of `path` and, with and_file, to the file that it names. What is
 * not there is no reason. Else false, and why, and what to do. */
bool
trusted_path(const char *path, bool and_file, char reason[TRUSTED_REASON_SIZE]);
#endif
