#include "ground/config.h"

#include <ctype.h>
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ground/config_file.h"
#include "ground/core.h"
#include "ground/log.h"
#include "ground/text.h"
#include "ground/url_password.h"

#ifndef POSTRIDER_PREFIX
#define POSTRIDER_PREFIX "/usr/local"
#endif
#ifndef POSTRIDER_SYSCONFDIR
#define POSTRIDER_SYSCONFDIR "/etc"
#endif

#define DEFAULT_FILE POSTRIDER_SYSCONFDIR "/postrider/postrider.conf"

#define VALUE_MAX_BYTES 4096
#define DATABASE_URL_UNIT "libpq URL"

struct config config;

struct setting {
	const char *name;
	const char *fallback;
	const char *unit;
	/* 0, or -1 with the reason */
	int (*read)(const struct setting *setting, const char *value,
	    const char **reason);
	void *target;
	int64_t least, most;
	int64_t scale;
	const char *meaning;
};

static int read_string(const struct setting *, const char *, const char **);
static int read_number(const struct setting *, const char *, const char **);
static int read_level(const struct setting *, const char *, const char **);
static int read_schedule(const struct setting *, const char *, const char **);
static int read_auth(const struct setting *, const char *, const char **);
static int read_ports(const struct setting *, const char *, const char **);

#define STRING(name, fallback, unit, field, meaning) \
	{ \
		name, fallback, unit, read_string, &config.field, 0, 0, 0, \
		    meaning \
	}
#define NUMBER(name, fallback, unit, field, least, most, scale, meaning) \
	{ \
		name, fallback, unit, read_number, &config.field, least, most, \
		    scale, meaning \
	}

