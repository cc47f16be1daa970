#include "lib/service/chain.h"

#include <string.h>

#include "lib/base/crypto.h"
#include "lib/base/text.h"
#include "lib/service/seal.h"

static void add_number(struct sl_buf *scratch, char kind, uint64_t number)
{
    char bytes[9] = { kind };

    for (int i = 0; i < 8; i++)
        bytes[1 + i] = (char)(number >> (56 - 8 * i));
    sl_buf_add(scratch, bytes, sizeof bytes);
}

static void add_cell(struct sl_buf *scratch, const struct sl_log_cell *cell)
{
    switch (cell->kind) {
    case SL_LOG_NULL: sl_buf_add(scratch, "n", 1); break;
    case SL_LOG_NUMBER: add_number(scratch, 'i', (uint64_t)cell->number); break;
    case SL_LOG_TEXT:
        add_number(scratch, 't', cell->n);
        sl_buf_add(scratch, cell->text, cell->n);
        break;
    }
}

static void hash_scratch(const struct sl_buf *scratch, char hex[SL_LOG_HASH_SIZE])
{
    unsigned char hash[SL_SHA256_SIZE];

    sl_sha256(scratch->data, scratch->len, hash);
    sl_hex(hash, sizeof hash, hex);
}

void sl_chain_body_digest(struct sl_buf *scratch, const struct sl_log_row *row,
                          const unsigned char *phones, size_t n_phones, char hex[SL_LOG_HASH_SIZE])
{
    scratch->len = 0;
    add_cell(scratch, &row->cells[SL_LOG_SALT]);
    add_cell(scratch, &row->cells[SL_LOG_REQUEST_DATA]);
    add_cell(scratch, &row->cells[SL_LOG_RESPONSE_DATA]);
    add_number(scratch, 't', n_phones * SL_LOG_PHONE_SIZE);
    if (n_phones > 0)
        sl_buf_add(scratch, (const char *)phones, n_phones * SL_LOG_PHONE_SIZE);
    hash_scratch(scratch, hex);
}

void sl_chain_hash(struct sl_buf *scratch, const struct sl_log_row *row, char hex[SL_LOG_HASH_SIZE])
{
    scratch->len = 0;
    for (size_t i = 0; i < SL_LOG_HASH; i++)
        if (i != SL_LOG_REQUEST_DATA && i != SL_LOG_RESPONSE_DATA)
            add_cell(scratch, &row->cells[i]);
    hash_scratch(scratch, hex);
}

void sl_chain_sign(const struct sl_keyring *keyring, const struct sl_anchor *anchor,
                   char hex[SL_LOG_HASH_SIZE])
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    struct sl_buf signed_text = sl_buf_new(arena);
    const struct sl_log_cell hash = sl_log_text(anchor->hash);

    add_number(&signed_text, 'i', (uint64_t)anchor->last_id);
    add_cell(&signed_text, &hash);
    add_number(&signed_text, 'i', (uint64_t)anchor->removed);
    sl_index_hash(keyring, "anchor", sl_base64(arena, signed_text.data, signed_text.len), hex);
}

void sl_chain_phone(const struct sl_keyring *keyring, const char *e164,
                    unsigned char hash[SL_LOG_PHONE_SIZE])
{
    unsigned char whole[SL_SHA256_SIZE];

    sl_index_hash_bytes(keyring, "phone", e164, strlen(e164), whole);
    memcpy(hash, whole, SL_LOG_PHONE_SIZE);
}
