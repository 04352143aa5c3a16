#ifndef ADMIN_TOKENS_H
#define ADMIN_TOKENS_H
/* The pages of API tokens. */
#include "admin.h"

/* admin_tokens.c */
admin_handler admin_tokens, admin_token_revoke_ask, admin_token_revoke;
/* admin_token_new.c */
admin_handler admin_token_new, admin_token_create;
#endif
