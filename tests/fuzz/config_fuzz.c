/* A file of settings: it is refused, or every value is within its bounds. */
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz.h"
#include "ground/config.h"

static int file;

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	char path[32];

	(void)argc;
	(void)argv;
	file = memfd_create("conf", 0);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", file);
	MUST(file != -1 && setenv("POSTRIDER_CONF", path, 1) == 0);
	stderr = fopen("/dev/null", "w"); /* what it says of each line */
	return 0;
}

static void
numbers_check(void)
{
	MUST(config.http_timeout_ms >= 1000 && config.http_timeout_ms <= 30000);
	MUST(config.retries >= 0 && config.retries <= RETRIES_MAX);
	for (int i = 0; i < config.retries; i++)
		MUST(config.retry_ms[i] >= 0 && config.retry_ms[i] <= 86400000);
	MUST(config.log_retention_hours >= 3);
	MUST(config.lease_seconds >= 15 && config.lease_seconds <= 3600);
	MUST(config.worker_processes >= 0 && config.worker_processes <= 64);
	MUST(config.worker_concurrency >= 1);
	MUST(config.max_payload_bytes >= 1);
	MUST(config.max_payload_bytes <= 64 << 20);
	MUST(config.require_https == 0 || config.require_https == 1);
	MUST(config.auth == AUTH_TOKEN || config.auth == AUTH_OPEN);
}

static void
strings_check(void)
{
	const char *const strings[] = { config.database_url, config.redis_url,
		config.secret_key_file, config.allow_targets,
		config.cors_origins, config.run_dir, config.cgi_dir,
		config.share_dir };

	for (size_t i = 0; i < sizeof(strings) / sizeof(strings[0]); i++) {
		MUST(strlen(strings[i]) <= 4096);
		MUST(strpbrk(strings[i], "\r\n") == NULL);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	MUST(ftruncate(file, 0) == 0);
	MUST(pwrite(file, bytes, size, 0) == (ssize_t)size);
	if (config_load() == 0)
		numbers_check();
	strings_check();
	return 0;
}
