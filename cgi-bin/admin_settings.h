#ifndef ADMIN_SETTINGS_H
#define ADMIN_SETTINGS_H
/* What stands under Settings in the navigation. */
#include "admin.h"

admin_handler admin_settings;

enum settings_tab { TAB_SETTINGS, TAB_TOKENS };
void admin_settings_tabs(struct text *out, enum settings_tab current);
#endif
