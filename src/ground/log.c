#include "ground/log.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "ground/clock.h"
#include "ground/log_record.h"

#define LINE_MAX_BYTES 4096

static const char *const level_names[] = { "debug", "info", "warning",
	"error" };
/* syslog(3)'s numbers of them */
static const int priorities[] = { 7, 6, 4, 3 };
static const char *log_role = "postrider";
static enum log_level log_least = LOG_INFO;

/* systemd.exec(5): device and inode of the journal's stream. The answer is
 * kept, since a child drops its environment. */
static bool
is_journal(void)
{
	static enum { UNKNOWN, NO, YES } known;
	const char *stream;
	unsigned long long device, inode;
	struct stat file;

	if (known != UNKNOWN)
		return known == YES;
	stream = getenv("JOURNAL_STREAM");
	known = stream != NULL &&
		sscanf(stream, "%llu:%llu", &device, &inode) == 2 &&
		fstat(STDERR_FILENO, &file) == 0 && file.st_dev == device &&
		file.st_ino == inode
	    ? YES
	    : NO;
	return known == YES;
}

void
log_open(const char *role, enum log_level least)
{
	is_journal(); /* while the environment is there */
	log_role = role;
	log_least = least;
}

int
log_level_of(const char *name)
{
	for (int i = LOG_DEBUG; i <= LOG_ERROR; i++)
		if (strcmp(name, level_names[i]) == 0)
			return i;
	return -1;
}

/* What stands before a record. */
static size_t
line_begin(char *line, size_t room, enum log_level level)
{
	char when[CLOCK_TEXT_SIZE + 8];
	struct timespec now;

	if (is_journal()) {
		snprintf(when, sizeof(when), "<%d>", priorities[level]);
	} else {
		clock_gettime(CLOCK_REALTIME, &now);
		clock_text(
		    (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000, when);
		strcat(when, " ");
	}
	return (size_t)snprintf(line, room, "%s%s %s[%d] ", when,
	    level_names[level], log_role, (int)getpid());
}

void
log_line(enum log_level level, const char *format, ...)
{
	char line[LINE_MAX_BYTES];
	va_list args;
	size_t length;

	if (level < log_least)
		return;
	length = line_begin(line, sizeof(line) / 2, level);
	va_start(args, format);
	length +=
	    log_record(line + length, sizeof(line) - length - 1, format, args);
	va_end(args);
	line[length++] = '\n';
	if (write(STDERR_FILENO, line, length) < 0)
		return; /* nowhere left to say it */
}

void
say_error(const char *format, ...)
{
	va_list args;

	if (is_journal())
		fprintf(stderr, "<%d>", priorities[LOG_ERROR]);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
}
