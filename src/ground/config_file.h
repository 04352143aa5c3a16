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
#endif
