#include "lib/service/seal.h"

#include <inttypes.h>
#include <string.h>

#include "lib/base/text.h"

static const char heading[] = "sl1:";

/* What a seal is bound to. The lengths make it unambiguous, whatever the names hold. */
static struct sl_buf print_place(struct sl_arena *arena, const struct sl_seal_place *place)
{
    struct sl_buf text = sl_buf_new(arena);

    sl_buf_printf(&text, "sl1 %zu:%s %zu:%s %" PRId64 " %" PRId64 " %" PRId64, strlen(place->table),
                  place->table, strlen(place->column), place->column, place->school_id,
                  place->provider_id, place->row_id);
    return text;
}

char *sl_seal(const struct sl_keyring *keyring, enum sl_key_purpose purpose, struct sl_arena *arena,
              const void *plaintext, size_t n, const struct sl_seal_place *place,
              struct sl_err *err)
{
    const struct sl_key *key = sl_keyring_find(keyring, purpose, NULL);
    struct sl_buf bound = print_place(arena, place);
    size_t n_sealed = SL_GCM_NONCE_SIZE + n + SL_GCM_TAG_SIZE;
    unsigned char *sealed = sl_arena_alloc(arena, n_sealed, 1);
    struct sl_gcm gcm = { .nonce = sealed, .additional = bound.data, .n_additional = bound.len };

    if (!key) {
        (void)sl_err_set(err, SL_ERR_CONFIG, "the key ring was loaded without its %s keys",
                         sl_key_purpose_name(purpose));
        return NULL;
    }
    gcm.key = key->bytes;
    sl_random(sealed, SL_GCM_NONCE_SIZE);
    if (sl_gcm_seal(&gcm, plaintext, n, sealed + SL_GCM_NONCE_SIZE, err) < 0)
        return NULL;
    return sl_arena_printf(arena, "%s%s:%s", heading, key->id, sl_base64(arena, sealed, n_sealed));
}

/* The base64 behind heading and id, which is copied; NULL if `text` has not that form. */
static const char *split(const char *text, char id[SL_KEY_ID_SIZE])
{
    size_t n;

    *id = '\0';
    if (strncmp(text, heading, strlen(heading)) != 0)
        return NULL;
    text += strlen(heading);
    n = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-");
    if (n == 0 || n >= SL_KEY_ID_SIZE || text[n] != ':')
        return NULL;
    memcpy(id, text, n);
    id[n] = '\0';
    return text + n + 1;
}

bool sl_seal_key_id(const char *text, char id[SL_KEY_ID_SIZE])
{
    return split(text, id) != NULL;
}

/* Nonce, ciphertext and tag; NULL if that is not the one way to write them: base64 has spare
 * bits and the reader skips blanks, but what was sealed was not written so. */
static unsigned char *read_sealed(struct sl_arena *arena, const char *base64, size_t *n)
{
    unsigned char *sealed = sl_unbase64(arena, base64, n);

    if (!sealed || *n < SL_GCM_NONCE_SIZE + SL_GCM_TAG_SIZE ||
        strcmp(sl_base64(arena, sealed, *n), base64) != 0)
        return NULL;
    return sealed;
}

/* Finds in the text what opens it: nonce, key, and behind the nonce *n_sealed bytes. */
static int read_text(const struct sl_keyring *keyring, enum sl_key_purpose purpose,
                     struct sl_arena *arena, const char *text, struct sl_gcm *gcm, size_t *n_sealed,
                     struct sl_err *err)
{
    char id[SL_KEY_ID_SIZE];
    const char *base64 = split(text, id);
    const struct sl_key *key = sl_keyring_find(keyring, purpose, id);

    gcm->nonce = base64 ? read_sealed(arena, base64, n_sealed) : NULL;
    if (!gcm->nonce)
        return sl_err_set(err, SL_ERR_CONFIG, "this is no sealed value, or a damaged one");
    if (!key)
        return sl_err_set(err, SL_ERR_CONFIG, "sealed by key '%s', which the key ring has not", id);
    gcm->key = key->bytes;
    *n_sealed -= SL_GCM_NONCE_SIZE;
    return 0;
}

static char *open_sealed(struct sl_arena *arena, const struct sl_gcm *gcm, size_t n_sealed,
                         size_t *n, struct sl_err *err)
{
    size_t n_plaintext = n_sealed - SL_GCM_TAG_SIZE;
    unsigned char *plaintext = sl_arena_alloc(arena, n_plaintext + 1, 1);

    if (!sl_gcm_open(gcm, gcm->nonce + SL_GCM_NONCE_SIZE, n_sealed, plaintext)) {
        (void)sl_err_set(err, SL_ERR_CONFIG, "does not open: it was moved or altered");
        return NULL;
    }
    if (n)
        *n = n_plaintext;
    return (char *)plaintext;
}

char *sl_unseal(const struct sl_keyring *keyring, enum sl_key_purpose purpose,
                struct sl_arena *arena, const char *text, const struct sl_seal_place *place,
                size_t *n, struct sl_err *err)
{
    struct sl_buf bound = print_place(arena, place);
    struct sl_gcm gcm = { .additional = bound.data, .n_additional = bound.len };
    char *plaintext = NULL;
    size_t n_sealed = 0;

    if (read_text(keyring, purpose, arena, text, &gcm, &n_sealed, err) == 0)
        plaintext = open_sealed(arena, &gcm, n_sealed, n, err);
    if (!plaintext)
        (void)sl_err_context(err, "%s.%s in row %" PRId64, place->table, place->column,
                             place->row_id);
    return plaintext;
}

/* ---- Hashes to find by -------------------------------------------------------------- */

/* The label's NUL parts it from the text: no label has one. */
void sl_index_hash_bytes(const struct sl_keyring *keyring, const char *label, const void *bytes,
                         size_t n, unsigned char out[SL_SHA256_SIZE])
{
    struct sl_hash hash = sl_keyring_index(keyring);

    sl_hash_add(&hash, label, strlen(label) + 1);
    sl_hash_add(&hash, bytes, n);
    sl_hash_result(&hash, out);
}

void sl_index_hash(const struct sl_keyring *keyring, const char *label, const char *text,
                   char hex[SL_INDEX_HEX_SIZE])
{
    unsigned char hash[SL_SHA256_SIZE];

    sl_index_hash_bytes(keyring, label, text, strlen(text), hash);
    sl_hex(hash, sizeof hash, hex);
}
