#ifndef RULES_THROTTLE_H
#define RULES_THROTTLE_H
/*
 * How long to wait between log-ins that fail: five are free, then 2, 4, 8, …
 * seconds up to 15 minutes. Nobody is ever locked out for good.
 */
#define THROTTLE_STEPS 14

/* Seconds of wait behind the first, second, … failure in a row; the last goes
 * for all that follow. */
extern const int throttle_waits_s[THROTTLE_STEPS];

/* Whom an address stands for: its /24, for IPv6 its /64, as "192.0.2.0/24";
 * "unknown" for what is no address. An IPv4 address in IPv6's clothes is the
 * IPv4 address. */
#define THROTTLE_NETWORK_SIZE 64
void throttle_network(const char *address, char network[THROTTLE_NETWORK_SIZE]);
#endif
