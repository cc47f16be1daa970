/* Which files are in the spool, and which queue rows will send them. */
#ifndef SL_STORE_SPOOL_H
#define SL_STORE_SPOOL_H

#include "lib/base/arena.h"
#include "lib/store/db.h"

/* It is there, and was wanted now. Returns 0 or -1. */
int sl_spool_files_add(struct sl_db *db, const char *sha256, int64_t size, int64_t now_ms,
                       struct sl_err *err);

/* A queue row will send it. Inside the transaction that adds the row. Returns 0 or -1. */
int sl_spool_files_use(struct sl_db *db, const char *sha256, int64_t queue_id, struct sl_err *err);

/* Another row will send what a row does. Inside the transaction that adds it. Returns 0 or -1. */
int sl_spool_files_share(struct sl_db *db, int64_t queue_id, int64_t other_id, struct sl_err *err);

/* One that was not wanted since `before` and that no row waits for, can be tried again with or
 * holds in flight, in the arena. Returns 1, 0 if there is none, or -1. */
int sl_spool_files_unused(struct sl_db *db, struct sl_arena *arena, int64_t before,
                          const char **sha256, struct sl_err *err);

/* Returns 1 if it is there, 0 or -1. */
int sl_spool_files_known(struct sl_db *db, const char *sha256, struct sl_err *err);

/* Returns 1, 0 if there is none, or -1. */
int sl_spool_files_forget(struct sl_db *db, const char *sha256, struct sl_err *err);

#endif
