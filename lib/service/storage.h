/* Stored objects: files that are put, got, listed, removed, and given addresses. */
#ifndef SL_SERVICE_STORAGE_H
#define SL_SERVICE_STORAGE_H

#include "lib/adapter/inputs.h"
#include "lib/service/config.h"

/* What is to be put: a file that stays where it is, which must not change before it has been sent,
 * or what a pipe gives, which is copied into the spool. Sets all of *file but its type; SL_ERR_DATA
 * for what is neither, SL_ERR_IO for what cannot be read. */
struct sl_put_source {
    struct sl_file file;
    int64_t modified_ns; /* of a file that stays where it is; -1: it is in the spool */
};
int sl_storage_source(struct sl_service *service, struct sl_arena *arena, const char *path,
                      const char *key, struct sl_put_source *source, struct sl_err *err);

/* Payloads of the operations, in the arena. */
const char *sl_storage_put_json(struct sl_arena *arena, const char *key,
                                const struct sl_put_source *source, bool no_clobber);
const char *sl_storage_get_json(struct sl_arena *arena, const char *key, const char *sink);
const char *sl_storage_key_json(struct sl_arena *arena, const char *key); /* stat, list */
const char *sl_storage_keys_json(struct sl_arena *arena, const char *const *keys, size_t n);
const char *sl_storage_url_json(struct sl_arena *arena, const char *key, int64_t expires_s,
                                bool is_public);

#endif
