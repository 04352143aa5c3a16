#ifndef STORES_SETTINGS_H
#define STORES_SETTINGS_H

/* Whether a service can run with the settings that config_load has read: URLs
 * and address ranges can be parsed, and files that its processes end without
 * can be read. Connects to nothing. 0, or -1 after each fault was said. */
int settings_check(void);
/* Has egress judge by ALLOW_TARGETS from now on. 0, or -1 after it was said. */
int settings_open_targets(void);
#endif
