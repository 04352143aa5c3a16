#ifndef STORES_SETTINGS_H
#define STORES_SETTINGS_H

/* Whether a service can run with the settings that config_load has read: URLs
 * and address ranges can be parsed, and files that its processes end without
 * can be read. Connects to nothing. 0, or -1 after each fault was said. */
int settings_check(void);
#endif
