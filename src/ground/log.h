#ifndef GROUND_LOG_H
#define GROUND_LOG_H
/*
 * One line a record on standard error: UTC time, level, role[pid], a verb
 * phrase, key=value pairs. Control bytes are escaped. No secret, no payload.
 */
enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARNING, LOG_ERROR };

void log_open(const char *role, enum log_level least); /* role: borrowed */
int log_level_of(const char *name); /* an enum log_level, or -1 */
void log_line(enum log_level level, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#define log_debug(...) log_line(LOG_DEBUG, __VA_ARGS__)
#define log_info(...) log_line(LOG_INFO, __VA_ARGS__)
#define log_warning(...) log_line(LOG_WARNING, __VA_ARGS__)
#define log_error(...) log_line(LOG_ERROR, __VA_ARGS__)
#endif
