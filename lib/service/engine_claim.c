/* Claiming: which rows this runner takes next. */
#include <stdio.h>
#include <string.h>

#include "lib/service/awaited.h"
#include "lib/service/engine_private.h"
#include "lib/service/hooks.h"
#include "lib/store/days.h"

enum {
    CLAIM = 256,   /* rows in one claim, where nothing limits them */
    BULK_TURN = 8, /* one claim in eight is bulk's */
};

/* ---- What keeps it -------------------------------------------------------------------------- */

static bool stopping(const struct engine *engine)
{
    return engine->options->stop && *engine->options->stop;
}

bool engine_may_claim(const struct engine *engine)
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
    [SL_GATE_DAY] = "the limit of a day is reached",
};

/* What a person asks for is sent to find out whether the reason still holds; once that is known,
 * it does not go again. */
bool engine_in_spite(const struct engine *engine)
{
    return engine->options->in_spite && !engine->counts->refused && !engine->held;
}

static void pass_gate(const struct engine *engine, struct sl_gate_state *gate)
{
    if (!engine_in_spite(engine))
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

/* What is left to wait for, as it stands at the end. */
int engine_tell_waiting(struct engine *engine, struct sl_err *err)
{
    struct sl_arena *arena = engine->service->arena;
    struct sl_account_row row;
    const char *text;
    int found;

    if (!engine->counts->waiting)
        return 0;
    if (engine->counts->waiting == engine->unusable) {
        engine->counts->waiting = sl_arena_strdup(arena, engine->unusable);
        return 0;
    }
    found = sl_accounts_find(engine->service->db, arena, engine->waiting, &engine->now, &row, err);
    if (found <= 0)
        return found;
    if (engine->counts->refused == gate_words[SL_GATE_BLOCKED] && row.blocked)
        engine->counts->refused = row.blocked;
    text = sl_awaited_account(arena, &row, sl_now_ms());
    engine->counts->waiting = text ? text : engine->counts->waiting;
    return 0;
}

/* ---- One source ----------------------------------------------------------------------------- */

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

/* Rows are left that wait for a person: the school is closed, or its settings are not to be used. */
static int note_unusable(struct engine *engine, const struct sl_err *why)
{
    (void)snprintf(engine->unusable, sizeof engine->unusable, "%s%s%s", why->text,
                   *why->hint ? "; " : "", why->hint);
    engine->counts->waiting = engine->unusable;
    return 0;
}

/* What the account lets go of a source: its gate, and of messages what is left of a day. */
static int look_at_gate(struct engine *engine, const struct sl_source *source,
                        const struct slot *slot, struct sl_gate_state *gate, struct sl_err *err)
{
    const struct sl_limits *set = &slot->account.limits;
    const struct sl_account_limits limits = { set->rate_per_second, set->burst };
    int64_t now_ms = sl_now_ms(), left, ends_at;

    if (sl_accounts_gate(engine->service->db, slot->account.account, engine->runner, &limits,
                         &engine->now, gate, err) < 0)
        return -1;
    pass_gate(engine, gate);
    if (gate->gate != SL_GATE_OPEN || set->daily_limit <= 0 || source->batch_id == 0)
        return 0;
    if (sl_days_left(engine->service->db, slot->account.account, set->daily_limit, now_ms, &left,
                     &ends_at, err) < 0)
        return -1;
    if (left == 0)
        *gate = (struct sl_gate_state){ .gate = SL_GATE_DAY, .wait_ms = ends_at - now_ms };
    else if (left < gate->allowed)
        gate->allowed = left;
    return 0;
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
    if (opened < 0 && err->code == SL_ERR_CONFIG)
        return note_unusable(engine, err);
    if (opened < 0 && err->code != SL_ERR_DATA)
        return -1;
    if (opened > 0) { /* else one row is taken, so that it gets its reason */
        if (look_at_gate(engine, source, slot, &gate, err) < 0)
            return -1;
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

/* ---- In turns ------------------------------------------------------------------------------- */

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

int engine_claim(struct engine *engine, struct sl_arena *arena, struct sl_item **items,
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
    *items = SL_NEW(arena, struct sl_item, CLAIM);
    engine->counts->waiting = NULL;
    engine->next_claim_ms = engine->now.ms + ENGINE_TICK_MS;
    first = first_source(engine, sources, (size_t)n);
    engine->turn++;
    for (int i = 0; i < n && got == 0; i++)
        got = claim_source(engine, arena, &sources[(first + (size_t)i) % (size_t)n], *items, err);
    if (got > 0)
        engine->counts->claimed += got;
    return got;
}
