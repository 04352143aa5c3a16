#ifndef STORES_INBOX_H
#define STORES_INBOX_H
/*
 * What the built-in receiver got, in Redis:
 *
 *   postrider:inbox:NAME         the newest 50 letters, for 24 hours
 *   postrider:inbox-answer:NAME  with which status it answers, as long
 *   postrider:inboxes            the 20 that got one last; others are dropped
 *
 * A letter holds 8 KiB of header and 16 KiB of body at most, so all of them
 * are 24 MiB at worst. It is for looking at: nothing is promised. A corrupt
 * letter is skipped. Every call ends within a second.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ground/text.h"

#define INBOX_LETTERS 50
#define INBOX_HEADER_MAX 8192
#define INBOX_BODY_MAX 16384
#define INBOX_NAME_MAX 40

/* [a-z0-9-], 1 to 40 of them. */
bool inbox_name_is(const char *name);
/* 200, 410, 500 or 503. */
bool inbox_answer_is(int64_t status);

struct inbox;
struct inbox *inbox_new(const char *redis_url);
void inbox_free(struct inbox *inbox); /* NULL is fine */

enum inbox_seal { /* of Standard Webhooks, by the newest secret */
	INBOX_UNSIGNED,
	INBOX_SIGNED_WELL,
	INBOX_SIGNED_WRONG,
	INBOX_UNKNOWN /* of no webhook that we know */
};

struct inbox_letter {
	int64_t at; /* ms */
	int status; /* what it was answered with; inbox_put sets it */
	enum inbox_seal seal;
	size_t length;	    /* of the whole body */
	struct text header; /* "name: value\n" lines */
	struct text body;   /* the first bytes of it */
};

/* As Redis has it: the status, which inbox_put leaves out, a line of numbers,
 * the header, the body. */
void inbox_letter_make(const struct inbox_letter *letter, struct text *out);
/* False when it is none; release it if true. The bytes end with a NUL behind
 * them. */
bool inbox_letter_read(
    struct inbox_letter *letter, const char *bytes, size_t length);
void inbox_letter_release(struct inbox_letter *letter);

/* What to answer; -1: it was not stored. */
int
inbox_put(struct inbox *inbox, const char *name, struct inbox_letter *letter);

struct inbox_page {
	int answer;   /* what the next one gets */
	int64_t kept; /* letters that there are */
	struct inbox_letter *letters;
	int count;
};
/* The newest `limit` letters behind the newest `skip`. 0, or -1. */
int inbox_read(struct inbox *inbox, const char *name, int64_t skip,
    int64_t limit, struct inbox_page *page);
void inbox_page_release(struct inbox_page *page);

int inbox_clear(struct inbox *inbox, const char *name); /* 0, -1 */
int inbox_set_answer(struct inbox *inbox, const char *name, int status);
#endif
