/* The runner's lease: kept, or lost with all that was held. */
#include "lib/service/engine_private.h"
#include "lib/store/runners.h"

int engine_start_lease(struct engine *engine, struct sl_err *err)
{
    engine_clock(engine);
    engine->lease_until_ms = engine->now.ms + engine->lease_ms;
    return sl_runners_start(engine->service->db, engine->options->program, &engine->now,
                            sl_now_ms(), engine->lease_ms, &engine->runner, err);
}

/* It slept past its lease: what it held is another's by now. It drops everything without a
 * word, and goes on as a new runner; what was in flight is settled like any dead runner's. */
int engine_start_anew(struct engine *engine, struct sl_err *err)
{
    sl_transfer_drop(engine->transfer);
    programs_stop(engine);
    engine_forget_jobs(engine, &engine->ready);
    engine_forget_jobs(engine, &engine->over);
    for (struct slot *slot = engine->slots; slot; slot = slot->next) {
        engine_forget_jobs(engine, &slot->waiting);
        slot->grant = NULL;
        slot->n_flying = slot->n_users = 0;
        slot->stale = true;
    }
    engine->n_flying = 0;
    return engine_start_lease(engine, err);
}

bool engine_lease_is_over(const struct engine *engine)
{
    return engine->lease_until_ms - engine->now.ms < engine->lease_ms / 6;
}

/* With the write lock held: waiting for it takes time too, and a lease that ended meanwhile may be
 * another's already. 1 it is renewed, 0 it was over, or -1. */
static int renew(struct engine *engine, struct sl_err *err)
{
    SL_AUTO(sl_tx_end) struct sl_tx tx = { 0 };
    int kept;

    if (sl_tx_begin(&tx, engine->service->db, err) < 0)
        return -1;
    engine_clock(engine);
    if (engine_lease_is_over(engine))
        return 0;
    kept =
        sl_runners_renew(engine->service->db, engine->runner, &engine->now, engine->lease_ms, err);
    if (kept <= 0 || sl_tx_commit(&tx, err) < 0)
        return kept == 0 ? 0 : -1;
    engine->lease_until_ms = engine->now.ms + engine->lease_ms;
    return 1;
}

int engine_keep_lease(struct engine *engine, struct sl_err *err)
{
    int kept = 0;

    engine_clock(engine);
    if (engine->lease_until_ms - engine->now.ms > engine->lease_ms * 2 / 3)
        return 1;
    if (!engine_lease_is_over(engine))
        kept = renew(engine, err);
    if (kept != 0)
        return kept;
    return engine_start_anew(engine, err) < 0 ? -1 : 0;
}
