/* A labelled field of a form. */
#include <string.h>

#include "admin.h"

void
admin_field_error(struct text *out, const char *id, const char *message)
{
	if (message == NULL || message[0] == '\0')
		return;
	html_lit(out, "<p class=\"error\" id=\"");
	html_attribute(out, id);
	html_lit(out, "-error\">");
	html_text(out, message);
	html_lit(out, "</p>\n");
}

void
admin_field_state(struct text *out, const char *id, bool is_wrong)
{
	html_lit(out, " aria-describedby=\"");
	if (is_wrong) {
		html_attribute(out, id);
		html_lit(out, "-error ");
	}
	html_attribute(out, id);
	html_lit(out, "-hint\"");
	if (is_wrong)
		html_lit(out, " aria-invalid=\"true\"");
}

static bool
is_wrong(const struct field *field)
{
	return field->error != NULL && field->error[0] != '\0';
}

static void
write_label(struct text *out, const struct field *field)
{
	html_lit(out, "<label for=\"");
	html_attribute(out, field->name);
	html_lit(out, "\">");
	html_text(out, field->label);
	if (field->is_optional)
		html_lit(out, " <span class=\"quiet\">(optional)</span>");
	html_lit(out, "</label>\n");
}

void
admin_marked(struct text *out, const char *string)
{
	for (bool is_code = false;; is_code = !is_code) {
		size_t length = strcspn(string, "`");

		html_bytes(out, string, length);
		string += length;
		if (*string++ == '\0')
			break;
		if (is_code)
			html_lit(out, "</code>");
		else
			html_lit(out, "<code>");
	}
}

static void
write_hint(struct text *out, const struct field *field)
{
	if (field->hint == NULL)
		return;
	html_lit(out, "<p class=\"hint\" id=\"");
	html_attribute(out, field->name);
	html_lit(out, "-hint\">");
	admin_marked(out, field->hint);
	html_lit(out, "</p>\n");
}

static void
write_attribute(struct text *out, const char *name, const char *value)
{
	if (value == NULL)
		return;
	html_lit(out, " ");
	html_text(out, name);
	html_lit(out, "=\"");
	html_attribute(out, value);
	html_lit(out, "\"");
}

/* The name, and what all kinds of fields may have. */
static void
write_common(struct text *out, const struct field *field)
{
	write_attribute(out, "id", field->name);
	write_attribute(out, "name", field->name);
	write_attribute(out, "class", field->class);
	if (field->class != NULL && strcmp(field->class, "code") == 0)
		html_lit(out, " spellcheck=\"false\"");
	if (field->is_required)
		html_lit(out, " required");
	if (field->hint != NULL)
		admin_field_state(out, field->name, is_wrong(field));
	else if (is_wrong(field)) {
		html_lit(out, " aria-invalid=\"true\" aria-describedby=\"");
		html_attribute(out, field->name);
		html_lit(out, "-error\"");
	}
}

static void
write_input(struct text *out, const struct field *field)
{
	html_lit(out, "<input");
	write_common(out, field);
	write_attribute(
	    out, "type", field->type != NULL ? field->type : "text");
	write_attribute(out, "autocomplete",
	    field->autocomplete != NULL ? field->autocomplete : "off");
	write_attribute(out, "placeholder", field->placeholder);
	write_attribute(out, "list", field->list);
	if (field->most != 0)
		text_addf(
		    out, " min=\"%d\" max=\"%d\"", field->least, field->most);
	if (field->longest != 0)
		text_addf(out, " maxlength=\"%d\"", field->longest);
	if (field->has_focus)
		html_lit(out, " autofocus");
	write_attribute(out, "value", field->value);
	html_lit(out, ">\n");
}

static void
write_area(struct text *out, const struct field *field)
{
	html_lit(out, "<textarea");
	write_common(out, field);
	text_addf(out, " rows=\"%d\"", field->rows);
	/* The parser drops the first LF behind the tag. */
	html_lit(out, ">\n");
	html_attribute(out, field->value);
	html_lit(out, "</textarea>\n");
}

static void
write_select(struct text *out, const struct field *field)
{
	const char *value = field->value != NULL ? field->value : "";

	html_lit(out, "<select");
	write_common(out, field);
	html_lit(out, ">\n");
	for (const struct choice *choice = field->choices;
	     choice->label != NULL; choice++) {
		html_lit(out, "<option");
		write_attribute(out, "value", choice->value);
		if (strcmp(value, choice->value) == 0)
			html_lit(out, " selected");
		html_lit(out, ">");
		html_text(out, choice->label);
		html_lit(out, "</option>\n");
	}
	html_lit(out, "</select>\n");
}

void
admin_field(struct text *out, const struct field *field)
{
	html_lit(out, "<div class=\"field\">\n");
	write_label(out, field);
	write_hint(out, field);
	admin_field_error(out, field->name, field->error);
	if (field->choices != NULL)
		write_select(out, field);
	else if (field->rows != 0)
		write_area(out, field);
	else
		write_input(out, field);
	html_lit(out, "</div>\n");
}

void
admin_check(
    struct text *out, const char *name, const char *label, bool is_checked)
{
	html_lit(out, "<p class=\"check\"><input type=\"checkbox\" id=\"");
	html_attribute(out, name);
	html_lit(out, "\" name=\"");
	html_attribute(out, name);
	html_lit(out, "\" value=\"1\"");
	if (is_checked)
		html_lit(out, " checked");
	html_lit(out, "> <label for=\"");
	html_attribute(out, name);
	html_lit(out, "\">");
	html_text(out, label);
	html_lit(out, "</label></p>\n");
}
