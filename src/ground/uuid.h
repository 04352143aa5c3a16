#ifndef GROUND_UUID_H
#define GROUND_UUID_H
/*
 * UUIDs as RFC 9562 has them; new ones are version 7, so that an id tells its
 * time and ids of one process rise strictly, whatever the clock does.
 */
#include <stdint.h>

struct uuid {
	unsigned char bytes[16];
};

#define UUID_TEXT_SIZE 37

struct uuid uuid_new(void);	 /* version 7 at clock_database_ms() or later */
struct uuid uuid_at(int64_t ms); /* the least version-7 id of that time */
int64_t uuid_ms(const struct uuid *uuid); /* milliseconds since 1970 */
const char *uuid_text(const struct uuid *uuid, char text[UUID_TEXT_SIZE]);
int uuid_compare(const struct uuid *a, const struct uuid *b); /* as memcmp */
/* Makes the range from least to most hold id too. */
void uuid_widen(struct uuid *least, struct uuid *most, const struct uuid *id);

/*
 * Reads the plain form, upper case, without dashes, in braces, or as
 * urn:uuid:. 0, or -1 and in `reason` (may be NULL) why not, as a phrase that
 * clients of the reference service match on.
 */
#define UUID_REASON_SIZE 160
int
uuid_parse(const char *text, struct uuid *uuid, char reason[UUID_REASON_SIZE]);
#endif
