#include "ground/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "ground/clock.h"
#include "ground/text.h"

#define LINE_MAX_BYTES 2048

static const char *const level_names[] = { "debug", "info", "warning",
	"error" };
static const char *log_role = "postrider";
static enum log_level log_least = LOG_INFO;

void
log_open(const char *role, enum log_level least)
{
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

/* Copies with what could forge a line, or hide or reorder a part of it,
 * escaped: \xNN for control bytes and for what is no UTF-8, else \u202e. */
static size_t
log_escape(const char *from, char *to, size_t room)
{
	size_t length = 0, left = strlen(from), step;
	uint32_t code;

	for (; left != 0 && length + 13 < room; from += step, left -= step) {
		step = text_character(from, left, &code);
		if (step == 0 || code < 0x20 || code == 0x7f) {
			step = 1;
			length += (size_t)snprintf(to + length, room - length,
			    "\\x%02x", (unsigned char)*from);
		} else if (text_is_hidden(code)) {
			length += (size_t)snprintf(to + length, room - length,
			    code < 0x10000 ? "\\u%04x" : "\\U%08x", code);
		} else {
			memcpy(to + length, from, step);
			length += step;
		}
	}
	return length;
}

void
log_line(enum log_level level, const char *format, ...)
{
	char said[LINE_MAX_BYTES], line[LINE_MAX_BYTES * 2];
	char when[CLOCK_TEXT_SIZE];
	struct timespec now;
	va_list args;
	size_t length;

	if (level < log_least)
		return;
	va_start(args, format);
	vsnprintf(said, sizeof(said), format, args);
	va_end(args);
	clock_gettime(CLOCK_REALTIME, &now);
	clock_text((int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000, when);
	length = (size_t)snprintf(line, sizeof(line) / 2, "%s %s %s[%d] ", when,
	    level_names[level], log_role, (int)getpid());
	length += log_escape(said, line + length, sizeof(line) - length - 1);
	line[length++] = '\n';
	if (write(STDERR_FILENO, line, length) < 0)
		return; /* nowhere left to say it */
}