static const struct setting settings[] = {
	STRING("DATABASE_URL", "dbname=postrider", DATABASE_URL_UNIT,
	    database_url,
	    "the primary database: a libpq URI or key=value string"),
	STRING("MIGRATE_DATABASE_URL", "", DATABASE_URL_UNIT,
	    migrate_database_url,
	    "the same for `postrider-admin migrate` and `password set`, as "
	    "the owner of the tables; empty: DATABASE_URL"),
	STRING("PURGE_DATABASE_URL", "", DATABASE_URL_UNIT, purge_database_url,
	    "the same for the purge; empty: DATABASE_URL"),
	STRING("INGEST_DATABASE_URL", "", DATABASE_URL_UNIT,
	    ingest_database_url,
	    "the same for the ingest processes; empty: DATABASE_URL"),
	STRING("API_DATABASE_URL", "", DATABASE_URL_UNIT, api_database_url,
	    "the same for the REST API; empty: DATABASE_URL"),
	STRING("ADMIN_DATABASE_URL", "", DATABASE_URL_UNIT, admin_database_url,
	    "the same for the admin pages; empty: DATABASE_URL"),
	STRING("DELIVERY_DATABASE_URL", "", DATABASE_URL_UNIT,
	    delivery_database_url,
	    "the same for delivery processes and the keeper; empty: "
	    "DATABASE_URL"),
	STRING("REDIS_URL", "redis://127.0.0.1:6379", "URL", redis_url,
	    "Redis, dispatch and cache: "
	    "redis://[user:password@]host:port[/db] or unix:///path; "
	    "for TLS put stunnel between"),
	NUMBER("HTTP_TIMEOUT", "5", "s", http_timeout_ms, 1, 30, 1000,
	    "limit for the whole exchange with a receiver"),
	NUMBER("DNS_TIMEOUT", "1000", "ms", dns_timeout_ms, 50, 30000, 1,
	    "how long to wait for a name server before the next one is asked, "
	    "at most a third of HTTP_TIMEOUT; doubles each time all were "
	    "asked"),
	NUMBER("DNS_TRIES", "4", "", dns_tries, 1, 10, 1,
	    "how often each name server is asked in one look-up"),
	{ "RETRY_SCHEDULE", "10,30,60,300,900", "s", read_schedule, NULL, 0, 0,
	    0,
	    "delays before each retry, separated by commas; the last "
	    "failure after them is final" },
	NUMBER("RETRY_JITTER", "0", "%", retry_jitter_percent, 0, 10, 1,
	    "at most this much is added to a delay, at random"),
	NUMBER("RETRY_AFTER_MAX", "3600", "s", retry_after_max_ms, 0, 86400,
	    1000,
	    "a receiver's Retry-After (with 429 and 503) puts the next "
	    "attempt off by at most this"),
	NUMBER("DISABLE_AFTER_HOURS", "120", "h", disable_after_hours, 0, 8760,
	    1,
	    "a subscription without a success for this long, and with at least "
	    "20 failed attempts, is disabled; 0: never"),
	NUMBER("LOG_RETENTION_HOURS", "72", "h", log_retention_hours, 3, 8760,
	    1, "how long webhooks and attempts are kept and shown"),
	NUMBER("LEASE_SECONDS", "90", "s", lease_seconds, 15, 3600, 1,
	    "a lease unchanged for this long is broken; at least twice "
	    "HTTP_TIMEOUT and 10 s more"),
	NUMBER("WORKER_PROCESSES", "0", "", worker_processes, 0, 64, 1,
	    "delivery processes; 0: one per core"),
	NUMBER("WORKER_CONCURRENCY", "1000", "requests", worker_concurrency, 1,
	    10000, 1, "maximum in flight per delivery process"),
	NUMBER("WINDOW_MAX", "256", "requests", window_max, 1, 10000, 1,
	    "maximum in flight per subscription; the window adapts below it"),
	NUMBER("INGEST_PROCESSES", "2", "", ingest_processes, 1, 64, 1,
	    "FastCGI processes that accept webhooks"),
	NUMBER("API_PROCESSES", "8", "", api_processes, 1, 256, 1,
	    "FastCGI processes that serve the REST API"),
	NUMBER("ADMIN_PROCESSES", "4", "", admin_processes, 1, 256, 1,
	    "FastCGI processes that serve the admin pages"),
	NUMBER("MAX_PAYLOAD_BYTES", "1048576", "bytes", max_payload_bytes, 1,
	    67108864, 1, "a larger request body is answered with 413"),
	NUMBER("TOKEN_REQUESTS", "2000", "requests/s", token_requests, 0,
	    1000000, 1,
	    "limit of each API token at ingest, per node; beyond it the "
	    "answer is 429; 0: no limit"),
	NUMBER("TOKEN_BYTES", "4194304", "bytes/s", token_bytes, 0,
	    1099511627776, 1, "the same in bytes of payload; 0: no limit"),
	NUMBER("SUBSCRIPTION_REQUESTS", "0", "requests/s",
	    subscription_requests, 0, 1000000, 1,
	    "limit of each subscription at ingest, per node; beyond it the "
	    "answer is 429; 0: no limit"),
	NUMBER("SUBSCRIPTION_BYTES", "0", "bytes/s", subscription_bytes, 0,
	    1099511627776, 1, "the same in bytes of payload; 0: no limit"),
	NUMBER("SUBSCRIPTION_PENDING_BYTES", "1073741824", "bytes",
	    subscription_pending_bytes, 0, 1099511627776, 1,
	    "maximum of pending payload per subscription; beyond it the "
	    "answer is 429; 0: no limit"),
	NUMBER("CACHE_SECONDS", "60", "s", cache_seconds, 1, 3600, 1,
	    "how long a subscription is cached in Redis"),
	STRING("SECRET_KEY_FILE", "/etc/postrider/secret.key", "path",
	    secret_key_file,
	    "the keys that secrets are encrypted with, outside the database; "
	    "keep a copy elsewhere: without it no stored secret can be read"),
	NUMBER("SECRET_OVERLAP_HOURS", "24", "h", secret_overlap_hours, 0, 720,
	    1, "how long the previous secret stays valid after a rotation"),
	{ "AUTH", "token", "", read_auth, NULL, 0, 0, 0,
	    "authentication: token requires an API token, or a login; open "
	    "requires none and serves this machine only" },
	STRING("ALLOW_TARGETS", "", "CIDRs", allow_targets,
	    "address ranges, separated by commas, that may be delivered to "
	    "although they are private or reserved"),
	{ "ALLOW_PORTS", "", "ports", read_ports, NULL, 0, 0, 0,
	    "the only ports, or ranges such as 8000-8999, separated by "
	    "commas, that webhooks may go to; empty: every port" },
	STRING("CA_FILE", "", "path", ca_file,
	    "certificates, in PEM, of the authorities trusted for https:// "
	    "targets; empty: those of the host"),
	NUMBER("REQUIRE_HTTPS", "0", "", require_https, 0, 1, 1,
	    "1: only https:// URLs are accepted and delivered to"),
	NUMBER("INBOX", "0", "", inbox, 0, 1, 1,
	    "1: the built-in receiver /inbox/NAME, which anyone may post to, "
	    "is there with AUTH=token too; with AUTH=open it always is"),
	STRING("CORS_ORIGINS", "http://localhost:5173,http://localhost:3000",
	    "origins", cors_origins,
	    "origins of web pages that may call the API, separated by commas"),
	STRING("RUN_DIR", "/run/postrider", "path", run_dir,
	    "the FastCGI sockets and worker.pid"),
	STRING("CGI_DIR", POSTRIDER_PREFIX "/lib/postrider/cgi-bin", "path",
	    cgi_dir, "the FastCGI programs"),
	STRING("SHARE_DIR", POSTRIDER_PREFIX "/share/postrider", "path",
	    share_dir, "migrations and Lua functions"),
	{ "LOG_LEVEL", "info", "", read_level, &config.log_level, 0, 0, 0,
	    "minimum log level: debug, info, warning, error" },
};
#define SETTINGS (sizeof(settings) / sizeof(settings[0]))

