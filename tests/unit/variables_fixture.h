#ifndef VARIABLES_FIXTURE_H
#define VARIABLES_FIXTURE_H
/* A request's variables are the environment's, after http_link_begin_cgi. */
#include <stdlib.h>

static void
variable_set(const char *name, const char *value)
{
	if (value != NULL)
		setenv(name, value, 1);
	else
		unsetenv(name);
}
#endif
