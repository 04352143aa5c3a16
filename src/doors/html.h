#ifndef DOORS_HTML_H
#define DOORS_HTML_H
/*
 * Writing HTML. Raw output takes only literals (html_lit with a variable does
 * not compile); data goes through the escaper of its context, so that no
 * byte of it can ever be markup. Attribute values are always in double quotes.
 */
#include <stddef.h>
#include <stdint.h>

#include "doors/http.h"
#include "ground/text.h"
#include "ground/uuid.h"

#define html_lit(out, lit) text_add(out, "" lit "", sizeof(lit) - 1)

/* Between tags. Bytes that are no UTF-8, and control bytes other than tab,
 * LF and CR, come out as U+FFFD; other characters that would hide or reorder
 * text (text_is_hidden) as \u202e. NULL adds nothing. */
void html_text(struct text *out, const char *string);
void html_bytes(struct text *out, const void *bytes, size_t length);

/* Inside a quoted attribute, and inside a <textarea>: the same, but what a
 * form sends back stays as it is, \u202e too. */
void html_attribute(struct text *out, const char *string);

/* One path segment, or a name or value of a query. */
void html_url_arg(struct text *out, const char *string);

void html_uuid(struct text *out, const struct uuid *uuid);
void html_number(struct text *out, int64_t number); /* 1,234,567 */
/* <time datetime="...">2026-01-31 23:59:59 UTC</time>. Scripts, where they
 * run, show it in the reader's zone, and relative ("3 min ago") while it is
 * near, unless exact: for times that stand side by side to be compared. */
void html_time(struct text *out, int64_t ms);
void html_time_exact(struct text *out, int64_t ms);

/* <button> that copies the text of the element with that id, called `what`:
 * "Copy WHAT". Shown only where scripts run. */
void html_copy(struct text *out, const char *id, const char *what);

/* An entry of a list of pages, marked where it is the page itself. */
void html_nav_link(
    struct text *out, const char *path, const char *label, bool is_current);

/* The frame of every page. */
enum page_section {
	PAGE_OVERVIEW,
	PAGE_SUBSCRIPTIONS,
	PAGE_WEBHOOKS,
	PAGE_DEAD_LETTERS,
	PAGE_SETTINGS,
	PAGE_NONE /* nothing in the navigation is current */
};

/* What the header of every page ends with; the program says so once, at its
 * start. */
void page_tools(void (*write)(struct text *out));

/* Sets status and type, and writes all up to and including <main> and its
 * <h1>. The title is borrowed. */
void page_begin(struct response *response, int status, const char *title,
    enum page_section section);
/* After page_begin: where scripts run, the page gets its main part anew after
 * so many seconds, and so on, until it comes without this. A <details> that the
 * reader opened stays open if its <summary> has an id or says the same as
 * before. */
void page_refresh(struct response *response, int seconds);
/* Ends it with the request's id, which the log has too. */
void page_end(struct response *response, const struct request *request);
#endif
