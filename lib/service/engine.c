#include "lib/service/engine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/service/audit.h"
#include "lib/service/awaited.h"
#include "lib/service/engine_private.h"
#include "lib/service/hooks.h"
#include "lib/store/optouts.h"
#include "lib/store/runners.h"

enum {
    CONNECTIONS = 16,
    CLAIM = 256,         /* rows in one claim, where nothing limits them */
    MOST_OVER = 500,     /* answers that are stored together … */
    OLDEST_OVER_MS = 50, /* … and how long the first of them may wait */
    CONNECT_MS = 30000,
    MOST_ANSWER = 8 << 20,
    TICK_MS = 1000,
    CLAIM_AGAIN_MS = 200, /* after a claim that found nothing, while others are in flight */
    BULK_TURN = 8,        /* one claim in eight is bulk's */
};

void engine_clock(struct engine *engine)
{
    engine->now.ms = sl_boot_ms();
}

void engine_trace(struct engine *engine, int level, const struct sl_job *job, const char *text)
{
    if (engine->options->trace)
        engine->options->trace(engine->options->opaque, level,
                               sl_arena_printf(job->arena, "%s: %s %s", job->account->adapter->name,
                                               job->item.operation, text));
}

/* ---- The lease ------------------------------------------------------------------------- */

static int start_runner(struct engine *engine, struct sl_err *err)
{
    engine_clock(engine);
    engine->lease_until_ms = engine->now.ms + engine->lease_ms;
    return sl_runners_start(engine->service->db, engine->options->program, &engine->now,
                            sl_now_ms(), engine->lease_ms, &engine->runner, err);
}

static void forget_jobs(struct engine *engine, struct queue *queue)
{
    struct sl_job *job;

    while ((job = queue_take(queue)) != NULL)
        engine_free_job(engine, &job);
}

/* It slept past its lease: what it held is another's by now. It drops everything without a
 * word, and goes on as a new runner; what was in flight is settled like any dead runner's. */
static int start_anew(struct engine *engine, struct sl_err *err)
{
    sl_transfer_drop(engine->transfer);
    programs_stop(engine);
    forget_jobs(engine, &engine->ready);
    forget_jobs(engine, &engine->over);
    for (struct slot *slot = engine->slots; slot; slot = slot->next) {
        forget_jobs(engine, &slot->waiting);
        slot->grant = NULL;
        slot->n_flying = slot->n_users = 0;
        slot->stale = true;
    }
    engine->n_flying = 0;
    return start_runner(engine, err);
}

static bool lease_is_over(const struct engine *engine)
{
    return engine->lease_until_ms - engine->now.ms < engine->lease_ms / 6;
}

/* Returns 1 if the lease holds, 0 if it was lost (nothing is held any more), or -1. */
int engine_keep_lease(struct engine *engine, struct sl_err *err)
{
    int64_t left;
    int kept;

    engine_clock(engine);
    left = engine->lease_until_ms - engine->now.ms;
    if (left > engine->lease_ms * 2 / 3)
        return 1;
    if (lease_is_over(engine))
        return start_anew(engine, err) < 0 ? -1 : 0;
    kept =
        sl_runners_renew(engine->service->db, engine->runner, &engine->now, engine->lease_ms, err);
    if (kept < 0)
        return -1;
    if (kept == 0)
        return start_anew(engine, err) < 0 ? -1 : 0;
    engine->lease_until_ms = engine->now.ms + engine->lease_ms;
    return 1;
}

/* ---- Claiming ----------------------------------------------------------------------------- */

static bool stopping(const struct engine *engine)
{
    return engine->options->stop && *engine->options->stop;
}

static bool may_claim(const struct engine *engine)
{
    const struct sl_engine_options *options = engine->options;

    if (stopping(engine))
        return false;
    if (options->for_ms > 0 && engine->now.ms - engine->started_ms >= options->for_ms)
        return false;
    return options->most_items == 0 || engine->counts->claimed < options->most_items;
}

static const char *const gate_words[] = {
    [SL_GATE_OPEN] = NULL,
    [SL_GATE_BLOCKED] = "credentials were refused",
    [SL_GATE_BREAKER] = "the provider failed repeatedly and is left alone for a while",
    [SL_GATE_HOLD] = "the provider asked to wait",
    [SL_GATE_RATE] = "rate limit",
};

/* What a person asks for is sent to find out whether the reason still holds; once that is known,
 * it does not go again. */
