#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "admin.h"

bool
admin_path_id(const struct request *request, struct response *response,
    const char *argument, struct uuid *id)
{
	if (uuid_parse(argument, id, NULL) == 0)
		return true;
	admin_refuse(request, response, 422,
	    "The address holds something that is not a valid id. An id looks "
	    "like 019af3c2-5d1e-7c40-9f3a-2b6a0c1d9e55.");
	return false;
}

bool
admin_find(const struct request *request, struct response *response,
    const char *argument, const struct admin *admin, struct subscription *found)
{
	struct uuid id;
	int rc;

	if (!admin_path_id(request, response, argument, &id))
		return false;
	rc = subscription_get(admin->db, &id, found);
	if (rc == 0)
		admin_refuse(request, response, 404, NULL);
	else if (rc == -1)
		admin_failed(request, response, admin);
	return rc == 1;
}

int
admin_typed_id(const struct text *typed, struct uuid *id)
{
	const char *at = text_string(typed);
	size_t length = typed->length;
	char *bare;
	int rc;

	while (length != 0 && isspace((unsigned char)at[0]))
		at++, length--;
	while (length != 0 && isspace((unsigned char)at[length - 1]))
		length--;
	if (memchr(at, '\0', length) != NULL)
		return -1;
	bare = memory_copy(at, length);
	rc = uuid_parse(bare, id, NULL);
	free(bare);
	return rc;
}

int
admin_form_id(const char *form, const char *name, struct uuid *id)
{
	struct text typed = { 0 };
	int rc = form_value(form, name, &typed);

	if (rc == 1 && admin_typed_id(&typed, id) == -1)
		rc = -1;
	text_free(&typed);
	return rc;
}

static int
number_parse(const char *string, int64_t least, int64_t most, int64_t *number)
{
	char *end;
	long long value;

	if (!isdigit((unsigned char)string[0]))
		return 0;
	errno = 0;
	value = strtoll(string, &end, 10);
	if (errno != 0 || *end != '\0' || value < least || value > most)
		return 0;
	*number = value;
	return 1;
}

int
admin_form_number(const char *form, const char *name, int64_t least,
    int64_t most, int64_t fallback, int64_t *number)
{
	struct text value = { 0 };
	int ok = 1;

	*number = fallback;
	if (form_value(form, name, &value) == 1 && value.length != 0)
		ok = strlen(value.bytes) == value.length &&
		    number_parse(value.bytes, least, most, number);
	text_free(&value);
	return ok;
}

int
admin_query_number(const struct request *request, const char *name,
    int64_t least, int64_t most, int64_t fallback, int64_t *number)
{
	return admin_form_number(
	    request->query, name, least, most, fallback, number);
}

bool
admin_shell_safe(const char *string)
{
	return string[0] != '\0' &&
	    string[strspn(string,
		"abcdefghijklmnopqrstuvwxyz"
		"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.:-_/[]")] == '\0';
}

void
admin_site(const struct request *request, struct text *out)
{
	const char *host = request_variable(request, "HTTP_HOST");

	if (host == NULL || !admin_shell_safe(host))
		host = "localhost:8000";
	text_adds(out, request_is_https(request) ? "https://" : "http://");
	html_text(out, host);
}
