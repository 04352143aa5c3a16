#ifndef GROUND_CONFIG_FILE_H
#define GROUND_CONFIG_FILE_H
/*
 * The file of the settings: KEY=value lines, # comments, optional quotes.
 */
#include <stddef.h>

/* Calls `set` for each line: 0, or -1 after it said what is wrong; `where` is
 * FILE:LINE. 0, or -1 when a line did not fit, or the file cannot be read, or
 * may not be: by root when others may write to it (ground/trusted.h), or by
 * anyone when it has a password and is open to every user. All reasons were
 * written to standard error. */
int config_file_load(const char *path,
    int (*set)(
	const char *name, size_t length, const char *value, const char *where));

/*
 * Who supervises reads the file once, into a copy: a file that is edited or
 * goes bad meanwhile then changes nothing for a process that is started anew.
 */
/* A descriptor with a copy, of nothing for NULL; -1 after it was said. */
int config_file_copy(const char *path);
/* config_file_load reads this copy from now on. Takes it over. */
void config_file_use(int fd);
/* Between fork and exec: the program that comes reads that copy too. */
void config_file_hand_over(void);
#endif