static void pass_gate(const struct engine *engine, struct sl_gate_state *gate)
{
    if (!engine->options->in_spite || engine->counts->refused || engine->held)
        return;
    if (gate->gate == SL_GATE_BLOCKED || gate->gate == SL_GATE_BREAKER ||
        gate->gate == SL_GATE_HOLD)
        *gate = (struct sl_gate_state){ .gate = SL_GATE_OPEN, .allowed = 1 };
}

/* Rows are left that are due. */
static void note_gate(struct engine *engine, const struct slot *slot,
                      const struct sl_gate_state *gate)
{
    if (gate->gate == SL_GATE_BLOCKED && !engine->counts->refused)
        engine->counts->refused = gate_words[gate->gate];
    engine->counts->waiting = gate_words[gate->gate];
    (void)snprintf(engine->waiting, sizeof engine->waiting, "%s", slot->account.account);
    if (gate->wait_ms > 0 && engine->now.ms + gate->wait_ms < engine->next_claim_ms)
        engine->next_claim_ms = engine->now.ms + gate->wait_ms;
}

/* How many rows of a source may be claimed now: what its account lets go, and no more of
 * what is limited than can start at once. */
static int64_t claim_size(struct engine *engine, const struct slot *slot,
                          const struct sl_gate_state *gate)
{
    int64_t n = CLAIM, most = engine->options->most_items;
    int64_t in_flight = slot->account.limits.max_in_flight;

    if (gate->allowed < n)
        n = gate->allowed;
    if (in_flight > 0 && in_flight - (int64_t)slot->n_users + CLAIM / 4 < n)
        n = in_flight - (int64_t)slot->n_users + CLAIM / 4;
    if (most > 0 && most - engine->counts->claimed < n)
        n = most - engine->counts->claimed;
    return n < 0 ? 0 : n;
}

static int open_source(struct engine *engine, const struct sl_source *source, struct slot **slot,
                       struct sl_err *err)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    struct owner owner = { source->school_id, source->provider_id, 0 };
    struct sl_item item;

    if (owner.provider_id == 0) { /* any row of it tells: one account has one provider */
        int found = sl_queue_peek(engine->service->db, arena, source, &item, err);

        if (found <= 0)
            return found;
        owner.provider_id = item.provider_id;
        owner.hook_id = item.provider_id ? 0 : sl_hook_id(item.account);
    }
    return engine_slot(engine, owner, slot, err) < 0 ? -1 : 1;
}

/* Those of a batch that went to another provider are handed over now. */
static int claim_rows(struct engine *engine, struct sl_arena *arena, const struct sl_source *source,
                      const struct slot *slot, size_t most, struct sl_item *items,
                      struct sl_err *err)
{
    int n = sl_queue_claim(engine->service->db, arena, source, &engine->options->filter,
                           engine->runner, sl_now_ms(), most, items, err);
    int kept = 0;

    for (int i = 0; i < n; i++) {
        int good = 1;

        if (slot && source->batch_id && items[i].provider_id != slot->account.provider_id)
            good = failover_hand_over(engine, arena, slot, &items[i], err);
        if (good < 0)
            return -1;
        if (good > 0)
            items[kept++] = items[i];
    }
    return n < 0 ? -1 : kept;
}

/* Inside a transaction. Returns how many rows were claimed, or -1. */
static int claim_source(struct engine *engine, struct sl_arena *arena,
                        const struct sl_source *source, struct sl_item *items, struct sl_err *err)
{
    struct sl_gate_state gate = { .allowed = INT64_MAX };
    struct slot *slot = NULL;
    int opened = open_source(engine, source, &slot, err);
    int64_t n = 1;

    if (opened == 0)
        return 0;
    if (opened < 0 && err->code != SL_ERR_CONFIG && err->code != SL_ERR_DATA)
        return -1;
    if (opened > 0) { /* else one row is taken, so that it gets its reason */
        struct sl_account_limits limits = { slot->account.limits.rate_per_second,
                                            slot->account.limits.burst };

        if (sl_accounts_gate(engine->service->db, slot->account.account, engine->runner, &limits,
                             &engine->now, &gate, err) < 0)
            return -1;
        pass_gate(engine, &gate);
        n = claim_size(engine, slot, &gate);
    }
    if (gate.gate == SL_GATE_OPEN || (gate.wait_ms > 0 && gate.wait_ms < engine->soonest_ms))
        engine->soonest_ms = gate.wait_ms;
    if (gate.gate != SL_GATE_OPEN) {
        int moved = gate.gate == SL_GATE_BREAKER || gate.curable
                        ? failover_batch(engine, source, slot, err)
                        : 0;

        if (moved == 0)
            note_gate(engine, slot, &gate);
        else
            engine->soonest_ms = engine->next_claim_ms = 0; /* the next claim finds it there */
        return moved < 0 ? -1 : 0;
    }
    if (n == 0)
        return 0;
    return claim_rows(engine, arena, source, slot, (size_t)n, items, err);
}

