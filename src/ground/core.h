#ifndef GROUND_CORE_H
#define GROUND_CORE_H
/*
 * A core holds all that its process held, passwords and keys too, for whoever
 * reads the disk.
 */

/* This process leaves none, nor does what it starts. For every program that
 * reads the settings: config_load does it. */
void core_refuse(void);

/* Besides, there is none where the kernel pipes cores to a program, which
 * heeds no limit, and no other process of this user may look into this one:
 * its /proc/PID is root's. For what holds keys: keyring_load does it. exec and
 * a change of user undo it, fork does not. The sanitizers, which must look at
 * themselves, are let alone. */
void core_hide(void);
#endif
