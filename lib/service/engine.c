/* The loop of the engine, and the one transaction in which everything is written. */
#include "lib/service/engine.h"

#include <string.h>

#include "lib/service/engine_private.h"
#include "lib/store/runners.h"

enum {
    CONNECTIONS = 16,
    MOST_OVER = 500,      /* answers that are stored together … */
    OLDEST_OVER_MS = 50,  /* … and how long the first of them may wait */
    CLAIM_AGAIN_MS = 200, /* after a claim that found nothing, while others are in flight */
    REBASE_MS = 60000,    /* whether the wall clock was set back */
};

void engine_clock(struct engine *engine)
{
    engine->now.ms = sl_boot_ms();
}

/* ---- One transaction for all of it ---------------------------------------------------------- */

static bool over_is_due(const struct engine *engine)
{
    const struct queue *over = &engine->over;

    if (over->n == 0)
        return false;
    return over->n >= MOST_OVER || engine->n_flying == 0 || over->n * 2 >= engine->n_flying ||
           strcmp(over->head->item.lane, "urgent") == 0 ||
           sl_boot_ms() - engine->oldest_over_ms >= OLDEST_OVER_MS;
}

static bool ready_can_start(const struct engine *engine)
{
    for (const struct sl_job *job = engine->ready.head; job; job = job->next)
        if (engine_has_room(engine, job, 0))
            return true;
    return false;
}

/* What waits for room at its own account keeps nobody else's rows from being claimed. */
static bool ready_is_full(const struct engine *engine)
{
    size_t n = 0;

    for (const struct sl_job *job = engine->ready.head; job; job = job->next)
        n += engine_account_has_room(engine, job);
    return n >= engine->connections;
}

static bool wants_claim(const struct engine *engine)
{
    return engine_may_claim(engine) && !ready_is_full(engine) &&
           engine->now.ms >= engine->next_claim_ms;
}

/* Those that a new connection may cure are marked already, and leave again. */
static int settle_over(struct engine *engine, struct queue *marked, struct sl_err *err)
{
    for (size_t left = engine->over.n; left > 0; left--) {
        struct sl_job *job = queue_take(&engine->over);
        int again = settle_job(engine, job, err);

        queue_put(again > 0 ? marked : &engine->over, job);
        if (again < 0)
            return -1;
        if (again > 0)
            engine_slot_of(engine, job)->n_flying++;
    }
    return settle_accounts(engine, err);
}

/* The lease is looked at once more before the first byte: a process that was stopped between
 * commit and here sends nothing, and what it marked is settled like any dead runner's. */
static int start_marked(struct engine *engine, struct queue *marked, struct sl_err *err)
{
    struct sl_job *job;

    engine_clock(engine);
    if (engine_lease_is_over(engine)) {
        engine_forget_jobs(engine, marked);
        return engine_start_anew(engine, err);
    }
    while ((job = queue_take(marked)) != NULL)
        if (engine_send(engine, job, err) < 0)
            return -1;
    return 0;
}

/* What came of it is stored, what can start is marked, and more is claimed: one commit. Only
 * when that is durable does anything leave. */
static int transact(struct engine *engine, bool *worked, struct sl_err *err)
{
    SL_AUTO(sl_tx_end) struct sl_tx tx = { 0 };
    SL_AUTO(sl_arena_free) struct sl_arena *arena = NULL;
    struct queue marked;
    struct sl_item *items = NULL;
    int n = 0;

    queue_init(&marked);
    arena = sl_arena_new();
    if (sl_tx_begin(&tx, engine->service->db, err) < 0)
        return -1;
    engine_clock(engine);
    if (engine_lease_is_over(engine)) { /* the wait for the lock was too long */
        sl_tx_end(&tx);
        return engine_start_anew(engine, err);
    }
    if (settle_over(engine, &marked, err) < 0 || engine_mark_ready(engine, &marked, err) < 0)
        return -1;
    if (wants_claim(engine)) {
        engine->next_claim_ms = engine->now.ms + CLAIM_AGAIN_MS;
        n = engine_claim(engine, arena, &items, err);
        if (n > 0)
            engine->next_claim_ms = 0;
    }
    if (n < 0 || sl_tx_commit(&tx, err) < 0)
        return -1;
    *worked = engine->over.n > 0 || marked.n > 0 || n > 0;
    engine_forget_jobs(engine, &engine->over);
    if (start_marked(engine, &marked, err) < 0)
        return -1;
    for (int i = 0; i < n && !engine_lease_is_over(engine); i++)
        if (engine_prepare(engine, &items[i], err) < 0)
            return -1;
    return 0;
}

/* ---- The loop ------------------------------------------------------------------------------- */

static bool idle(const struct engine *engine)
{
    if (engine->n_flying > 0 || engine->ready.n > 0 || engine->over.n > 0)
        return false;
    for (const struct slot *slot = engine->slots; slot; slot = slot->next)
        if (slot->waiting.n > 0 || slot->asked)
            return false;
    return true;
}

/* At the beginning and every minute: the queue's times are those of the wall clock. */
static int rebase(struct engine *engine, struct sl_err *err)
{
    if (engine->now.ms < engine->next_rebase_ms)
        return 0;
    engine->next_rebase_ms = engine->now.ms + REBASE_MS;
    return sl_queue_rebase(engine->service->db, sl_now_ms(), err);
}

/* What nobody else would do: rows of the dead, rows whose wait is over, callbacks that were
 * stored and not applied. */
