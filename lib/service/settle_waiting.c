/* Rows that nobody has: those of dead runners, and those that wait for a callback or a query. */
#include <string.h>

#include "lib/service/asks.h"
#include "lib/service/engine_private.h"
#include "lib/service/enqueue.h"
#include "lib/service/hooks.h"
#include "lib/store/runners.h"

enum { MOST_ORPHANS = 64, MOST_WAITING = 64 };

/* What a row's adapter says of its operation. Returns 1, 0 if there is no such adapter, operation
 * or step any more, or -1. */
static int find_op(struct engine *engine, const struct sl_item *item,
                   const struct sl_adapter **adapter, const struct sl_op **op, struct sl_err *err)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    struct sl_provider provider;
    int found = 1;

    *adapter = sl_hook_adapter("url");
    if (item->provider_id) {
        found = sl_providers_get(engine->service->db, arena, item->provider_id, &provider, err);
        *adapter = found > 0 ? sl_adapter_find(provider.code) : NULL;
    }
    if (found < 0)
        return -1;
    *op = *adapter ? sl_adapter_op(*adapter, item->operation) : NULL;
    return *op && (size_t)item->step < (*op)->n_steps;
}

/* ---- Rows of dead runners ------------------------------------------------------------------- */

static const char lost[] = "the program that sent it ended before an answer was stored";

/* It may have left: the answer is lost, and the adapter's policy decides, like after a
 * connection that broke. */
static int settle_orphan(struct engine *engine, const struct sl_item *item, struct sl_err *err)
{
    const struct sl_adapter *adapter;
    const struct sl_domain *domain = sl_domain_find(item->operation);
    struct sl_settlement settlement = {
        .status = "processing", .waits_for = "person", .error = lost, .step = item->step
    };
    const struct sl_op *op;
    int found = find_op(engine, item, &adapter, &op, err);

    if (found < 0)
        return -1;
    if (found > 0) {
        const struct sl_job job = { .item = *item,
                                    .op = op,
                                    .step = &op->steps[item->step],
                                    .marked_ms = item->last_attempt_at };

        settle_plan_unknown(&job, item->attempts, &settlement);
    }
    if (!domain->end && strcmp(settlement.status, "pending") != 0) /* nobody's record hangs on it */
        settlement =
            (struct sl_settlement){ .status = "failed", .error = lost, .step = item->step };
    if (domain->end && strcmp(settlement.status, "pending") != 0 &&
        domain->end(engine->service, item, true, lost, sl_now_ms(), err) < 0)
        return -1;
    engine->counts->unknown++;
    return sl_queue_settle(engine->service->db, item, engine->runner, &settlement, sl_now_ms(),
                           err) < 0
               ? -1
               : 0;
}

int settle_orphans(struct engine *engine, struct sl_err *err)
{
    SL_AUTO(sl_tx_end) struct sl_tx tx = { 0 };
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    struct sl_item *items = SL_NEW(arena, struct sl_item, MOST_ORPHANS);
    int n;

    if (sl_tx_begin(&tx, engine->service->db, err) < 0 ||
        sl_runners_reap(engine->service->db, &engine->now, err) < 0)
        return -1;
    n = sl_queue_orphans(engine->service->db, arena, engine->runner, &engine->now, MOST_ORPHANS,
                         items, err);
    for (int i = 0; i < n; i++)
        if (settle_orphan(engine, &items[i], err) < 0)
            return -1;
    if (n < 0 || sl_tx_commit(&tx, err) < 0)
        return -1;
    return n;
}

/* ---- Rows that wait ------------------------------------------------------------------------- */

/* Asks about a row: another row, urgent, one at a time. What has no record of its own, as messages
 * have none, is asked about by its row. */
static int ask(struct engine *engine, const struct sl_item *item, const struct sl_adapter *adapter,
               const struct sl_settle *settle, struct sl_err *err)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    const int64_t subject_id = item->subject_id ? item->subject_id : item->id;
    struct sl_item query = {
        .school_id = item->school_id,
        .provider_id = item->provider_id,
        .operation = settle->query,
        .payload = "{}",
        .public_id = item->public_id,
        .account = item->account,
        .subject_id = subject_id,
        .max_attempts = 3,
        .dedupe_key = sl_arena_printf(arena, "%s:%lld", settle->query, (long long)subject_id),
    };
    int64_t now_ms = sl_now_ms(),
            next = sl_asks_time(settle, item->asks + 1, item->last_attempt_at);
    const struct sl_op *op = sl_adapter_op(adapter, settle->query);

    if (next <= now_ms)
        next = now_ms + 60000;
    if (sl_enqueue(engine->service, op, &query, now_ms, err) < 0)
        return -1;
    return sl_queue_wait_on(engine->service->db, item->id, item->waits_for, next, 1, err) < 0 ? -1
                                                                                              : 0;
}

