#ifndef GROUND_TEXT_H
#define GROUND_TEXT_H
/*
 * A growing run of bytes, always followed by a NUL that does not count.
 * { 0 } is an empty text. Running out of memory ends the process (exit 111):
 * the supervisor starts another, and what was in flight is tried again.
 */
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct text {
	char *bytes; /* NULL while empty; else owned, NUL after length */
	size_t length;
	size_t room;
};

void text_add(struct text *text, const void *bytes, size_t length);
void text_adds(struct text *text, const char *string); /* NULL adds nothing */
void text_addf(struct text *text, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void text_clear(struct text *text); /* empty, keeps its memory */
void text_free(struct text *text);  /* to { 0 } */
char *text_take(struct text *text); /* its string, yours to free; text { 0 } */
const char *text_string(const struct text *text); /* "" while empty */

/* Says "out of memory" and ends the process: for what a library could not
 * get, where its "no" would be taken for an answer. */
void memory_out(void) __attribute__((noreturn));

/* malloc, realloc and strdup that do not return NULL. */
void *memory_get(size_t size); /* zeroed */
void *memory_resize(void *old, size_t size);
char *memory_copy_string(const char *string);	     /* NULL gives NULL */
void *memory_copy(const void *bytes, size_t length); /* with a NUL behind */

/* The value of a hexadecimal digit, -1 when it is none. */
int text_hex(char c);

/* Well-formed UTF-8 of RFC 3629: no surrogates, nothing overlong. */
bool text_is_utf8(const void *bytes, size_t length);
/* And without control characters, which are below 0x20, and DEL. */
bool text_is_clean(const void *bytes, size_t length);
/* The length and code of the character at `bytes`; 0 for no UTF-8. left is
 * not 0. */
size_t text_character(const void *bytes, size_t left, uint32_t *code);
/*
 * Would a reader not see it, or see what follows in another order than it
 * stands? Control characters (C0 but for tab, LF and CR; DEL; C1),
 * bidirectional and invisible format characters, line separators, tags.
 */
bool text_is_hidden(uint32_t code);
/* As \u202e, the way of JSON. */
void text_add_escape(struct text *text, uint32_t code);
/* A UTF-8 string with all that is hidden escaped: for terminals. */
void text_add_shown(struct text *text, const char *string);
/* UTF-8 that no NUL ends early. */
bool text_is_string(const struct text *text);
#endif
