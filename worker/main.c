/* postrider-worker: the supervisor of the FastCGI pools, the delivery
 * processes and the keeper. It stays in the foreground. */
#include <sodium.h>
#include <stdio.h>

#include "child.h"
#include "ground/config.h"
#include "ground/log.h"
#include "supervisor.h"

int
main(int argc, char **argv)
{
	if (argc > 1) {
		fprintf(stderr,
		    "usage: postrider-worker (settings come from "
		    "the environment and the file POSTRIDER_CONF)\n");
		return 100;
	}
	child_title_prepare(argc, argv);
	if (config_load() == -1)
		return 100;
	if (sodium_init() == -1) {
		fprintf(stderr, "cannot set up libsodium\n");
		return 111;
	}
	child_title("postrider: supervisor");
	return supervisor_run();
}