static int maintain(struct engine *engine, struct sl_err *err)
{
    const struct sl_work_filter *filter = &engine->options->filter;

    if (engine->now.ms < engine->next_maintain_ms)
        return 0;
    engine->next_maintain_ms = engine->now.ms + ENGINE_TICK_MS;
    if (rebase(engine, err) < 0 || settle_orphans(engine, err) < 0)
        return -1;
    if (filter->batch_id || filter->item_id)
        return 0;
    if (settle_waiting(engine, err) < 0)
        return -1;
    if (!filter->school_id && engine->options->maintain &&
        engine->options->maintain(engine->service, err) < 0)
        return -1;
    return 0;
}

/* Whether to stay though nothing is under way: somebody watches, or something is due soon. */
static int stay(struct engine *engine, bool *staying, struct sl_err *err)
{
    int64_t wait_ms = *engine->counts->unreached ? 0 : engine->options->patience_ms, at_ms;

    *staying = false;
    if (!engine_may_claim(engine))
        return 0;
    if (sl_queue_next_due(engine->service->db, &engine->options->filter, &at_ms, err) < 0)
        return -1;
    engine->counts->next_due_at = at_ms;
    *staying = engine->options->watch ||
               (at_ms > 0 && at_ms <= sl_now_ms() + wait_ms &&
                engine->soonest_ms <= (wait_ms > ENGINE_TICK_MS ? wait_ms : ENGINE_TICK_MS));
    return 0;
}

static int64_t pause_ms(const struct engine *engine)
{
    int64_t pause = ENGINE_TICK_MS;

    if (pause > engine->lease_ms / 6) /* a short lease is renewed more often */
        pause = engine->lease_ms / 6;
    if (engine->over.n > 0 && pause > OLDEST_OVER_MS)
        pause = OLDEST_OVER_MS;
    for (const struct slot *slot = engine->slots; slot; slot = slot->next)
        if ((slot->waiting.n > 0 || slot->asked) && !slot->grant && pause > CLAIM_AGAIN_MS / 4)
            pause = CLAIM_AGAIN_MS / 4;
    if (engine_may_claim(engine) && engine->next_claim_ms - engine->now.ms < pause)
        pause = engine->next_claim_ms - engine->now.ms;
    if (engine->options->for_ms > 0 &&
        engine->started_ms + engine->options->for_ms - engine->now.ms < pause)
        pause = engine->started_ms + engine->options->for_ms - engine->now.ms;
    return pause > 0 ? pause : 1;
}

static int work(struct engine *engine, bool *worked, struct sl_err *err)
{
    *worked = false;
    if (engine_keep_lease(engine, err) < 0 || maintain(engine, err) < 0 ||
        grant_work(engine, err) < 0)
        return -1;
    if ((over_is_due(engine) || ready_can_start(engine) || wants_claim(engine)) &&
        transact(engine, worked, err) < 0)
        return -1;
    if (engine->options->progress)
        engine->options->progress(engine->options->opaque, engine->counts);
    return 0;
}

/* Waits for answers, and goes on for as long as more are at hand: they share a commit. */
static int hear(struct engine *engine, int64_t most_ms, struct sl_err *err)
{
    size_t flying;

    do {
        flying = engine->n_flying;
        sl_transfer_wait(engine->transfer, most_ms);
        engine_clock(engine);
        if (engine_lease_is_over(engine)) /* it comes before anything that was answered */
            return 0;
        if (engine_collect(engine, err) < 0)
            return -1;
        most_ms = 0;
    } while (engine->n_flying > 0 && engine->n_flying < flying && engine->over.n < MOST_OVER);
    return 0;
}

static int loop(struct engine *engine, struct sl_err *err)
{
    bool worked, staying;

    for (;;) {
        if (work(engine, &worked, err) < 0)
            return -1;
        if (!worked && idle(engine)) {
            if (stay(engine, &staying, err) < 0)
                return -1;
            if (!staying)
                return 0;
        }
        if (hear(engine, worked ? 0 : pause_ms(engine), err) < 0)
            return -1;
        programs_collect(engine);
    }
}

/* ---- From beginning to end ------------------------------------------------------------------ */

static void set_up(struct engine *engine)
{
    queue_init(&engine->ready);
    queue_init(&engine->over);
    engine->connections =
        (size_t)(engine->options->connections > 0 ? engine->options->connections : CONNECTIONS);
    engine->lease_ms = engine->service->settings.lease_seconds * 1000;
    sl_boot_id(engine->now.id);
    engine_clock(engine);
    engine->started_ms = engine->now.ms;
}

int engine_begin(struct engine *engine, struct sl_err *err)
{
    *engine->counts = (struct sl_engine_counts){ 0 };
    set_up(engine);
    if (sl_transfer_open(&engine->transfer, err) < 0)
        return -1;
    sl_transfer_reach(engine->transfer, engine->service->settings.private_networks);
    return engine_start_lease(engine, err);
}

int engine_end(struct engine *engine, struct sl_err *err)
{
    struct sl_err ignored;
    int status = 0;

    if (engine->runner)
        status = sl_runners_stop(engine->service->db, engine->runner, err ? err : &ignored);
    if (engine->transfer)
        sl_transfer_drop(engine->transfer);
    programs_stop(engine);
    engine_forget_jobs(engine, &engine->ready);
    engine_forget_jobs(engine, &engine->over);
    for (struct slot *slot = engine->slots; slot; slot = slot->next)
        engine_forget_jobs(engine, &slot->waiting);
    engine_close_slots(engine);
    sl_transfer_close(&engine->transfer);
    return status;
}

int sl_engine_run(struct sl_service *service, const struct sl_engine_options *options,
                  struct sl_engine_counts *counts, struct sl_err *err)
{
    struct engine engine = { .service = service, .options = options, .counts = counts };

    if (engine_begin(&engine, err) < 0 || loop(&engine, err) < 0 ||
        engine_tell_waiting(&engine, err) < 0) {
        (void)engine_end(&engine, NULL);
        return -1;
    }
    return engine_end(&engine, err);
}