/* Urgent ones first, in turns; but one claim in eight begins with bulk. */
static size_t first_source(const struct engine *engine, const struct sl_source *sources, size_t n)
{
    size_t n_urgent = 0;

    while (n_urgent < n && strcmp(sources[n_urgent].lane, "urgent") == 0)
        n_urgent++;
    if (n_urgent == 0 || n_urgent == n)
        return engine->turn % n;
    if (engine->turn % BULK_TURN == BULK_TURN - 1)
        return n_urgent + engine->turn / BULK_TURN % (n - n_urgent);
    return engine->turn % n_urgent;
}

/* Returns how many were claimed, or -1. */
static int claim(struct engine *engine, struct sl_arena *arena, struct sl_item *items,
                 struct sl_err *err)
{
    struct sl_source *sources;
    int n = sl_queue_sources(engine->service->db, arena, &engine->options->filter, sl_now_ms(),
                             &sources, err);
    size_t first;
    int got = 0;

    engine->soonest_ms = n > 0 ? INT64_MAX : 0;
    if (n <= 0)
        return n;
    engine->counts->waiting = NULL;
    engine->next_claim_ms = engine->now.ms + TICK_MS;
    first = first_source(engine, sources, (size_t)n);
    engine->turn++;
    for (int i = 0; i < n && got == 0; i++)
        got = claim_source(engine, arena, &sources[(first + (size_t)i) % (size_t)n], items, err);
    if (got > 0)
        engine->counts->claimed += got;
    return got;
}

/* ---- Marking -------------------------------------------------------------------------------- */

static int64_t units_of(const struct sl_job *job)
{
    int64_t n = 0;

    switch (job->account->adapter->limits.unit) {
    case SL_PER_REQUEST: return 1;
    case SL_PER_ITEM: return (int64_t)job->n_items;
    case SL_PER_SEGMENT:
        if (job->op->input == SL_INPUT_MESSAGES) /* it only asks */
            return 1;
        for (size_t i = 0; i < job->n_items && job->messages; i++)
            n += job->messages[i].segments > 0 ? job->messages[i].segments : 1;
        return n > 0 ? n : 1;
    }
    return 1;
}

/* Who opted out after the list was read is sent nothing: the job is made again without them. */
static int drop_optouts(struct engine *engine, const struct sl_job *job, struct sl_err *err)
{
    const char *channel = job->messages ? job->domain->channel : NULL;
    int any = channel ? sl_optouts_any(engine->service->db, job->item.school_id, channel, err) : 0;

    if (any <= 0)
        return any;
    return sl_messages_skip_optouts(engine->service->db, job->item.id, job->item.school_id, channel,
                                    sl_now_ms(), err);
}

/* One job: 1 it may leave, 0 it may not (and is gone), or -1. */
static int mark(struct engine *engine, struct sl_job *job, struct sl_err *err)
{
    struct sl_account_limits limits = { job->account->limits.rate_per_second,
                                        job->account->limits.burst };
    int64_t now_ms = sl_now_ms();
    int dropped = drop_optouts(engine, job, err), let = dropped;

    if (dropped == 0)
        let = sl_accounts_take(engine->service->db, job->account->account, units_of(job), &limits,
                               &engine->now, err);
    if (dropped < 0 || let < 0)
        return -1;
    if (dropped > 0 || let == 0)
        return sl_queue_release(engine->service->db, job->item.id, engine->runner, now_ms, err) < 0
                   ? -1
                   : 0;
    job->marked_ms = now_ms;
    return sl_queue_mark(engine->service->db, job->item.id, engine->runner, now_ms, err);
}

static bool has_room(const struct engine *engine, const struct sl_job *job, size_t n_marked)
{
    struct slot *slot = engine_slot_of(engine, job);
    int most = job->account->limits.max_in_flight;

    if (engine->n_flying + n_marked >= engine->connections)
        return false;
    return most <= 0 || slot->n_flying < (size_t)most;
}

/* Marks what can start now. Inside a transaction. */
static int mark_ready(struct engine *engine, struct queue *marked, struct sl_err *err)
{
    for (size_t left = engine->ready.n; left > 0; left--) {
        struct sl_job *job = queue_take(&engine->ready);
        int let;

        if (!has_room(engine, job, marked->n)) {
            queue_put(&engine->ready, job);
            continue;
        }
        let = mark(engine, job, err);
        if (let < 0)
            return -1;
        if (let == 0) {
            engine_free_job(engine, &job);
            continue;
        }
        engine_slot_of(engine, job)->n_flying++;
        queue_put(marked, job);
    }
    return 0;
}

