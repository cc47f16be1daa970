/* The key ring: the keys that seal what is secret in the database.
 *
 * Two files. PATH is the main ring; its keys seal settings, tokens and what queue rows
 * remember. PATH.webhook holds the keys that seal webhook secrets, and the index key, which
 * hashes account names and phone numbers; so a daemon that is given only the second file can
 * open nothing else. Each file is text, mode 0600, owned by who runs us or by root:
 *     shulelabs-keyring 1 main CHECKSUM
 *     seal k1-20261124-ab12 active 2026-11-24T05:30:00Z HEX CHECKSUM
 *     end CHECKSUM
 * CHECKSUM is the first eight digits of the SHA-256 of all that stands before it in the file,
 * so that a damaged ring is told from a wrong one, at whatever byte, a lost line included.
 *
 * Of each purpose exactly one key is active: it seals. Retired keys only open what they have
 * sealed. The index key never rotates, or nothing that was hashed would be found again.
 *
 * Files change by rename, under a lock on their folder: a reader sees the old ring or the
 * new one, and two rotations lose no key. In memory keys are locked where the system allows
 * it, kept out of core files (madvise(2), MADV_DONTDUMP) and wiped. */
#ifndef SL_SERVICE_KEYRING_H
#define SL_SERVICE_KEYRING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/arena.h"
#include "lib/base/crypto.h"
#include "lib/base/err.h"

enum sl_key_purpose {
    SL_KEY_SEAL,    /* main ring: settings, tokens, memory of queue rows */
    SL_KEY_WEBHOOK, /* webhook ring: webhook secrets */
    SL_KEY_INDEX,   /* webhook ring: keyed hashes */
};

enum sl_key_state { SL_KEY_ACTIVE, SL_KEY_RETIRED };

enum { SL_KEY_ID_SIZE = 32 }; /* with its NUL; lower-case letters, digits and '-' */

struct sl_key {
    enum sl_key_purpose purpose;
    enum sl_key_state state;
    char id[SL_KEY_ID_SIZE]; /* unique in both rings */
    int64_t created_ms;
    unsigned char bytes[SL_AES_KEY_SIZE]; /* used where it lies, never copied or printed */
};

struct sl_keyring;

const char *sl_key_purpose_name(enum sl_key_purpose purpose); /* "seal", "webhook", "index" */
const char *sl_key_state_name(enum sl_key_state state);       /* "active", "retired" */

/* Which PATH to use: the one that somebody named (environment, config file); or, if `named`
 * is NULL and systemd passed a credential `keyring` or `keyring.webhook` (systemd.exec(5),
 * LoadCredential=), that in $CREDENTIALS_DIRECTORY; or `otherwise`. */
const char *sl_keyring_path(struct sl_arena *arena, const char *named, const char *otherwise);

/* What sl_keyring_create() made; a file that was there is left alone, whatever is in it. */
struct sl_keyring_made {
    bool main;
    bool webhook;
};

/* Makes both files with new keys, on disk when it returns 0. Their folder must be there. If
 * it fails half-way, one of the two may have been made: again makes the other. */
int sl_keyring_create(const char *path, int64_t now_ms, struct sl_keyring_made *made,
                      struct sl_err *err);

enum sl_keyring_part {
    SL_KEYRING_WHOLE,   /* PATH and PATH.webhook */
    SL_KEYRING_WEBHOOK, /* PATH.webhook alone */
};

/* The caller owns *keyring. Refuses with SL_ERR_CONFIG: a file that is missing, can be read or
 * written by others (a systemd credential may show its ACL as group bits), belongs to
 * somebody else, is damaged, or lacks an active key. */
int sl_keyring_load(struct sl_keyring **keyring, const char *path, enum sl_keyring_part part,
                    struct sl_err *err);

/* Reads the same files again: for a process that stays and meets a key id that a rotation
 * made since. On -1 the old one stays. */
int sl_keyring_reload(struct sl_keyring **keyring, struct sl_err *err);

/* Wipes and frees; *keyring may be NULL and is NULL afterwards. */
void sl_keyring_free(struct sl_keyring **keyring);

/* All keys, in the files' order; borrowed from the ring. NULL behind the last. */
const struct sl_key *sl_keyring_at(const struct sl_keyring *keyring, size_t i);

/* The key of that purpose and id, or its active one if id is NULL. NULL if the ring has
 * none. */
const struct sl_key *sl_keyring_find(const struct sl_keyring *keyring, enum sl_key_purpose purpose,
                                     const char *id);

/* The index key, ready to hash (lib/base/crypto.h); the ring's own, so never ended. */
struct sl_hash sl_keyring_index(const struct sl_keyring *keyring);

/* Puts a new active key into the file that holds the purpose's, on disk when it returns 0;
 * the one that was active is retired. `id` gets its name. The index key is refused. Rings
 * that are already loaded stay as they are. */
int sl_keyring_rotate(const char *path, enum sl_key_purpose purpose, int64_t now_ms,
                      char id[SL_KEY_ID_SIZE], struct sl_err *err);

/* Takes a retired key out of its file for good: the caller has made sure that nothing is
 * sealed by it any more (sl_seal_key_id()). An active key is refused, an unknown id is
 * SL_ERR_DATA. */
int sl_keyring_retire(const char *path, const char *id, struct sl_err *err);

#endif
