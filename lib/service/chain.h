/* The chain of the audit trail: what is hashed, and how (DESIGN.md, section 9).
 *
 * hash = SHA-256 over every column of the row in the schema's order but hash, request_data and
 * response_data; previous_hash and id are among them. body_digest = SHA-256 over salt,
 * request_data, response_data and the sorted keyed hashes of its phones: it stands for them, so
 * that they can be erased and the chain holds. Each cell is encoded as one byte for its kind
 * ('n' null, 'i' number, 't' text), a number as 8 bytes and a text as its length in 8 bytes and
 * itself, big-endian: no two rows have one encoding. Both are stored as lower-case hex. This
 * never changes; a column that is added later goes into body_digest or is not covered. */
#ifndef SL_SERVICE_CHAIN_H
#define SL_SERVICE_CHAIN_H

#include "lib/base/arena.h"
#include "lib/service/keyring.h"
#include "lib/store/anchors.h"
#include "lib/store/logs.h"

/* The end of the chain, remembered within a transaction. A service has one. */
struct sl_chain {
    uint64_t tx; /* sl_db_tx_serial() of the transaction that `last` is true in; 0: none yet */
    struct sl_log_link last;
    struct sl_buf scratch; /* in the service's arena; what is hashed is laid out in it */
};

/* Both overwrite *scratch. `phones` are n_phones sorted hashes of SL_LOG_PHONE_SIZE bytes and
 * may not lie in it. */
void sl_chain_body_digest(struct sl_buf *scratch, const struct sl_log_row *row,
                          const unsigned char *phones, size_t n_phones, char hex[SL_LOG_HASH_SIZE]);
void sl_chain_hash(struct sl_buf *scratch, const struct sl_log_row *row,
                   char hex[SL_LOG_HASH_SIZE]);

/* The signature of an anchor: a keyed hash over last_id, hash and removed. */
void sl_chain_sign(const struct sl_keyring *keyring, const struct sl_anchor *anchor,
                   char hex[SL_LOG_HASH_SIZE]);

/* The keyed hash that a phone in E.164 is found by. */
void sl_chain_phone(const struct sl_keyring *keyring, const char *e164,
                    unsigned char hash[SL_LOG_PHONE_SIZE]);

#endif
