#ifndef STORES_DB_URL_H
#define STORES_DB_URL_H
/* Where PostgreSQL is, as libpq reads it. */
#include <stdbool.h>

/* Can libpq read it: a URI, key=value words, or the name of a database? Nothing
 * is asked of a server. No reason is given, since libpq's own may hold a
 * password. */
bool db_url_fits(const char *url);
#endif
