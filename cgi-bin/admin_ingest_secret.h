#ifndef CGI_BIN_ADMIN_INGEST_SECRET_H
#define CGI_BIN_ADMIN_INGEST_SECRET_H
/* The secret that producers sign with: shown once, when it was made. */
#include "admin.h"

/* The page that shows made_ingest_secret. */
void admin_ingest_secret_show(const struct request *request,
    struct response *response, int status,
    const struct subscription *subscription);
#endif
