#include "lib/service/once.h"

#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/json.h"
#include "lib/service/enqueue.h"
#include "lib/service/ids.h"

enum { QUESTION_MS = 10 * 60 * 1000 };

int sl_once_put(struct sl_service *service, struct sl_arena *arena, const struct sl_once *once,
                struct sl_item *item, struct sl_err *err)
{
    const struct sl_op *op = sl_adapter_op(once->account->adapter, once->operation);
    const struct sl_account *account = once->account;
    char *public_id = SL_NEW(arena, char, SL_ULID_SIZE);
    int64_t now_ms = sl_now_ms();

    if (!op)
        return sl_err_set(err, SL_ERR_CONFIG, "%s does no %s", account->adapter->name,
                          once->operation);
    sl_ulid(now_ms, public_id);
    *item = (struct sl_item){
        .school_id = once->school->id,
        .provider_id = account->provider_id,
        .operation = op->name,
        .payload = once->payload,
        .public_id = public_id,
        .account = account->account,
        .lane = once->lane,
        .max_attempts = once->must_be_done ? 0 : 2,
        .expires_at = once->must_be_done ? 0 : now_ms + QUESTION_MS,
    };
    if (sl_accounts_ensure(service->db, account->account, account->provider_id, err) < 0 ||
        sl_enqueue(service, op, item, now_ms, err) < 0)
        return -1;
    return once->recorded ? once->recorded(service, item, once->engine.opaque, err) : 0;
}

static int record(struct sl_service *service, struct sl_arena *arena, const struct sl_once *once,
                  struct sl_item *item, struct sl_err *err)
{
    SL_AUTO(sl_tx_end) struct sl_tx tx = { 0 };

    if (sl_tx_begin(&tx, service->db, err) < 0 || sl_once_put(service, arena, once, item, err) < 0)
        return -1;
    return sl_tx_commit(&tx, err);
}

static bool is(const struct sl_item *item, const char *status)
{
    return strcmp(item->status, status) == 0;
}

static const char *last_error(struct sl_arena *arena, const struct sl_item *item)
{
    SL_AUTO(sl_json_free)
    struct json_object *log =
        item->error_log ? sl_json_parse(item->error_log, strlen(item->error_log)) : NULL;
    size_t n = sl_json_length(log);
    struct json_object *last = n ? json_object_array_get_idx(log, n - 1) : NULL;

    return last ? sl_arena_strdup(arena, sl_json_text(last, "error")) : NULL;
}

/* Where nothing has said why. */
static const char *const unsaid[] = {
    [SL_ONCE_FAILED] = "it was cancelled",
    [SL_ONCE_LEFT] = "it could not be done now",
    [SL_ONCE_UNKNOWN] = "no answer has come yet",
};

/* `counts` tells what the row itself does not: what keeps it from being sent. */
static void judge(struct sl_arena *arena, const struct sl_engine_counts *counts,
                  struct sl_once_end *end)
{
    const struct sl_item *item = &end->item;

    if (is(item, "completed")) {
        end->how = SL_ONCE_DONE;
        return;
    }
    end->error = last_error(arena, item);
    end->how = is(item, "processing") ? SL_ONCE_UNKNOWN : SL_ONCE_FAILED;
    if (is(item, "pending")) {
        end->how = SL_ONCE_LEFT;
        end->error = counts->waiting ? counts->waiting : end->error;
    }
    if (!end->error)
        end->error = unsaid[end->how];
    if (counts->refused) {
        end->how = SL_ONCE_REFUSED;
        end->error = sl_arena_strdup(arena, counts->refused);
    }
}

static int look(struct sl_service *service, struct sl_arena *arena, int64_t id,
                const struct sl_engine_counts *counts, struct sl_once_end *end, struct sl_err *err)
{
    int found;

    *end = (struct sl_once_end){ 0 };
    found = sl_queue_get(service->db, arena, id, &end->item, err);
    if (found == 0)
        return sl_err_set(err, SL_ERR_INTERNAL, "row %lld of the queue is gone", (long long)id);
    if (found < 0)
        return -1;
    judge(arena, counts, end);
    return 0;
}

int sl_once_look(struct sl_service *service, struct sl_arena *arena, int64_t id,
                 struct sl_once_end *end, struct sl_err *err)
{
    return look(service, arena, id, &(struct sl_engine_counts){ 0 }, end, err);
}

int sl_once_work(struct sl_service *service, struct sl_arena *arena, int64_t id,
                 const struct sl_engine_options *engine, struct sl_once_end *end,
                 struct sl_err *err)
{
    struct sl_engine_options options = *engine;
    struct sl_engine_counts counts;

    options.filter = (struct sl_work_filter){ .item_id = id };
    if (sl_engine_run(service, &options, &counts, err) < 0)
        return -1;
    return look(service, arena, id, &counts, end, err);
}

/* One whose attempts are used up was not answered; one that was refused has some left. */
static bool is_used_up(const struct sl_once_end *end)
{
    return end->how == SL_ONCE_FAILED && is(&end->item, "failed") &&
           end->item.attempts >= end->item.max_attempts;
}

int sl_once_run(struct sl_service *service, struct sl_arena *arena, const struct sl_once *once,
                struct sl_once_end *end, struct sl_err *err)
{
    struct sl_item item;

    if (record(service, arena, once, &item, err) < 0 ||
        sl_once_work(service, arena, item.id, &once->engine, end, err) < 0)
        return -1;
    if (!once->must_be_done && is_used_up(end))
        end->how = SL_ONCE_LEFT;
    if (!once->must_be_done && is(&end->item, "pending") &&
        sl_queue_cancel(service->db, item.id, sl_now_ms(), err) < 0)
        return -1;
    return 0;
}

int sl_once_error(const struct sl_once *once, const struct sl_once_end *end, struct sl_err *err)
{
    const char *name = once->account->adapter->name;

    switch (end->how) {
    case SL_ONCE_DONE: return 0;
    case SL_ONCE_FAILED: return sl_err_set(err, SL_ERR_DATA, "%s: %s", name, end->error);
    case SL_ONCE_REFUSED: return sl_err_set(err, SL_ERR_AUTH, "%s: %s", name, end->error);
    case SL_ONCE_UNKNOWN:
        return sl_err_set(err, SL_ERR_QUEUED, "%s: nobody knows whether it was done: %s", name,
                          end->error);
    case SL_ONCE_LEFT: break;
    }
    if (!once->must_be_done)
        return sl_err_set(err, SL_ERR_UNAVAILABLE, "%s: %s", name, end->error);
    (void)sl_err_set(err, SL_ERR_QUEUED, "%s: not done yet: %s", name, end->error);
    return sl_err_hint(err, "the timer goes on with it: `sl-queue show %s`", end->item.public_id);
}
