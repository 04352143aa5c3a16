/* postrider-admin check-config, print-config: the settings. */
#include <stdio.h>

#include "ground/config.h"
#include "postrider-admin.h"
#include "stores/settings.h"

int
admin_check_config(int argc, char **argv)
{
	int rc = config_load();

	(void)argc;
	(void)argv;
	if (rc == 0)
		rc = settings_check();
	if (rc == 0)
		printf("the settings are fine (%s)\n",
		    config_file() != NULL ? config_file() : "no file");
	return rc == 0 ? 0 : 100;
}

int
admin_print_config(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	config_print_sample(stdout);
	return 0;
}

int
admin_print_config_table(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	config_print_table(stdout);
	return 0;
}