/* ---- Sending and reading ---------------------------------------------------------------------- */

static int64_t answer_ms(const struct sl_job *job)
{
    int64_t seconds = job->step->answer_s > 0 ? job->step->answer_s : 60;

    return seconds * 1000 + job->step->answer_item_ms * (int64_t)job->n_items;
}

static void read_answer(struct engine *engine, struct sl_job *job)
{
    sl_json_free(&job->result.memory); /* of an answer that a new connection was to cure */
    job->result = (struct sl_result){
        .items = SL_NEW(job->arena, struct sl_outcome, job->n_items),
        .n_items = job->n_items,
        .payment.amount_minor = -1,
    };
    job->step->parse(&job->call, &job->sent.exchange, &job->result);
    if (engine->options->trace)
        engine_trace(engine, 2, job,
                     sl_arena_printf(job->arena, "← %d %s", job->sent.exchange.status,
                                     sl_audit_answer(job->arena, job->account, job->call.token,
                                                     &job->sent.exchange)));
    if (engine->over.n == 0)
        engine->oldest_over_ms = sl_boot_ms();
    queue_put(&engine->over, job);
}

void engine_answered(struct engine *engine, struct sl_job *job)
{
    engine->n_flying--;
    engine_slot_of(engine, job)->n_flying--;
    read_answer(engine, job);
}

static int send_job(struct engine *engine, struct sl_job *job, struct sl_err *err)
{
    struct sl_send send = { .request = &job->request,
                            .arena = job->arena,
                            .ca_file = job->account->ca_file,
                            .connect_ms = CONNECT_MS,
                            .answer_ms = answer_ms(job),
                            .most_answer = MOST_ANSWER,
                            .answer_headers = job->step->answer_headers,
                            .fresh_connection = job->fresh_connection,
                            .owner = job };

    engine->n_flying++;
    if (!job->request.method && !job->request.program) { /* parse() makes the result alone */
        job->sent.exchange = (struct sl_exchange){
            .reach = SL_ANSWERED, .retry_after_ms = -1, .content_type = "", .body = ""
        };
        engine_answered(engine, job);
        return 0;
    }
    if (engine->options->trace)
        engine_trace(engine, 2, job,
                     sl_arena_printf(job->arena, "→ %s",
                                     sl_audit_request(job->arena, job->account, job->call.token,
                                                      &job->request)));
    if (job->request.program)
        return programs_start(engine, job, send.answer_ms, err);
    return sl_transfer_start(engine->transfer, &send, err);
}

/* Until something was sent nobody knows whether there is anybody to wait for. */
static void note_reach(struct engine *engine, const struct sl_exchange *exchange)
{
    char *why = engine->counts->unreached;

    engine->reached = engine->reached || exchange->reach != SL_NOT_SENT;
    (void)snprintf(why, sizeof engine->counts->unreached, "%s",
                   engine->reached       ? ""
                   : exchange->transport ? exchange->transport
                                         : "no connection");
}

int engine_collect(struct engine *engine, struct sl_err *err)
{
    struct sl_sent sent;

    while (sl_transfer_next(engine->transfer, &sent)) {
        struct sl_job *job = sent.owner;

        job->sent = sent;
        note_reach(engine, &sent.exchange);
        if (job->item.id != 0) {
            engine_answered(engine, job);
            continue;
        }
        engine->n_flying--;
        engine_slot_of(engine, job)->n_flying--;
        if (grant_over(engine, job, err) < 0)
            return -1;
    }
    return 0;
}

/* ---- One transaction for all of it --------------------------------------------------------------- */

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
    return engine->ready.n > 0 && has_room(engine, engine->ready.head, 0);
}

static bool wants_claim(const struct engine *engine)
{
    return may_claim(engine) && engine->ready.n < engine->connections &&
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
    if (lease_is_over(engine)) {
        forget_jobs(engine, marked);
        return start_anew(engine, err);
    }
    while ((job = queue_take(marked)) != NULL)
        if (send_job(engine, job, err) < 0)
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
    if (lease_is_over(engine)) { /* the wait for the lock was too long */
        sl_tx_end(&tx);
        return start_anew(engine, err);
    }
    if (settle_over(engine, &marked, err) < 0 || mark_ready(engine, &marked, err) < 0)
        return -1;
    if (wants_claim(engine)) {
        items = SL_NEW(arena, struct sl_item, CLAIM);
        engine->next_claim_ms = engine->now.ms + CLAIM_AGAIN_MS;
        n = claim(engine, arena, items, err);
        if (n > 0)
            engine->next_claim_ms = 0;
    }
    if (n < 0 || sl_tx_commit(&tx, err) < 0)
        return -1;
    *worked = engine->over.n > 0 || marked.n > 0 || n > 0;
    forget_jobs(engine, &engine->over);
    if (start_marked(engine, &marked, err) < 0)
        return -1;
    for (int i = 0; i < n && !lease_is_over(engine); i++)
        if (engine_prepare(engine, &items[i], err) < 0)
            return -1;
    return 0;
}

