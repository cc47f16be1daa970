/* What certificates and keys come in: PEM armour (RFC 7468) around DER, read by libtasn1 with
 * the definitions of x509.asn. For any bytes. */
#ifndef SL_ADAPTER_DER_H
#define SL_ADAPTER_DER_H

#include <libtasn1.h>
#include <stdbool.h>
#include <stddef.h>

#include "lib/base/arena.h"

/* Base64 to bytes in the arena. White space is skipped, and so are the "\n" and "\r" that stay
 * when a file is pasted through an environment variable. NULL for anything else. */
unsigned char *sl_pem_bytes(struct sl_arena *arena, const char *base64, size_t n, size_t *n_der);

/* Finds the first "-----BEGIN LABEL-----" and the end that belongs to it; what lies between are
 * *n bytes of base64 in the text. NULL if there is none. */
const char *sl_pem_find(const char *text, size_t n_text, const char *label, size_t *n);

/* Reads DER as what x509.asn calls "X509.NAME"; nothing may follow it. On true the caller owns
 * *node. */
bool sl_der_decode(asn1_node *node, const char *name, const unsigned char *der, size_t n);
void sl_der_end(asn1_node *node); /* wipes and frees; for SL_AUTO() */

struct sl_der_bytes {
    unsigned char *bytes;
    size_t n;
};

/* A value's bytes, in the arena: those of an INTEGER or OCTET STRING, the DER of an ANY. `most`
 * is what its DER had. False if it is not there. */
bool sl_der_read(struct sl_arena *arena, asn1_node node, const char *name, size_t most,
                 struct sl_der_bytes *value);

/* The same for an INTEGER that is not negative. */
bool sl_der_number(struct sl_arena *arena, asn1_node node, const char *name, size_t most,
                   struct sl_der_bytes *number);

#endif
