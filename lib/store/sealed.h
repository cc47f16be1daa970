/* Everything that is sealed in the database, column by column, for whoever changes the keys; and
 * the names of the keys that were ever used (key_ids). */
#ifndef SL_STORE_SEALED_H
#define SL_STORE_SEALED_H

#include "lib/store/accounts.h"
#include "lib/store/db.h"

enum sl_sealed_column {
    SL_SEALED_SETTINGS,
    SL_SEALED_ACCESS_TOKENS,
    SL_SEALED_REFRESH_TOKENS,
    SL_SEALED_QUEUE_MEMORY,
    SL_SEALED_HOOK_SECRETS,
    SL_SEALED_WEBHOOK_SECRETS,
    SL_SEALED_COLUMNS /* how many there are */
};

/* What a value is bound to: table, column and, from its row, the rest. */
struct sl_sealed_place {
    const char *name; /* for people: "settings" */
    const char *table, *column;
    const char *purpose; /* of its keys: "seal", "webhook" */
};
const struct sl_sealed_place *sl_sealed_place(enum sl_sealed_column column);

struct sl_sealed {
    int64_t id, school_id, provider_id; /* 0 where the row or its table has none */
    const char *text;                   /* "sl1:KEYID:…", borrowed until the next row */
};

/* The next ones by id, behind `after_id`, that another key than `key_id` has sealed; at most
 * `most`. Then _next() until 0 or -1. */
int sl_sealed_list(struct sl_rows *rows, struct sl_db *db, enum sl_sealed_column column,
                   int64_t after_id, const char *key_id, int64_t most, struct sl_err *err);
int sl_sealed_next(struct sl_rows *rows, struct sl_sealed *sealed, struct sl_err *err);

/* Puts `text` in the place of `was`. Returns 1, 0 if the row is gone or holds something else by
 * now, or -1. */
int sl_sealed_swap(struct sl_db *db, enum sl_sealed_column column, int64_t id, const char *was,
                   const char *text, struct sl_err *err);

/* How many of all columns this key has sealed; key_id NULL: how many are sealed at all. */
int sl_sealed_count(struct sl_db *db, const char *key_id, int64_t *count, struct sl_err *err);

/* ---- key_ids ------------------------------------------------------------------------- */

/* Notes a key that is in the ring; a known one stays as it is. */
int sl_key_ids_add(struct sl_db *db, const char *key_id, const char *purpose, int64_t now_ms,
                   struct sl_err *err);

/* From when on nothing is sealed by it any more. Returns 1, 0 if it had been retired or is not
 * there, or -1. */
int sl_key_ids_retire(struct sl_db *db, const char *key_id, int64_t now_ms, struct sl_err *err);

/* *retired_at is 0 for a key that is not retired. Returns 1, 0 if there is no such key, or -1. */
int sl_key_ids_get(struct sl_db *db, const char *key_id, int64_t *retired_at, struct sl_err *err);

/* How many runners are alive that began before this time (UTC): they may still seal by a key that
 * was active then. */
int sl_key_ids_holders(struct sl_db *db, int64_t before_ms, const struct sl_boot_now *now,
                       int64_t *count, struct sl_err *err);

#endif