/* As it was given, and where. */
static struct {
	char *value;
	char *origin;
} given[SETTINGS];

static int
read_string(
    const struct setting *setting, const char *value, const char **reason)
{
	char **target = setting->target;

	if (strlen(value) > VALUE_MAX_BYTES) {
		*reason = "is longer than 4096 bytes";
		return -1;
	}
	free(*target);
	*target = memory_copy_string(value);
	return 0;
}

static int
parse_number(const char *value, int64_t least, int64_t most, int64_t *number)
{
	char *end;
	long long read;

	if (!isdigit((unsigned char)value[0]))
		return -1;
	errno = 0;
	read = strtoll(value, &end, 10);
	if (errno != 0 || *end != '\0' || read < least || read > most)
		return -1;
	*number = read;
	return 0;
}

static int
read_number(
    const struct setting *setting, const char *value, const char **reason)
{
	static char said[96];
	int64_t number;

	if (parse_number(value, setting->least, setting->most, &number) == -1) {
		snprintf(said, sizeof(said),
		    "must be an integer from %lld to %lld",
		    (long long)setting->least, (long long)setting->most);
		*reason = said;
		return -1;
	}
	*(int64_t *)setting->target = number * setting->scale;
	return 0;
}

static int
read_level(
    const struct setting *setting, const char *value, const char **reason)
{
	int level = log_level_of(value);

	if (level == -1) {
		*reason = "must be debug, info, warning or error";
		return -1;
	}
	*(int *)setting->target = level;
	return 0;
}

