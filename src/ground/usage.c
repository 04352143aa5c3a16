#include "ground/usage.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REFUSED 100
#define LATER 111

static void
print_version(const char *usage)
{
	const char *name = strchr(usage, ' ') + 1;

	printf("%.*s " POSTRIDER_VERSION "\n", (int)strcspn(name, " \n"), name);
}

bool
usage_asked(int argc, char **argv, const char *usage, int *status)
{
	if (argc != 2)
		return false;
	if (strcmp(argv[1], "--version") == 0)
		print_version(usage);
	else if (strcmp(argv[1], "--help") == 0)
		fputs(usage, stdout);
	else
		return false;
	*status = 0;
	if (fflush(stdout) != 0) {
		fprintf(stderr, "cannot write to standard output: %s\n",
		    strerror(errno));
		*status = LATER;
	}
	return true;
}

bool
usage_only(int argc, char **argv, const char *usage, int *status)
{
	if (argc < 2 || getenv("GATEWAY_INTERFACE") != NULL)
		return false;
	if (!usage_asked(argc, argv, usage, status))
		*status = usage_refuse(usage);
	return true;
}

int
usage_refuse(const char *usage)
{
	fputs(usage, stderr);
	return REFUSED;
}
