#ifndef TESTS_TORTURE_FAIL_H
#define TESTS_TORTURE_FAIL_H
/*
 * Linked into build/torture with -Wl,--wrap=NAME for every CALL in calls.c: the
 * calls that our own objects make (not those within libpq, hiredis, libcurl or
 * the C library) are counted, and one of them fails, once.
 *
 * TORTURE_STATE names the file in which tests/torture/world.py says which, and
 * reads the count; all processes of a run share it. TORTURE_ROLE says which of
 * the worker's processes counts: supervisor, keeper or delivery; without it a
 * program counts from its start.
 */
#include <stdbool.h>

/* Counts a call; does it fail? frame: of the function that stands for it. */
bool fails(const char *name, void *const *frame);
#endif
