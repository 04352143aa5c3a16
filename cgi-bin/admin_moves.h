#ifndef ADMIN_MOVES_H
#define ADMIN_MOVES_H
#include "admin.h"
#include "stores/intervention.h"

/* Says what the form that led here did, or why it did nothing. */
void admin_moves_notice(const struct request *request, struct text *out);
#endif
