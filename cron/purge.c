/*
 * postrider-purge [--dry-run]: removes what is older than
 * LOG_RETENTION_HOURS, and says how much; and the sessions of people that have
 * ended. Cron runs it once an hour; two at once do no harm. Exit: 0 done, or
 * another one is at it; 100 fix the setup; 111 try later.
 */
#include <stdio.h>
#include <string.h>

#include "ground/config.h"
#include "ground/log.h"
#include "ground/usage.h"
#include "stores/account.h"
#include "stores/device.h"
#include "stores/maintenance.h"
#include "stores/session.h"

static int
purge(bool dry_run)
{
	struct db *db =
	    db_new(config.purge_database_url, DB_MAINTAIN, "postrider purge");
	struct purged purged;
	int rc =
	    maintenance_purge(db, config.log_retention_hours, dry_run, &purged);

	if (rc == 1)
		printf("another purge is under way: nothing to do\n");
	else if (rc == -1)
		say_error("the purge failed: %s; it goes on at the next "
			  "run",
		    db_message(db));
	else
		printf("%s %lld webhooks and %lld attempts older than %lld h "
		       "(%lld whole partitions), %s %lld still pending as "
		       "Failure\n",
		    dry_run ? "would remove" : "removed",
		    (long long)purged.webhooks, (long long)purged.attempts,
		    (long long)config.log_retention_hours,
		    (long long)purged.partitions,
		    dry_run ? "would end" : "ended", (long long)purged.expired);
	if (rc == 0 && !dry_run)
		rc = session_purge(db);
	if (rc == 0 && !dry_run)
		rc = account_purge(db);
	if (rc == 0 && !dry_run)
		rc = device_purge(db);
	db_free(db);
	return rc == -1 ? 111 : 0;
}

static const char usage[] =
    "usage: postrider-purge [--dry-run]\n"
    "Removes webhooks and attempts that are older than LOG_RETENTION_HOURS, "
    "and\nsessions that have ended. --dry-run only tells how much that "
    "is.\n";

int
main(int argc, char **argv)
{
	bool dry_run = argc == 2 && strcmp(argv[1], "--dry-run") == 0;

	int status;

	if (!dry_run && usage_only(argc, argv, usage, &status))
		return status;
	if (config_load() == -1)
		return 100;
	log_open("postrider-purge", (enum log_level)config.log_level);
	return purge(dry_run);
}
