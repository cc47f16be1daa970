/* The text of a key ring's file, which keyring.h shows. */
#ifndef SL_SERVICE_KEYRING_TEXT_H
#define SL_SERVICE_KEYRING_TEXT_H

#include <stddef.h>

#include "lib/base/arena.h"
#include "lib/base/err.h"
#include "lib/service/keyring.h"

enum sl_ring { SL_RING_MAIN, SL_RING_WEBHOOK };

enum { SL_RING_FILE_KEYS = 64, SL_RING_KEYS = 2 * SL_RING_FILE_KEYS };

/* Keys of one file or of both. */
struct sl_ring_keys {
    size_t n;
    struct sl_key list[SL_RING_KEYS];
};

/* Which file holds the keys of a purpose. */
enum sl_ring sl_ring_of(enum sl_key_purpose purpose);

/* The key with that id, whatever its purpose; NULL if there is none. */
const struct sl_key *sl_ring_named(const struct sl_ring_keys *keys, const char *id);
/* The purpose's active key; NULL if there is none. */
const struct sl_key *sl_ring_active(const struct sl_ring_keys *keys, enum sl_key_purpose purpose);

/* The whole text of the file that holds these keys, in the arena. */
struct sl_buf sl_ring_print(struct sl_arena *arena, enum sl_ring ring,
                            const struct sl_ring_keys *keys);

/* Adds the keys of a file to those that are there. On -1, SL_ERR_CONFIG, the error says in
 * which line the text is damaged and how, or which purpose has no active key. */
int sl_ring_parse(struct sl_ring_keys *keys, enum sl_ring ring, const struct sl_buf *text,
                  struct sl_err *err);

#endif