static int
read_schedule(
    const struct setting *setting, const char *value, const char **reason)
{
	char copy[VALUE_MAX_BYTES], *rest = copy, *item;
	int64_t seconds;

	(void)setting;
	*reason = "must be at most 32 numbers of seconds up to 86400, "
		  "separated by commas";
	if (strlen(value) >= sizeof(copy))
		return -1;
	strcpy(copy, value);
	config.retries = 0;
	while (*value != '\0' && (item = strsep(&rest, ",")) != NULL) {
		if (config.retries == RETRIES_MAX ||
		    parse_number(item, 0, 86400, &seconds) == -1)
			return -1;
		config.retry_ms[config.retries++] = seconds * 1000;
	}
	return 0;
}

/* "443" or "8000-8999". */
static int
parse_ports(char *item, struct port_range *range)
{
	char *dash = strchr(item, '-');

	if (dash != NULL)
		*dash = '\0';
	if (parse_number(item, 1, 65535, &range->from) == -1)
		return -1;
	range->to = range->from;
	return dash == NULL
	    ? 0
	    : parse_number(dash + 1, range->from, 65535, &range->to);
}

static int
read_ports(
    const struct setting *setting, const char *value, const char **reason)
{
	char copy[VALUE_MAX_BYTES], *rest = copy, *item;

	(void)setting;
	*reason = "must be at most 32 ports or ranges of ports, separated by "
		  "commas, such as 443,8000-8999";
	if (strlen(value) >= sizeof(copy))
		return -1;
	strcpy(copy, value);
	config.allow_ports_count = 0;
	while (*value != '\0' && (item = strsep(&rest, ",")) != NULL) {
		item += strspn(item, " \t");
		if (config.allow_ports_count == PORT_RANGES_MAX ||
		    parse_ports(item,
			&config.allow_ports[config.allow_ports_count]) == -1)
			return -1;
		config.allow_ports_count++;
	}
	return 0;
}

bool
config_allows_port(int64_t port)
{
	const struct port_range *range = config.allow_ports;

	for (int i = 0; i < config.allow_ports_count; i++, range++)
		if (port >= range->from && port <= range->to)
			return true;
	return config.allow_ports_count == 0;
}

static int
read_auth(const struct setting *setting, const char *value, const char **reason)
{
	(void)setting;
	*reason = "must be token or open";
	if (strcmp(value, "open") != 0 && strcmp(value, "token") != 0)
		return -1;
	config.auth = strcmp(value, "open") == 0 ? AUTH_OPEN : AUTH_TOKEN;
	return 0;
}

static const struct setting *
setting_find(const char *name, size_t length)
{
	for (size_t i = 0; i < SETTINGS; i++)
		if (strlen(settings[i].name) == length &&
		    memcmp(settings[i].name, name, length) == 0)
			return &settings[i];
	return NULL;
}

static void
setting_note(
    const struct setting *setting, const char *value, const char *where)
{
	size_t i = (size_t)(setting - settings);

	free(given[i].value);
	free(given[i].origin);
	given[i].value = memory_copy_string(value);
	given[i].origin = memory_copy_string(where);
}

static int
setting_set(const struct setting *setting, const char *value, const char *where)
{
	const char *reason = "does not fit";

	if (setting->read(setting, value, &reason) == 0) {
		setting_note(setting, value, where);
		return 0;
	}
	say_error("%s: %s %s", where, setting->name, reason);
	return -1;
}

/* A line of the settings file: config_file_load. */
static int
file_set(const char *name, size_t length, const char *value, const char *where)
{
	const struct setting *setting = setting_find(name, length);

	if (setting != NULL)
		return setting_set(setting, value, where);
	say_error("%s: unknown setting %.*s", where, (int)length, name);
	return -1;
}

