#include "stores/settings.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "ground/config.h"
#include "ground/log.h"
#include "ground/text.h"
#include "rules/egress.h"
#include "stores/db_url.h"
#include "stores/redis_url.h"

static int
check_database_url(const char *name, const char *url)
{
	if (db_url_fits(url))
		return 0;
	say_error("%s: neither a PostgreSQL URI nor key=value words", name);
	return -1;
}

static int
check_redis_url(void)
{
	const char *reason;
	struct redis_url redis;
	int rc = redis_url_parse(config.redis_url, &redis, &reason);

	if (rc == -1)
		say_error("REDIS_URL: %s", reason);
	redis_url_release(&redis);
	return rc;
}

static int
check_urls(void)
{
	struct config_url setting;
	int rc = 0;

	for (size_t i = 0; config_database_url(i, &setting); i++)
		if (check_database_url(setting.name, setting.url) == -1)
			rc = -1;
	return check_redis_url() == -1 ? -1 : rc;
}

int
settings_open_targets(void)
{
	char reason[EGRESS_REASON_SIZE];

	if (egress_open(config.allow_targets, reason) == 0)
		return 0;
	say_error("%s", reason);
	return -1;
}

static int
check_file(const char *name, const char *path)
{
	if (access(path, R_OK) == 0)
		return 0;
	say_error("%s: cannot read %s: %s: correct the path, or put the file "
		  "there",
	    name, path, strerror(errno));
	return -1;
}

static int
check_files(void)
{
	struct text path = { 0 };
	int rc;

	text_addf(&path, "%s/lua/take.lua", config.share_dir);
	rc = check_file("SHARE_DIR", text_string(&path));
	text_free(&path);
	if (config.ca_file[0] != '\0' &&
	    check_file("CA_FILE", config.ca_file) == -1)
		rc = -1;
	return rc;
}

int
settings_check(void)
{
	int rc = settings_open_targets();

	if (check_urls() == -1)
		rc = -1;
	return check_files() == -1 ? -1 : rc;
}
