/* postrider-admin token: makes, lists and revokes API tokens. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ground/clock.h"
#include "ground/config.h"
#include "ground/log.h"
#include "ground/usage.h"
#include "postrider-admin.h"
#include "stores/subscription.h"
#include "stores/token.h"

#define DONE 0
#define WRONG 100
#define LATER 111

const char admin_token_usage[] =
    "usage: postrider-admin token create --name NAME --scope SCOPES\n"
    "           [--subscription ID] [--expires 90s|15m|12h|30d]\n"
    "       postrider-admin token list\n"
    "       postrider-admin token revoke NAME|ID\n"
    "SCOPES is a list of read (every GET, without secrets), write (all that\n"
    "read does, and every change) and ingest (POST /ingest/ alone), separated "
    "by\ncommas. --subscription binds an ingest token to one subscription.\n";

static int
usage(void)
{
	return usage_refuse(admin_token_usage);
}

static int
wrong(const char *what)
{
	fprintf(stderr, "%s\n", what);
	return WRONG;
}

static int
failed(struct db *db)
{
	fprintf(stderr, "database error: %s\n", db_message(db));
	return LATER;
}

/* The words of the command line. */
struct given {
	const char *name, *scope, *subscription, *expires;
};

static int
given_twice(const char *name)
{
	fprintf(stderr, "--%s is given twice: give it once%s\n", name,
	    strcmp(name, "scope") == 0 ? ", as a list such as read,ingest"
				       : "");
	return WRONG;
}

/* 0, WRONG. */
static int
read_options(int argc, char **argv, struct given *given)
{
	static const struct option options[] = {
		{ "name", required_argument, NULL, 'n' },
		{ "scope", required_argument, NULL, 's' },
		{ "subscription", required_argument, NULL, 'u' },
		{ "expires", required_argument, NULL, 'e' },
		{ NULL, 0, NULL, 0 },
	};
	const char **word;
	int option, at = 0;

	while ((option = getopt_long(argc, argv, "", options, &at)) != -1) {
		switch (option) {
		case 'n': word = &given->name; break;
		case 's': word = &given->scope; break;
		case 'u': word = &given->subscription; break;
		case 'e': word = &given->expires; break;
		default: return usage();
		}
		if (*word != NULL)
			return given_twice(options[at].name);
		*word = optarg;
	}
	if (optind != argc || given->name == NULL || given->scope == NULL)
		return usage();
	return DONE;
}

/* 0, WRONG with the reason said. */
static int
read_wish(const struct given *given, struct token_wish *wish, struct uuid *id)
{
	wish->name = given->name;
	wish->scopes = token_scopes_of(given->scope);
	if (!token_name_fits(wish->name))
		return wrong("--name must be 1 to 100 bytes of text, and not a "
			     "UUID");
	if (wish->scopes == 0)
		return wrong(
		    "--scope must be one or more of read,write,ingest");
	if (given->expires != NULL) {
		wish->lifetime_ms = token_lifetime_ms(given->expires);
		if (wish->lifetime_ms == 0)
			return wrong(
			    "--expires must be a time such as 90s, 15m, "
			    "12h or 30d, ten years at most");
	}
	if (given->subscription == NULL)
		return DONE;
	if (uuid_parse(given->subscription, id, NULL) == -1)
		return wrong("--subscription must be the id of a subscription");
	if (wish->scopes != TOKEN_INGEST)
		return wrong(
		    "--subscription can only be used with --scope ingest");
	wish->subscription_id = id;
	return DONE;
}

static int
check_subscription(struct db *db, const struct uuid *id)
{
	struct subscription found = { 0 };
	int rc = subscription_get(db, id, &found);

	subscription_release(&found);
	if (rc == 0)
		return wrong("there is no subscription of that id");
	return rc == 1 ? DONE : failed(db);
}

static int
create(struct db *db, int argc, char **argv)
{
	struct given given = { 0 };
	struct token_wish wish = { 0 };
	struct uuid id;
	char text[TOKEN_SIZE];
	int rc = read_options(argc, argv, &given);

	if (rc == DONE)
		rc = read_wish(&given, &wish, &id);
	if (rc == DONE && wish.subscription_id != NULL)
		rc = check_subscription(db, &id);
	if (rc != DONE)
		return rc;
	switch (token_create(db, &wish, text)) {
	case 1: break;
	case 0:
		return wrong("a token of that name is in force or expired: "
			     "revoke it first, or take another name");
	default: return failed(db);
	}
	fprintf(stderr, "Keep this token: it is not shown again.\n");
	printf("%s\n", text);
	return DONE;
}

static void
print_time(const char *label, int64_t ms)
{
	char when[CLOCK_TEXT_SIZE];

	printf("  %s=%s", label, ms == 0 ? "never" : clock_text(ms, when));
}

static void
print_token(const struct token *token, struct text *scopes)
{
	char id[UUID_TEXT_SIZE];
	struct text name = { 0 };

	text_add_shown(&name, token->name);
	token_scopes_text(token->grant.scopes, scopes);
	printf("%s  %s  scope=%s  %s", uuid_text(&token->grant.id, id),
	    text_string(&name), text_string(scopes), token->state);
	text_free(&name);
	if (token->grant.is_bound)
		printf("  subscription=%s",
		    uuid_text(&token->grant.subscription_id, id));
	print_time("created", token->created_at);
	print_time("expires", token->expires_at);
	print_time("used", token->last_used_at);
	printf("\n");
}

static int
list(struct db *db, int argc, char **argv)
{
	struct token *tokens;
	struct text scopes = { 0 };
	int count;

	(void)argv;
	if (argc != 1)
		return usage();
	count = token_list(db, &tokens);
	if (count == -1)
		return failed(db);
	for (int i = 0; i < count; i++)
		print_token(&tokens[i], &scopes);
	text_free(&scopes);
	token_list_free(tokens, count);
	return DONE;
}

static int
revoke(struct db *db, int argc, char **argv)
{
	if (argc != 2)
		return usage();
	switch (token_revoke(db, argv[1])) {
	case 1: return DONE;
	case 0: return wrong("there is no such token, or it is revoked");
	default: return failed(db);
	}
}

int
admin_token(int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*run)(struct db *db, int argc, char **argv);
	} commands[] = {
		{ "create", create },
		{ "list", list },
		{ "revoke", revoke },
	};
	struct db *db;
	int rc;

	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (argc == 0 || strcmp(argv[0], commands[i].name) != 0)
			continue;
		if (config_load() == -1)
			return WRONG;
		log_open("postrider-admin", (enum log_level)config.log_level);
		db = db_new(
		    config.database_url, DB_MAINTAIN, "postrider command");
		rc = commands[i].run(db, argc, argv);
		db_free(db);
		return rc;
	}
	return usage();
}
