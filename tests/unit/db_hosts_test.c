#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <dlfcn.h>
#include <netdb.h>
#include <string.h>

#include <cmocka.h>

#include "stores/db.h"
#include "stores/db_hosts.h"

static int dead_lookups;

/* For libpq too: a name whose servers are silent is not to be waited for
 * twice. */
int
getaddrinfo(const char *name, const char *service, const struct addrinfo *hints,
    struct addrinfo **found)
{
	int (*real)(const char *, const char *, const struct addrinfo *,
	    struct addrinfo **);

	if (name != NULL && strcmp(name, "dead.test") == 0) {
		dead_lookups++;
		return EAI_AGAIN;
	}
	*(void **)&real = dlsym(RTLD_NEXT, "getaddrinfo");
	return real(name, service, hints, found);
}

/* "host/address/port" of each place, with - for what is libpq's to choose. */
static void
describe(const char *url, char *out, size_t size)
{
	struct db_hosts hosts;
	size_t length = 0;

	db_hosts_read(&hosts, url);
	out[0] = '\0';
	for (size_t i = 0; i < hosts.count; i++)
		length += (size_t)snprintf(out + length, size - length,
		    "%s%s;%s;%s", i > 0 ? " " : "",
		    hosts.list[i].name != NULL ? hosts.list[i].name : "-",
		    hosts.list[i].address != NULL ? hosts.list[i].address : "-",
		    hosts.list[i].port != NULL ? hosts.list[i].port : "-");
	db_hosts_release(&hosts);
}

static void
each_place_is_found(void **state)
{
	static const struct {
		const char *url, *want;
	} cases[] = {
		{ "dbname=postrider", "-;-;-" },
		{ "postgresql:///postrider", "-;-;-" },
		{ "postgresql://a/d", "a;-;-" },
		{ "postgresql://a:1,b:2/d", "a;-;1 b;-;2" },
		{ "postgresql://[::1]:5,/d", "::1;-;5 ;-;" },
		{ "postgresql:///d?host=/run/a,/run/b&port=7",
		    "/run/a;-;7 /run/b;-;7" },
		{ "host=a,b,c hostaddr=1.2.3.4,::1,5.6.7.8 port=1,2,3",
		    "a;1.2.3.4;1 b;::1;2 c;5.6.7.8;3" },
		{ "hostaddr=1.2.3.4,1.2.3.5", "-;1.2.3.4;- -;1.2.3.5;-" },
		/* libpq refuses these itself */
		{ "host=a,b port=1,2,3", "-;-;-" },
		{ "host=a,b hostaddr=1.2.3.4", "-;-;-" },
		{ "no url", "-;-;-" },
	};
	char got[512];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		describe(cases[i].url, got, sizeof(got));
		assert_string_equal(got, cases[i].want);
	}
}

static void
the_environment_is_read(void **state)
{
	char got[512];

	(void)state;
	setenv("PGHOST", "e,f", 1);
	setenv("PGPORT", "8,9", 1);
	describe("dbname=d", got, sizeof(got));
	assert_string_equal(got, "e;-;8 f;-;9");
	describe("host=a", got, sizeof(got));
	assert_string_equal(got, "-;-;-"); /* two ports for one host */
	unsetenv("PGHOST");
	unsetenv("PGPORT");
}

static void
attributes_are_read(void **state)
{
	struct db_hosts hosts;

	(void)state;
	db_hosts_read(&hosts,
	    "host=a target_session_attrs=prefer-standby connect_timeout=4");
	assert_true(hosts.prefers_standby);
	assert_int_equal(hosts.most_ms, 4000);
	db_hosts_release(&hosts);
	db_hosts_read(&hosts, "host=a target_session_attrs=read-write");
	assert_false(hosts.prefers_standby);
	assert_int_equal(hosts.most_ms, 0);
	db_hosts_release(&hosts);
}

static void
names_are_resolved(void **state)
{
	char addresses[DB_ADDRESSES_MAX][DB_ADDRESS_SIZE];
	struct db_host name = { .name = (char *)"localhost" };
	struct db_host socket = { .name = (char *)"/run" };
	struct db_host known = { .name = (char *)"localhost",
		.address = (char *)"127.0.0.9" };
	struct db_host dead = { .name = (char *)"dead.test" };
	const char *reason = NULL;
	int count = db_host_resolve(&name, addresses, &reason);

	(void)state;
	assert_true(count >= 1);
	for (int i = 0; i < count; i++)
		assert_true(strcmp(addresses[i], "127.0.0.1") == 0 ||
		    strcmp(addresses[i], "::1") == 0);
	assert_int_equal(db_host_resolve(&socket, addresses, &reason), 0);
	assert_int_equal(db_host_resolve(&known, addresses, &reason), 0);
	assert_null(reason);
	assert_int_equal(db_host_resolve(&dead, addresses, &reason), -1);
	assert_string_equal(reason, gai_strerror(EAI_AGAIN));
}

static void
a_dead_name_is_looked_up_once(void **state)
{
	static const struct {
		const char *url, *second;
	} cases[] = {
		{ "host=dead.test dbname=d", NULL },
		{ "host=dead.test,/nowhere dbname=d", "/nowhere" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct db *db = db_new(cases[i].url, DB_MAINTAIN, "test");

		dead_lookups = 0;
		assert_int_equal(db_run_script(db, "SELECT 1", 2000), -1);
		assert_int_equal(dead_lookups, 1);
		assert_int_equal(db_error(db), DB_GONE);
		assert_non_null(strstr(db_message(db),
		    "could not translate host name \"dead.test\" to "
		    "address: "));
		if (cases[i].second != NULL)
			assert_non_null(
			    strstr(db_message(db), cases[i].second));
		db_free(db);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_place_is_found),
		cmocka_unit_test(the_environment_is_read),
		cmocka_unit_test(attributes_are_read),
		cmocka_unit_test(names_are_resolved),
		cmocka_unit_test(a_dead_name_is_looked_up_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
