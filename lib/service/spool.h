/* The spool: copies of the files that accepted operations will send. What a person named may be
 * changed or gone when its turn comes, a pipe is read but once; so they are copied before the
 * operation is accepted. Beside the database, "shulelabs.db-spool/", readable by its owner alone;
 * each file is named by the SHA-256 of its content, so the same one is there once. */
#ifndef SL_SERVICE_SPOOL_H
#define SL_SERVICE_SPOOL_H

#include "lib/adapter/inputs.h"
#include "lib/service/service.h"

/* Copies what is left of a descriptor, at most `most` bytes, and syncs it; sets path, size and
 * sha256 of *file, in the arena. SL_ERR_DATA if it is longer, SL_ERR_IO if it cannot be read or
 * written. Not inside a transaction. */
int sl_spool_take(struct sl_service *service, struct sl_arena *arena, int fd, int64_t most,
                  struct sl_file *file, struct sl_err *err);

/* The operation of a queue row will send it. Inside the transaction that adds the row: from then
 * on the file stays until the row is completed or cancelled. Returns 0 or -1. */
int sl_spool_use(struct sl_service *service, const struct sl_file *file, int64_t queue_id,
                 struct sl_err *err);

/* The same for n of them. */
int sl_spool_use_all(struct sl_service *service, const struct sl_file *files, size_t n,
                     int64_t queue_id, struct sl_err *err);

/* As it stands in a row's payload: {"name", "type", "size", "sha256"}. The caller owns it. */
struct json_object *sl_spool_json(const struct sl_file *file);

/* The other way. SL_ERR_DATA if it is none. Borrows from the object; the path is in the arena. */
int sl_spool_find(struct sl_service *service, struct sl_arena *arena, struct json_object *json,
                  struct sl_file *file, struct sl_err *err);

/* Removes what no row needs and nobody took within a day, and what processes that died left of
 * copies, as old. Returns how many, or -1. */
int64_t sl_spool_sweep(struct sl_service *service, int64_t now_ms, struct sl_err *err);

#endif
