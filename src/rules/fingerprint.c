#include "rules/fingerprint.h"

#include <sodium.h>
#include <string.h>

/* With its NUL, which no header has: so parts cannot run into each other. */
static void
add_string(crypto_generichash_state *state, const char *string)
{
	if (string == NULL)
		string = "";
	crypto_generichash_update(
	    state, (const unsigned char *)string, strlen(string) + 1);
}

void
fingerprint_of(const char *event_type, const char *content_type,
    const void *payload, size_t length,
    unsigned char fingerprint[FINGERPRINT_BYTES])
{
	crypto_generichash_state state;

	crypto_generichash_init(&state, NULL, 0, FINGERPRINT_BYTES);
	add_string(&state, event_type);
	add_string(&state, content_type);
	crypto_generichash_update(&state, payload, length);
	crypto_generichash_final(&state, fingerprint, FINGERPRINT_BYTES);
}
