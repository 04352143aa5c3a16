#ifndef FUZZ_VARIABLES_H
#define FUZZ_VARIABLES_H
/* A request's variables as a CGI program gets them. */
#include <stdbool.h>
#include <unistd.h>

#include "doors/http_link.h"
#include "fuzz.h"

/* names[i] is set to the i-th line; there is room for a NULL behind them. */
static inline void
variables_read(struct input *input, const char *const names[], size_t count,
    char *variables[])
{
	struct text variable = { 0 };
	char *line;

	for (size_t i = 0; i < count; i++) {
		line = input_line(input);
		text_addf(&variable, "%s=%s", names[i], line);
		variables[i] = text_take(&variable);
		free(line);
	}
	variables[count] = NULL;
}

static inline void
variables_free(char *variables[], size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(variables[i]);
}

/* The source of a request; http_link_free it before the variables. */
static inline struct http_link *
link_of(char **variables)
{
	struct http_link *link = http_link_new();
	char **ours = environ;

	environ = variables;
	http_link_begin_cgi(link);
	environ = ours;
	return link;
}
#endif
