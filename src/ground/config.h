#ifndef GROUND_CONFIG_H
#define GROUND_CONFIG_H
/*
 * The settings: one table in config.c with name, default, unit, check and
 * meaning. A value comes from the environment, under it from the file named
 * by POSTRIDER_CONF (KEY=value lines, # comments, optional quotes: what
 * systemd's EnvironmentFile and a shell both read), under it from the table.
 * Where POSTRIDER_CONF is not set, that is /etc/postrider/postrider.conf if it
 * is there (SYSCONFDIR of the build); where it is empty, none.
 * A file with a password in a URL is refused while every user may open it, and
 * root refuses one that others may write to.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "ground/text.h"

#define RETRIES_MAX 32
#define PORT_RANGES_MAX 32

enum auth_mode {
	AUTH_TOKEN, /* API tokens, and a login for the admin pages */
	AUTH_OPEN   /* this machine alone: see doors/guard.h */
};

struct config {
	char *database_url;
	char *migrate_database_url; /* these: database_url unless set */
	char *purge_database_url;
	char *ingest_database_url;
	char *api_database_url;
	char *admin_database_url;
	char *delivery_database_url;
	char *redis_url;
	int64_t http_timeout_ms;
	int64_t dns_timeout_ms; /* for the first answer, then twice as long */
	int64_t dns_tries;
	int64_t retry_ms[RETRIES_MAX]; /* RETRY_SCHEDULE */
	int retries;		       /* how many of them */
	int64_t retry_jitter_percent;  /* added at most, 0 to 10 */
	int64_t retry_after_max_ms;
	int64_t disable_after_hours; /* 0: never */
	int64_t log_retention_hours;
	int64_t lease_seconds;
	int64_t worker_processes;   /* 0: one a core */
	int64_t worker_concurrency; /* requests in flight a process */
	int64_t window_max;	    /* in flight a subscription */
	int64_t ingest_processes;
	int64_t api_processes;
	int64_t admin_processes;
	int64_t max_payload_bytes;
	int64_t token_requests; /* these five: 0 for no limit */
	int64_t token_bytes;
	int64_t subscription_requests;
	int64_t subscription_bytes;
	int64_t subscription_pending_bytes;
	int64_t cache_seconds;
	char *secret_key_file;
	int64_t secret_overlap_hours;
	enum auth_mode auth;
	char *allow_targets; /* CIDRs, separated by commas */
	struct port_range {
		int64_t from, to;
	} allow_ports[PORT_RANGES_MAX]; /* ALLOW_PORTS */
	int allow_ports_count;		/* 0: every port */
	char *ca_file;
	int64_t require_https; /* 0 or 1 */
	int64_t inbox;	       /* 0 or 1 */
	char *cors_origins;    /* origins, separated by commas */
	char *run_dir;
	char *cgi_dir;
	char *share_dir;
	int log_level; /* enum log_level */
};

/* Borrowed, for the life of the process; config_load comes first. */
extern struct config config;

/* 0, or -1 after the line and the reason were written to standard error.
 * Main exits 100 then. Refuses cores first (ground/core.h): a setting may hold
 * a password. */
int config_load(void);
/* May a webhook go to this port? */
bool config_allows_port(int64_t port);
/* The file that config_load reads, borrowed; NULL when there is none. */
const char *config_file(void);
/* A copy of that file, for config_file_use; -1 after it was said. Refuses cores
 * too. */
int config_copy(void);
/* The settings that are URLs of PostgreSQL, one by one; both borrowed. */
struct config_url {
	const char *name, *url;
};
/* False behind the last. */
bool config_database_url(size_t i, struct config_url *found);
/* The settings in force, one by one. Passwords in URLs are left out. */
struct config_shown {
	const char *name, *unit, *meaning;
	const char *origin; /* "default", "environment", or FILE:LINE */
	struct text value;  /* yours to free */
};
/* False behind the last. */
bool config_show(size_t i, struct config_shown *shown);

/* A sample file: each setting with its meaning, unit and default. */
void config_print_sample(FILE *out);
/* The README's table, in Markdown. */
void config_print_table(FILE *out);
#endif
