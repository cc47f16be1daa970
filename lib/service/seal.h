/* Sealed values: how secrets stand in the database, and hashes by which they are found.
 *
 * A sealed value is the text
 *     sl1:KEYID:BASE64(nonce | ciphertext | tag)
 * of AES-256-GCM (NIST SP 800-38D) with a random nonce of 96 bits: two seals of one text
 * differ. It is bound to its place: what is copied to another row, column, school, provider
 * or table, or altered in any character, does not open. No error quotes a value. */
#ifndef SL_SERVICE_SEAL_H
#define SL_SERVICE_SEAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/arena.h"
#include "lib/base/err.h"
#include "lib/service/keyring.h"

/* Where a value lives. What a table has no column for is 0, the same when it is opened. */
struct sl_seal_place {
    const char *table;
    const char *column;
    int64_t school_id;
    int64_t provider_id;
    int64_t row_id;
};

/* The sealed text, in the arena, made by the purpose's active key. NULL, with
 * SL_ERR_CONFIG, only if the ring was loaded without keys of that purpose, or libgcrypt may
 * not use the cipher. */
char *sl_seal(const struct sl_keyring *keyring, enum sl_key_purpose purpose, struct sl_arena *arena,
              const void *plaintext, size_t n, const struct sl_seal_place *place,
              struct sl_err *err);

/* The value again, with a NUL behind it, in the arena; *n gets its bytes unless n is NULL.
 * NULL, with SL_ERR_CONFIG, if it was sealed by a key that the ring does not have (then
 * sl_keyring_reload() may help), does not open here, or is no sealed value. */
char *sl_unseal(const struct sl_keyring *keyring, enum sl_key_purpose purpose,
                struct sl_arena *arena, const char *text, const struct sl_seal_place *place,
                size_t *n, struct sl_err *err);

/* Which key sealed it; false, and "" in id, if `text` is not of that form. */
bool sl_seal_key_id(const char *text, char id[SL_KEY_ID_SIZE]);

enum { SL_INDEX_HEX_SIZE = 2 * SL_SHA256_SIZE + 1 };

/* The keyed hash (HMAC-SHA256) of a text under the index key: equal for equal texts of one
 * label ("account", "phone"), unrelated across labels and installations, and nothing that
 * can be found by trying all phone numbers without the key. */
void sl_index_hash(const struct sl_keyring *keyring, const char *label, const char *text,
                   char hex[SL_INDEX_HEX_SIZE]);
/* The same as bytes, of n bytes. */
void sl_index_hash_bytes(const struct sl_keyring *keyring, const char *label, const void *bytes,
                         size_t n, unsigned char out[SL_SHA256_SIZE]);

#endif
