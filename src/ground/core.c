#include "ground/core.h"

#include <sys/prctl.h>
#include <sys/resource.h>

void
core_refuse(void)
{
	const struct rlimit none = { 0, 0 };

	setrlimit(RLIMIT_CORE, &none);
}

void
core_hide(void)
{
#ifndef __SANITIZE_ADDRESS__
	prctl(PR_SET_DUMPABLE, 0);
#endif
}
