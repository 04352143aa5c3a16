#include "stores/db_url.h"

#include <string.h>

#include "stores/db_link.h"

bool
db_url_fits(const char *url)
{
	PQconninfoOption *options;

	/* As libpq tells a mere name from the others (expand_dbname). */
	if (strchr(url, '=') == NULL && strncmp(url, "postgres://", 11) != 0 &&
	    strncmp(url, "postgresql://", 13) != 0)
		return true;
	options = PQconninfoParse(url, NULL);
	PQconninfoFree(options);
	return options != NULL;
}
