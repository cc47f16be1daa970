#include "lib/service/enqueue.h"

#include <assert.h>
#include <string.h>

#include "lib/service/ids.h"
#include "lib/service/seal.h"

/* What the engine opens: {"callback": TOKEN}. The row's id is part of the seal. */
static int remember(struct sl_service *service, const struct sl_item *item, const char *token,
                    struct sl_err *err)
{
    const struct sl_seal_place place = { "integration_queue", "memory", item->school_id,
                                         item->provider_id, item->id };
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    const char *memory = sl_arena_printf(arena, "{\"callback\":\"%s\"}", token);
    const char *sealed =
        sl_seal(service->keyring, SL_KEY_SEAL, arena, memory, strlen(memory), &place, err);

    return sealed ? sl_queue_remember(service->db, item->id, sealed, err) : -1;
}

int sl_enqueue_for_endpoint(struct sl_service *service, struct sl_item *item, const char *token,
                            int64_t now_ms, struct sl_err *err)
{
    int added = sl_queue_add(service->db, item, now_ms, err);

    assert(sl_db_in_tx(service->db));
    if (added <= 0)
        return added;
    return remember(service, item, token, err) < 0 ? -1 : 1;
}

int sl_enqueue(struct sl_service *service, const struct sl_op *op, struct sl_item *item,
               int64_t now_ms, struct sl_err *err)
{
    char token[SL_CALLBACK_TOKEN_SIZE], hash[SL_TOKEN_HASH_SIZE];
    int added;

    assert(op);
    if (!op->callback)
        return sl_queue_add(service->db, item, now_ms, err);
    sl_callback_token(token, hash);
    item->callback_token = hash;
    added = sl_enqueue_for_endpoint(service, item, token, now_ms, err);
    item->callback_token = NULL;
    explicit_bzero(token, sizeof token);
    return added;
}

int sl_enqueue_again(struct sl_service *service, struct sl_arena *arena, const struct sl_op *op,
                     struct sl_item *item, struct sl_err *err)
{
    char token[SL_CALLBACK_TOKEN_SIZE], hash[SL_TOKEN_HASH_SIZE];
    struct sl_item now;
    int status;

    sl_callback_token(token, hash);
    item->callback_token = op->callback ? hash : NULL;
    status = sl_queue_rehome(service->db, item, err);
    item->callback_token = NULL;
    if (status == 0 && op->callback)
        status = remember(service, item, token, err);
    explicit_bzero(token, sizeof token);
    if (status < 0 || sl_queue_get(service->db, arena, item->id, &now, err) < 0)
        return -1;
    *item = now;
    return 0;
}