/* Once, and only here: what a query told of absence waits until the row's patience is over. Returns
 * 1, 0 or -1. */
static int may_resend(struct engine *engine, const struct sl_item *item,
                      const struct sl_settle *settle, struct sl_err *err)
{
    const struct sl_domain *domain = sl_domain_find(item->operation);

    if (item->attempts >= 2 || settle->last == SL_HOLD)
        return 0;
    if (settle->last == SL_RESEND || settle->last == SL_RESEND_ONCE)
        return 1;
    return domain->absent ? domain->absent(engine->service, item, err) : 0;
}

/* Nothing came and there is nothing left to ask: to be sent again if that does no harm, else
 * a person's. */
static int give_up(struct engine *engine, const struct sl_item *item,
                   const struct sl_settle *settle, struct sl_err *err)
{
    static const char why[] = "no answer came in time";
    const struct sl_domain *domain = sl_domain_find(item->operation);
    int again = may_resend(engine, item, settle, err);

    if (again < 0)
        return -1;
    if (again > 0) {
        if (domain->resend && domain->resend(engine->service, item, sl_now_ms(), err) < 0)
            return -1;
        return sl_queue_resend(engine->service->db, item->id, sl_now_ms(), err) < 0 ? -1 : 0;
    }
    if (!domain->end) /* nobody's record hangs on it */
        return sl_queue_end(engine->service->db, item->id, "failed", why, NULL, sl_now_ms(), err) <
                       0
                   ? -1
                   : 0;
    if (domain->end(engine->service, item, true, why, sl_now_ms(), err) < 0)
        return -1;
    return sl_queue_wait_on(engine->service->db, item->id, "person", 0, 0, err) < 0 ? -1 : 0;
}

/* What came of it is known: nothing is waited for any more. */
static int end_known(struct engine *engine, const struct sl_item *item, struct sl_err *err)
{
    return sl_queue_end(engine->service->db, item->id, "completed", NULL, NULL, sl_now_ms(), err) <
                   0
               ? -1
               : 0;
}

/* What was lost, and heard of meanwhile, is asked about like what was accepted. */
static const struct sl_settle *settle_of(const struct sl_item *item, const struct sl_op *op,
                                         enum sl_heard_of heard)
{
    return item->accepted || heard == SL_HEARD_OF ? &op->accepted
                                                  : &op->steps[item->step].ambiguous;
}

static int go_on_waiting(struct engine *engine, const struct sl_item *item, struct sl_err *err)
{
    const struct sl_domain *domain = sl_domain_find(item->operation);
    enum sl_heard_of heard = SL_HEARD_NOTHING;
    const struct sl_settle *settle;
    const struct sl_adapter *adapter;
    const struct sl_op *op;
    int found = find_op(engine, item, &adapter, &op, err);

    if (found < 0 || (domain->heard && domain->heard(engine->service, item, &heard, err) < 0))
        return -1;
    if (heard == SL_HEARD_ALL)
        return end_known(engine, item, err);
    if (found == 0 || heard == SL_HEARD_IN_DOUBT)
        return sl_queue_wait_on(engine->service->db, item->id, "person", 0, 0, err) < 0 ? -1 : 0;
    settle = settle_of(item, op, heard);
    if (settle->query &&
        (settle->until_s == 0 || sl_now_ms() < item->last_attempt_at + settle->until_s * 1000LL))
        return ask(engine, item, adapter, settle, err);
    return give_up(engine, item, settle, err);
}

int settle_waiting(struct engine *engine, struct sl_err *err)
{
    SL_AUTO(sl_tx_end) struct sl_tx tx = { 0 };
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    struct sl_item *items = SL_NEW(arena, struct sl_item, MOST_WAITING);
    int n;

    if (sl_tx_begin(&tx, engine->service->db, err) < 0)
        return -1;
    n = sl_queue_waiting(engine->service->db, arena, engine->options->filter.school_id, sl_now_ms(),
                         MOST_WAITING, items, err);
    for (int i = 0; i < n; i++)
        if (go_on_waiting(engine, &items[i], err) < 0)
            return -1;
    if (n < 0 || sl_tx_commit(&tx, err) < 0)
        return -1;
    return n;
}
