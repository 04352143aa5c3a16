/* postrider-worker: the supervisor of the FastCGI pools, the delivery
 * processes and the keeper. It stays in the foreground. */
#include <sodium.h>
#include <stdio.h>

#include "child.h"
#include "ground/config.h"
#include "ground/config_file.h"
#include "ground/log.h"
#include "ground/usage.h"
#include "supervisor.h"

static const char usage[] =
    "usage: postrider-worker\n"
    "Supervises the FastCGI programs and the processes that deliver, in the "
    "foreground.\nSIGTERM drains, SIGHUP reads the settings again, SIGUSR2 "
    "replaces the processes.\nSettings come from the environment, and from "
    "the file that POSTRIDER_CONF names.\n";

int
main(int argc, char **argv)
{
	int copy, status;

	if (usage_only(argc, argv, usage, &status))
		return status;
	child_title_prepare(argc, argv);
	copy = config_copy();
	if (copy == -1)
		return 100;
	config_file_use(copy);
	if (config_load() == -1)
		return 100;
	if (sodium_init() == -1) {
		say_error("cannot set up libsodium");
		return 111;
	}
	child_title("postrider: supervisor");
	return supervisor_run();
}
