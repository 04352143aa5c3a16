#include "rules/hmac.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>

#include "ground/text.h"

/* Without a key; made once, since looking the algorithms up takes longer than
 * a short message does. It fails only for lack of memory. */
static EVP_MAC_CTX *
keyless(void)
{
	static char digest[] = "SHA256";
	static EVP_MAC_CTX *context;
	OSSL_PARAM parameters[] = {
		OSSL_PARAM_construct_utf8_string(
		    OSSL_MAC_PARAM_DIGEST, digest, 0),
		OSSL_PARAM_construct_end(),
	};
	EVP_MAC *mac;

	if (context != NULL)
		return context;
	mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	context = mac != NULL ? EVP_MAC_CTX_new(mac) : NULL;
	if (context == NULL || !EVP_MAC_CTX_set_params(context, parameters))
		memory_out();
	EVP_MAC_free(mac); /* the context holds it */
	return context;
}

void
hmac_make(const void *key, size_t key_length, const struct hmac_part *parts,
    size_t count, unsigned char sum[HMAC_BYTES])
{
	EVP_MAC_CTX *context = EVP_MAC_CTX_dup(keyless());
	bool well =
	    context != NULL && EVP_MAC_init(context, key, key_length, NULL);
	size_t length;

	for (size_t i = 0; i < count; i++)
		well = well &&
		    EVP_MAC_update(context, parts[i].bytes, parts[i].length);
	if (!well || !EVP_MAC_final(context, sum, &length, HMAC_BYTES))
		memory_out();
	EVP_MAC_CTX_free(context); /* wipes the key */
}
