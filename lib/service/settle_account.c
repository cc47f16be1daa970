/* What answers say of the account: whether it is held, and what its breaker is told. */
#include <inttypes.h>

#include "lib/service/engine_private.h"
#include "lib/service/tell.h"
#include "lib/store/facts.h"

/* What holds for everybody on the account, unless the item alone is meant; NULL: nothing does. */
const struct sl_outcome *settle_hold_of(const struct sl_job *job)
{
    for (size_t i = 0; i < job->result.n_items; i++) {
        const struct sl_outcome *item = &job->result.items[i];

        if ((item->verdict == SL_RATE_LIMITED || item->verdict == SL_RETRY) &&
            item->concerns != SL_ITEM)
            return item;
    }
    return NULL;
}

/* "No money" is a person's to cure, "too many" only takes time. */
bool settle_is_curable(const struct sl_outcome *hold)
{
    return hold->verdict == SL_RETRY;
}

int settle_hold(struct engine *engine, const struct sl_job *job, struct sl_err *err)
{
    const struct sl_outcome *hold = settle_hold_of(job);

    if (!hold)
        return 0;
    engine->held = true;
    return sl_accounts_hold(engine->service->db, job->account->account,
                            hold->after_ms > 0 ? hold->after_ms : SETTLE_RATE_LIMITED_MS,
                            settle_is_curable(hold) ? sl_outcome_text(job->arena, hold) : NULL,
                            &engine->now, err);
}

void settle_judge(struct engine *engine, const struct sl_job *job)
{
    const struct sl_exchange *exchange = &job->sent.exchange;
    struct slot *slot = engine_slot_of(engine, job);
    const struct sl_outcome *first = &job->result.items[0];

    if (exchange->reach != SL_ANSWERED || first->verdict == SL_AMBIGUOUS ||
        (first->verdict == SL_RETRY && exchange->status == 503)) {
        slot->n_failed++;
        slot->failure = exchange->transport ? exchange->transport : first->text;
        return;
    }
    slot->succeeded = true;
    slot->accepted = slot->accepted || first->verdict != SL_AUTH;
    slot->n_failed = 0;
    if (first->verdict == SL_OK)
        slot->renewed_after_refusal = false;
}

int settle_clock(struct engine *engine, const struct sl_job *job, struct sl_err *err)
{
    struct slot *slot = engine_slot_of(engine, job);
    const char *account = job->account->account;
    int64_t ahead_ms = job->sent.ahead_ms;
    bool off = ahead_ms > SL_SET_BACK_MS || ahead_ms < -SL_SET_BACK_MS;

    if (!job->sent.dated || !job->account->provider_id ||
        (slot->clock_told && slot->clock_off == off))
        return 0;
    slot->clock_told = true;
    slot->clock_off = off;
    if (!off)
        return sl_facts_forget(engine->service->db, account, SL_FACT_CLOCK, "", err);
    return sl_facts_put(engine->service->db, account, SL_FACT_CLOCK, "",
                        sl_arena_printf(job->arena, "%" PRId64, ahead_ms / 1000), 0, err);
}

int settle_trouble(struct engine *engine, const struct slot *slot, const char *event,
                   const char *why, struct sl_err *err)
{
    const struct sl_tell_provider about = { slot->account.account, slot->account.adapter->code };

    return sl_tell_trouble(engine->service, &about, event, why, sl_now_ms(), err);
}

static int settle_account(struct engine *engine, struct slot *slot, struct sl_err *err)
{
    const struct sl_tell_provider about = { slot->account.account, slot->account.adapter->code };
    struct sl_db *db = engine->service->db;
    int opened;

    if (slot->succeeded && sl_accounts_succeeded(db, about.account, err) < 0)
        return -1;
    if (slot->accepted && sl_tell_recovered(engine->service, &about, sl_now_ms(), err) < 0)
        return -1;
    for (; slot->n_failed > 0; slot->n_failed--) {
        opened = sl_accounts_failed(db, about.account, &engine->now, err);
        if (opened < 0 ||
            (opened > 0 && settle_trouble(engine, slot, "provider.down", slot->failure, err) < 0))
            return -1;
    }
    slot->succeeded = slot->accepted = false;
    slot->failure = NULL;
    return 0;
}

int settle_accounts(struct engine *engine, struct sl_err *err)
{
    for (struct slot *slot = engine->slots; slot; slot = slot->next)
        if (settle_account(engine, slot, err) < 0)
            return -1;
    return 0;
}
