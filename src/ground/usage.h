#ifndef GROUND_USAGE_H
#define GROUND_USAGE_H
/*
 * --version and --help, the same in every program, and what is no option of
 * it.
 */
#include <stdbool.h>

/* Answers --version and --help, alone on the command line, on standard output.
 * usage: whole lines, the first of them "usage: NAME …". True when it did, or
 * could not: *status is for main. */
bool usage_asked(int argc, char **argv, const char *usage, int *status);

/* The same for a program without arguments: any other is refused on standard
 * error, with status 100. Under a web server (GATEWAY_INTERFACE) there are
 * none: what stands there came from the URL (RFC 3875, section 4.4). */
bool usage_only(int argc, char **argv, const char *usage, int *status);

/* Status 100, after the usage on standard error. */
int usage_refuse(const char *usage);
#endif
