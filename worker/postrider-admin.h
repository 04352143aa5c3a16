#ifndef POSTRIDER_ADMIN_H
#define POSTRIDER_ADMIN_H
/*
 * What the files of postrider-admin share. Commands return the exit status:
 * 0 done, 100 fix what was given, 111 try later.
 */

/* `token create|list|revoke …`: argv[0] is the word behind token. */
int admin_token(int argc, char **argv);
#endif
