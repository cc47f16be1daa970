#include "lib/service/queue_acts.h"

#include <inttypes.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/service/act.h"
#include "lib/service/job.h"

/* ---- The row, and who did it ----------------------------------------------------------------- */

static int find_item(struct sl_service *service, struct sl_arena *arena,
                     const struct sl_queue_act *act, struct sl_item *item, struct sl_err *err)
{
    int found = sl_queue_get(service->db, arena, act->id, item, err);

    if (found < 0)
        return -1;
    if (found > 0 && (act->school_id == 0 || act->school_id == item->school_id))
        return 0;
    (void)sl_err_set(err, SL_ERR_DATA, "there is no queue item %" PRId64 "%s", act->id,
                     found > 0 ? " of this school" : "");
    return sl_err_hint(err, "`sl-queue list` shows them");
}

static bool waits_for(const struct sl_item *item, const char *whom)
{
    return item->waits_for && strcmp(item->waits_for, whom) == 0;
}

static const char *describe(const struct sl_item *item)
{
    return waits_for(item, "person") ? "processing, waits for a person" : item->status;
}

static int record(struct sl_service *service, const struct sl_item *item, const char *operation,
                  const char *after, struct sl_err *err)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    struct sl_buf changes = sl_buf_new(arena);
    struct sl_act act = {
        .operation = operation,
        .school_id = item->school_id,
        .provider_id = item->provider_id,
        .kind = "queue",
        .id = sl_arena_printf(arena, "%" PRId64, item->id),
    };

    sl_act_change(&changes, "status", describe(item), after);
    act.changes = sl_act_changes(&changes);
    return sl_act_record(service, &act, err);
}

static void refuse(struct sl_queue_act *act, const char *why, const char *advice)
{
    act->refused = why;
    act->advice = advice;
}

/* ---- Bringing back ----------------------------------------------------------------------------- */

/* Why a row of that state is not brought back. */
static void refuse_retry(struct sl_queue_act *act, const struct sl_item *item)
{
    if (strcmp(item->status, "pending") == 0)
        refuse(act, "is pending already", "`sl-queue-run` sends what is due");
    else if (strcmp(item->status, "completed") == 0)
        refuse(act, "is done", NULL);
    else if (strcmp(item->status, "cancelled") == 0)
        refuse(act, "was cancelled", "give the command again instead");
    else if (item->waits_for)
        refuse(act, "has left, and what came of it is being found out",
               "`sl-queue show` says what it waits for");
    else
        refuse(act, "is leaving now", NULL);
}

/* What stands in the way beside its own state. Sets act->refused, if anything does. */
static int look_around(struct sl_service *service, struct sl_arena *arena,
                       struct sl_queue_act *act, const struct sl_item *item, struct sl_err *err)
{
    struct sl_batch batch;
    int64_t other = 0;
    int found = item->batch_id ? sl_batches_get(service->db, arena, item->batch_id, &batch, err) : 0;

    if (found < 0)
        return -1;
    if (found > 0 && strcmp(batch.state, "cancelled") == 0) {
        refuse(act, "belongs to a batch that was cancelled", "send the list anew instead");
        return 0;
    }
    if (item->dedupe_key && sl_queue_open(service->db, item->dedupe_key, &other, err) < 0)
        return -1;
    if (other != 0 && other != item->id)
        refuse(act, sl_arena_printf(arena, "is doubled by queue item %" PRId64, other), NULL);
    return 0;
}

/* What is soon stale has its whole time again from now. */
static int renew_time(struct sl_service *service, const struct sl_item *item, int64_t now_ms,
                      struct sl_err *err)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    const struct sl_adapter *adapter = NULL;
    const struct sl_op *op;
    struct sl_provider provider;
    int found = sl_providers_get(service->db, arena, item->provider_id, &provider, err);

    if (found < 0)
        return -1;
    if (found > 0)
        adapter = sl_adapter_find(provider.code);
    op = adapter ? sl_adapter_op(adapter, item->operation) : NULL;
    if (!op || op->stale_s == 0)
        return 0;
    return sl_queue_expire(service->db, item->id, now_ms + op->stale_s * 1000LL, err);
}

static int bring_back(struct sl_service *service, struct sl_queue_act *act,
                      const struct sl_item *item, int64_t now_ms, struct sl_err *err)
{
    bool lost = waits_for(item, "person");
    int n = 0;

    if (renew_time(service, item, now_ms, err) < 0)
        return -1;
    if (item->batch_id) {
        n = sl_queue_requeue_messages(service->db, item->id, lost ? SL_UNKNOWN_TOO : SL_FAILED_ONLY,
                                      now_ms, err);
        if (n < 0 || sl_batches_resume(service->db, item->batch_id, now_ms, err) < 0)
            return -1;
    }
    act->n_messages = n;
    act->may_repeat = lost;
    return record(service, item, "queue.retry", "pending", err);
}

