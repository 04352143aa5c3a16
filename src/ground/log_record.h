#ifndef GROUND_LOG_RECORD_H
#define GROUND_LOG_RECORD_H
/*
 * The text of a record, as ground/log.h says. Allocates nothing: it must work
 * when there is no memory left.
 */
#include <stdarg.h>
#include <stddef.h>

/* At most room - 1 bytes and a NUL into `out`; what is longer is cut, with its
 * quotes closed. The length. */
size_t log_record(char *out, size_t room, const char *format, va_list args)
    __attribute__((format(printf, 3, 0)));
#endif