/* What holds between settings rather than for one. */
static int
config_check(void)
{
	int64_t schedule_ms = 0;
	int64_t attempts = config.retries + 1;

	for (int i = 0; i < config.retries; i++)
		schedule_ms += config.retry_ms[i];
	schedule_ms += schedule_ms * config.retry_jitter_percent / 100 +
	    attempts * config.http_timeout_ms;
	if (schedule_ms > (config.log_retention_hours - 2) * 3600000) {
		say_error(
		    "RETRY_SCHEDULE lasts longer than "
		    "LOG_RETENTION_HOURS less two hours: what it retries "
		    "would be purged; shorten the one or raise the other");
		return -1;
	}
	if (config.lease_seconds * 1000 < 2 * config.http_timeout_ms + 10000) {
		say_error(
		    "LEASE_SECONDS must be at least twice "
		    "HTTP_TIMEOUT and 10 s more, or a slow answer would be "
		    "sent again");
		return -1;
	}
	return 0;
}

static void
fall_back(char **url)
{
	if ((*url)[0] != '\0')
		return;
	free(*url);
	*url = memory_copy_string(config.database_url);
}

const char *
config_file(void)
{
	const char *file = getenv("POSTRIDER_CONF");

	if (file == NULL)
		return access(DEFAULT_FILE, F_OK) == 0 ? DEFAULT_FILE : NULL;
	return file[0] != '\0' ? file : NULL;
}

int
config_copy(void)
{
	core_refuse();
	return config_file_copy(config_file());
}

int
config_load(void)
{
	const char *file = config_file();
	const char *value;
	int rc = 0;

	core_refuse();
	for (size_t i = 0; i < SETTINGS; i++)
		if (setting_set(
			&settings[i], settings[i].fallback, "default") == -1)
			rc = -1;
	if (file != NULL && config_file_load(file, file_set) == -1)
		rc = -1;
	for (size_t i = 0; i < SETTINGS; i++) {
		value = getenv(settings[i].name);
		if (value != NULL &&
		    setting_set(&settings[i], value, "environment") == -1)
			rc = -1;
	}
	fall_back(&config.migrate_database_url);
	fall_back(&config.purge_database_url);
	fall_back(&config.ingest_database_url);
	fall_back(&config.api_database_url);
	fall_back(&config.admin_database_url);
	fall_back(&config.delivery_database_url);
	return rc == 0 ? config_check() : -1;
}

bool
config_database_url(size_t i, struct config_url *found)
{
	for (size_t at = 0; at < SETTINGS; at++) {
		if (strcmp(settings[at].unit, DATABASE_URL_UNIT) != 0 ||
		    i-- != 0)
			continue;
		*found = (struct config_url){ settings[at].name,
			*(char **)settings[at].target };
		return true;
	}
	return false;
}

bool
config_show(size_t i, struct config_shown *shown)
{
	const struct setting *setting = &settings[i];

	if (i >= SETTINGS)
		return false;
	*shown = (struct config_shown){ .name = setting->name,
		.unit = setting->unit,
		.meaning = setting->meaning,
		.origin = given[i].origin };
	url_without_password(&shown->value, given[i].value);
	return true;
}

void
config_print_sample(FILE *out)
{
	fprintf(out,
	    "# Postrider's settings: KEY=value lines, read by the "
	    "programs (POSTRIDER_CONF names\n# this file), by systemd and by "
	    "a shell. What is commented out is the default.\n");
	for (size_t i = 0; i < SETTINGS; i++)
		fprintf(out, "\n# %s%s%s%s\n#%s=%s\n", settings[i].meaning,
		    settings[i].unit[0] != '\0' ? " (" : "", settings[i].unit,
		    settings[i].unit[0] != '\0' ? ")" : "", settings[i].name,
		    settings[i].fallback);
}

void
config_print_table(FILE *out)
{
	fprintf(out,
	    "| setting | default | unit | meaning |\n"
	    "|---|---|---|---|\n");
	for (size_t i = 0; i < SETTINGS; i++)
		fprintf(out, "| `%s` | %s%s%s | %s | %s |\n", settings[i].name,
		    settings[i].fallback[0] != '\0' ? "`" : "",
		    settings[i].fallback,
		    settings[i].fallback[0] != '\0' ? "`" : "",
		    settings[i].unit, settings[i].meaning);
}
