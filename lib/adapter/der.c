#include "lib/adapter/der.h"

#include <string.h>

#include "lib/base/text.h"

extern const asn1_static_node sl_x509_table[]; /* asn1_tables.c */

unsigned char *sl_pem_bytes(struct sl_arena *arena, const char *base64, size_t n, size_t *n_der)
{
    struct sl_buf copy = sl_buf_new(arena);

    for (size_t i = 0; i < n; i++) {
        if (base64[i] == '\\' && i + 1 < n && (base64[i + 1] == 'n' || base64[i + 1] == 'r'))
            i++;
        else
            sl_buf_add(&copy, base64 + i, 1);
    }
    return sl_unbase64(arena, copy.data, n_der);
}

const char *sl_pem_find(const char *text, size_t n_text, const char *label, size_t *n)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    const char *begin_line = sl_arena_printf(arena, "-----BEGIN %s-----", label);
    const char *end_line = sl_arena_printf(arena, "-----END %s-----", label);
    const char *begin = memmem(text, n_text, begin_line, strlen(begin_line)), *end;

    if (!begin)
        return NULL;
    begin += strlen(begin_line);
    end = memmem(begin, n_text - (size_t)(begin - text), end_line, strlen(end_line));
    if (!end)
        return NULL;
    *n = (size_t)(end - begin);
    return begin;
}

void sl_der_end(asn1_node *node)
{
    (void)asn1_delete_structure2(node, ASN1_DELETE_FLAG_ZEROIZE);
}

bool sl_der_decode(asn1_node *node, const char *name, const unsigned char *der, size_t n)
{
    SL_AUTO(sl_der_end) asn1_node table = NULL;
    char why[ASN1_MAX_ERROR_DESCRIPTION_SIZE];

    return asn1_array2tree(sl_x509_table, &table, why) == ASN1_SUCCESS &&
           asn1_create_element(table, name, node) == ASN1_SUCCESS &&
           asn1_der_decoding(node, der, (int)n, why) == ASN1_SUCCESS;
}

bool sl_der_read(struct sl_arena *arena, asn1_node node, const char *name, size_t most,
                 struct sl_der_bytes *value)
{
    int n = (int)most;

    value->bytes = sl_arena_alloc(arena, most, 1);
    if (asn1_read_value(node, name, value->bytes, &n) != ASN1_SUCCESS || n <= 0)
        return false;
    value->n = (size_t)n;
    return true;
}

bool sl_der_number(struct sl_arena *arena, asn1_node node, const char *name, size_t most,
                   struct sl_der_bytes *number)
{
    return sl_der_read(arena, node, name, most, number) && *number->bytes < 0x80;
}