/* Inside a transaction. */
static int retry(struct sl_service *service, struct sl_arena *arena, struct sl_queue_act *act,
                 struct sl_err *err)
{
    int64_t now_ms = sl_now_ms();
    struct sl_item item;
    int done;

    if (find_item(service, arena, act, &item, err) < 0 ||
        look_around(service, arena, act, &item, err) < 0)
        return -1;
    if (act->refused)
        return 0;
    done = sl_queue_retry(service->db, item.id, now_ms, err);
    if (done < 0)
        return -1;
    if (done == 0) {
        refuse_retry(act, &item);
        return 0;
    }
    return bring_back(service, act, &item, now_ms, err);
}

int sl_queue_act_retry(struct sl_service *service, struct sl_arena *arena, struct sl_queue_act *act,
                       struct sl_err *err)
{
    SL_AUTO(sl_tx_end) struct sl_tx tx = { 0 };

    if (sl_tx_begin(&tx, service->db, err) < 0 || retry(service, arena, act, err) < 0)
        return -1;
    return act->refused ? 0 : sl_tx_commit(&tx, err);
}

int sl_queue_act_retry_failed(struct sl_service *service, struct sl_failed_filter *filter, size_t n,
                              int64_t *ids, struct sl_err *err)
{
    SL_AUTO(sl_tx_end) struct sl_tx tx = { 0 };
    int found;

    if (sl_tx_begin(&tx, service->db, err) < 0)
        return -1;
    found = sl_queue_failed(service->db, filter, sl_now_ms(), n, ids, err);
    for (int i = 0; i < found; i++) {
        SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
        struct sl_queue_act act = { .id = ids[i] };

        if (retry(service, arena, &act, err) < 0)
            return -1;
        filter->after_id = ids[i];
        ids[i] = act.refused ? -ids[i] : ids[i];
    }
    if (found < 0 || sl_tx_commit(&tx, err) < 0)
        return -1;
    return found;
}

/* ---- Calling off --------------------------------------------------------------------------------- */

static void refuse_cancel(struct sl_queue_act *act, const struct sl_item *item)
{
    if (strcmp(item->status, "processing") != 0)
        refuse(act, "is over", "`sl-queue show` says how it ended");
    else if (item->waits_for)
        refuse(act, "has already left, and what came of it is being found out", NULL);
    else
        refuse(act, "is already leaving", "`sl-queue show` says in a moment what came of it");
}

/* What never left ends here; of what may have arrived nobody knows more than before. */
static int end_records(struct sl_service *service, struct sl_queue_act *act,
                       const struct sl_item *item, int64_t now_ms, struct sl_err *err)
{
    const struct sl_domain *domain = sl_domain_find(item->operation);
    int n;

    if (waits_for(item, "person"))
        return 0;
    if (!item->batch_id)
        return domain->end ? domain->end(service, item, false, "cancelled before it was sent",
                                         now_ms, err)
                           : 0;
    n = sl_messages_all(service->db, item->id, "queued", "cancelled", NULL, now_ms, err);
    act->n_messages = n;
    return n < 0 ? -1 : 0;
}

static int call_off(struct sl_service *service, struct sl_arena *arena, struct sl_queue_act *act,
                    struct sl_err *err)
{
    int64_t now_ms = sl_now_ms();
    struct sl_item item;
    int done;

    if (find_item(service, arena, act, &item, err) < 0)
        return -1;
    done = sl_queue_cancel(service->db, item.id, now_ms, err);
    if (done < 0)
        return -1;
    if (done == 0) {
        refuse_cancel(act, &item);
        return 0;
    }
    if (end_records(service, act, &item, now_ms, err) < 0 ||
        (item.batch_id && sl_batches_finish(service->db, item.batch_id, now_ms, err) < 0))
        return -1;
    return record(service, &item, "queue.cancel", "cancelled", err);
}

int sl_queue_act_cancel(struct sl_service *service, struct sl_arena *arena,
                        struct sl_queue_act *act, struct sl_err *err)
{
    SL_AUTO(sl_tx_end) struct sl_tx tx = { 0 };

    if (sl_tx_begin(&tx, service->db, err) < 0 || call_off(service, arena, act, err) < 0)
        return -1;
    return act->refused ? 0 : sl_tx_commit(&tx, err);
}
