#ifndef GROUND_LOG_H
#define GROUND_LOG_H
/*
 * One line a record on standard error: UTC time, level, role[pid], a verb
 * phrase, key=value pairs. No secret, no payload.
 *
 * Where standard error is systemd's journal (JOURNAL_STREAM), the record has
 * its priority in front, <4> say, and no time, which the journal adds.
 *
 * A format is a phrase and then key=… pairs with a blank between them, each
 * with literals and conversions, or key="…" to have it quoted always. Values
 * that need it are quoted as logfmt has it: what is empty, or holds a blank, a
 * quote, an equals sign, a backslash or a control character. In quotes, and in
 * the phrase, these are escaped: \" \\ \n \r \t, and as \u202e what is hidden
 * (ground/text.h) and each byte that is no UTF-8. So no value can forge a
 * record or another pair.
 *
 * Conversions: %s %.*s %c %d %i %u %x with hh, h, l, ll, z, j, t, %f with a
 * precision, %m and %%; no other flags or widths.
 */
enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARNING, LOG_ERROR };

/* role: borrowed. The first call, or record, settles whether standard error is
 * the journal: before the environment is dropped. */
void log_open(const char *role, enum log_level least);
int log_level_of(const char *name); /* an enum log_level, or -1 */
void log_line(enum log_level level, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#define log_debug(...) log_line(LOG_DEBUG, __VA_ARGS__)
#define log_info(...) log_line(LOG_INFO, __VA_ARGS__)
#define log_warning(...) log_line(LOG_WARNING, __VA_ARGS__)
#define log_error(...) log_line(LOG_ERROR, __VA_ARGS__)

/* A sentence for the person who started the program, and not yet a record: on
 * standard error, with an error's priority in the journal. It adds the line
 * feed. */
void say_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
#endif