/* ---- The loop ------------------------------------------------------------------------------------ */

static bool idle(const struct engine *engine)
{
    if (engine->n_flying > 0 || engine->ready.n > 0 || engine->over.n > 0)
        return false;
    for (const struct slot *slot = engine->slots; slot; slot = slot->next)
        if (slot->waiting.n > 0 || slot->asked)
            return false;
    return true;
}

/* What nobody else would do: rows of the dead, rows whose wait is over, callbacks that were
 * stored and not applied. */
static int maintain(struct engine *engine, struct sl_err *err)
{
    const struct sl_work_filter *filter = &engine->options->filter;

    if (engine->now.ms < engine->next_maintain_ms)
        return 0;
    engine->next_maintain_ms = engine->now.ms + TICK_MS;
    if (settle_orphans(engine, err) < 0)
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
    if (!may_claim(engine))
        return 0;
    if (sl_queue_next_due(engine->service->db, &engine->options->filter, &at_ms, err) < 0)
        return -1;
    engine->counts->next_due_at = at_ms;
    *staying =
        engine->options->watch || (at_ms > 0 && at_ms <= sl_now_ms() + wait_ms &&
                                   engine->soonest_ms <= (wait_ms > TICK_MS ? wait_ms : TICK_MS));
    return 0;
}

static int64_t pause_ms(const struct engine *engine)
{
    int64_t pause = TICK_MS;

    if (engine->over.n > 0 && pause > OLDEST_OVER_MS)
        pause = OLDEST_OVER_MS;
    for (const struct slot *slot = engine->slots; slot; slot = slot->next)
        if ((slot->waiting.n > 0 || slot->asked) && !slot->grant && pause > CLAIM_AGAIN_MS / 4)
            pause = CLAIM_AGAIN_MS / 4;
    if (may_claim(engine) && engine->next_claim_ms - engine->now.ms < pause)
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
        if (lease_is_over(engine)) /* it comes before anything that was answered */
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

int engine_end(struct engine *engine, struct sl_err *err)
{
    struct sl_err ignored;
    int status = 0;

    if (engine->runner)
        status = sl_runners_stop(engine->service->db, engine->runner, err ? err : &ignored);
    if (engine->transfer)
        sl_transfer_drop(engine->transfer);
    programs_stop(engine);
    forget_jobs(engine, &engine->ready);
    forget_jobs(engine, &engine->over);
    for (struct slot *slot = engine->slots; slot; slot = slot->next)
        forget_jobs(engine, &slot->waiting);
    engine_close_slots(engine);
    sl_transfer_close(&engine->transfer);
    return status;
}

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

/* What is left to wait for, as it stands at the end. */
static int tell_waiting(struct engine *engine, struct sl_err *err)
{
    struct sl_arena *arena = engine->service->arena;
    struct sl_account_row row;
    const char *text;
    int found;

    if (!engine->counts->waiting)
        return 0;
    found = sl_accounts_find(engine->service->db, arena, engine->waiting, &engine->now, &row, err);
    if (found <= 0)
        return found;
    if (engine->counts->refused == gate_words[SL_GATE_BLOCKED] && row.blocked)
        engine->counts->refused = row.blocked;
    text = sl_awaited_account(arena, &row, sl_now_ms());
    engine->counts->waiting = text ? text : engine->counts->waiting;
    return 0;
}

int engine_begin(struct engine *engine, struct sl_err *err)
{
    *engine->counts = (struct sl_engine_counts){ 0 };
    set_up(engine);
    if (sl_transfer_open(&engine->transfer, err) < 0)
        return -1;
    return start_runner(engine, err);
}

int sl_engine_run(struct sl_service *service, const struct sl_engine_options *options,
                  struct sl_engine_counts *counts, struct sl_err *err)
{
    struct engine engine = { .service = service, .options = options, .counts = counts };

    if (engine_begin(&engine, err) < 0 || loop(&engine, err) < 0 ||
        tell_waiting(&engine, err) < 0) {
        (void)engine_end(&engine, NULL);
        return -1;
    }
    return engine_end(&engine, err);
}
