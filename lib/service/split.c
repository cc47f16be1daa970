/* A row of many recipients becomes several. */
#include "lib/service/engine_private.h"
#include "lib/service/enqueue.h"
#include "lib/store/spool.h"

int split_off(struct engine *engine, const struct sl_op *op, const struct sl_item *item,
              const struct sl_message *messages, size_t n, struct sl_err *err)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    struct sl_item row = {
        .school_id = item->school_id,
        .provider_id = item->provider_id,
        .operation = item->operation,
        .payload = item->payload,
        .public_id =
            sl_arena_printf(arena, "%s-%lld", messages[0].batch, (long long)messages[0].line),
        .account = item->account,
        .lane = item->lane,
        .batch_id = item->batch_id,
        .max_attempts = item->max_attempts,
        .expires_at = item->expires_at,
    };

    if (sl_enqueue(engine->service, op, &row, sl_now_ms(), err) < 0 ||
        sl_spool_files_share(engine->service->db, item->id, row.id, err) < 0)
        return -1;
    for (size_t i = 0; i < n; i++)
        if (sl_messages_move(engine->service->db, messages[i].id, row.id, (int64_t)i, err) < 0)
            return -1;
    return 0;
}

/* Of one recipient there is no half: it is refused. */
static bool wants_halves(const struct sl_job *job)
{
    for (size_t i = 0; i < job->result.n_items; i++)
        if (job->result.items[i].verdict == SL_OK || job->result.items[i].cure != SL_HALVE)
            return false;
    return job->messages && job->n_items > 1;
}

int split_halves(struct engine *engine, const struct sl_job *job, struct sl_err *err)
{
    size_t kept = (job->n_items + 1) / 2;

    if (!wants_halves(job))
        return 0;
    if (split_off(engine, job->op, &job->item, job->messages + kept, job->n_items - kept, err) < 0)
        return -1;
    return 1;
}
