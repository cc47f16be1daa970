/* When a provider of messages cannot be used the school's next one is: what is left of a batch goes to
 * the first in the school's order that lets it go. A row of another provider is handed over when it is
 * claimed. Payments are no batches, and never go elsewhere by themselves. */
#include <string.h>

#include "lib/service/engine_private.h"
#include "lib/service/enqueue.h"

enum { MOST_RANKED = 8, LATER_MS = 60000 };

/* ---- Which provider ------------------------------------------------------------------------- */

/* Whether it may be used now. Returns 1, 0 or -1. */
static int lets_go(struct engine *engine, const struct sl_config_row *row, const char *operation,
                   struct sl_err *err)
{
    struct sl_gate_state gate;
    struct sl_account_limits none = { 0 };
    struct slot *slot;

    if (engine_slot(engine,
                    (struct owner){ .school_id = row->school_id, .provider_id = row->provider_id },
                    &slot, err) < 0)
        return err->code == SL_ERR_CONFIG || err->code == SL_ERR_DATA ? 0 : -1;
    if (!sl_adapter_op(slot->account.adapter, operation))
        return 0;
    if (sl_accounts_gate(engine->service->db, slot->account.account, engine->runner, &none,
                         &engine->now, &gate, err) < 0)
        return -1;
    return gate.gate == SL_GATE_OPEN;
}

static const char *operation_of(const struct slot *slot)
{
    switch (slot->account.adapter->category) {
    case SL_SMS: return "sms.send";
    case SL_EMAIL: return "email.send";
    case SL_PUSH: return "push.send";
    case SL_WHATSAPP:
    case SL_PAYMENT:
    case SL_STORAGE:
    case SL_LMS: break;
    }
    return NULL;
}

int failover_batch(struct engine *engine, const struct sl_source *source, const struct slot *slot,
                   struct sl_err *err)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    struct sl_config_row rows[MOST_RANKED];
    const char *operation = operation_of(slot);
    const char *category = sl_category_names[slot->account.adapter->category];
    int64_t school_id = source->school_id, provider_id = slot->account.provider_id;
    int n;

    if (!operation || !source->batch_id)
        return 0;
    n = sl_configs_ranked(engine->service->db, arena, school_id, category, rows, MOST_RANKED, err);
    for (int i = 0; i < n; i++) {
        int good =
            rows[i].provider_id == provider_id ? 0 : lets_go(engine, &rows[i], operation, err);

        if (good < 0)
            return -1;
        if (good > 0)
            return sl_batches_move(engine->service->db, source->batch_id, rows[i].provider_id,
                                   sl_now_ms(), err);
    }
    return n < 0 ? -1 : 0;
}

/* ---- Handing over ----------------------------------------------------------------------------- */

/* What one is waited for at the first provider stays with it. */
static int is_waited_for(struct engine *engine, const struct sl_item *item, struct sl_err *err)
{
    int64_t unknown;

    if (sl_messages_with(engine->service->db, item->id, "unknown", &unknown, err) < 0)
        return -1;
    return unknown > 0;
}

int failover_hand_over(struct engine *engine, struct sl_arena *arena, const struct slot *slot,
                       struct sl_item *item, struct sl_err *err)
{
    const struct sl_op *op = sl_adapter_op(slot->account.adapter, item->operation);
    size_t size = slot->account.limits.batch_size > 0 ? (size_t)slot->account.limits.batch_size : 1;
    struct sl_message *messages;
    int waited_for = is_waited_for(engine, item, err), n;

    if (waited_for < 0)
        return -1;
    if (waited_for || !op)
        return sl_queue_release(engine->service->db, item->id, engine->runner,
                                sl_now_ms() + LATER_MS, err) < 0
                   ? -1
                   : 0;
    n = sl_messages_of_row(engine->service->db, arena, item->id, "queued", &messages, err);
    item->provider_id = slot->account.provider_id;
    item->account = slot->account.account;
    if (n < 0 || sl_enqueue_again(engine->service, arena, op, item, err) < 0)
        return -1;
    for (size_t i = size; i < (size_t)n; i += size)
        if (split_off(engine, op, item, messages + i, (size_t)n - i < size ? (size_t)n - i : size,
                      err) < 0)
            return -1;
    return 1;
}
