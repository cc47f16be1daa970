#include "lib/service/refresh.h"

#include "lib/service/engine_private.h"

enum { MOST_TOKENS = 1024, WAIT_MS = 200 };

struct refreshing {
    struct engine engine;
    struct slot *slots[MOST_TOKENS];
    int64_t versions[MOST_TOKENS];
    size_t n;
};

/* The tokens are read first: renewing writes to the same table. */
static int read_tokens(struct sl_service *service, struct sl_arena *arena, int64_t school_id,
                       int64_t within_ms, struct sl_token_row *tokens, struct sl_err *err)
{
    SL_AUTO(sl_rows_end) struct sl_rows rows = { 0 };
    struct sl_token_row row;
    int more, n = 0;

    if (sl_tokens_ending(&rows, service->db, school_id, sl_now_ms() + within_ms, err) < 0)
        return -1;
    while ((more = sl_tokens_next(&rows, &row, err)) > 0 && n < MOST_TOKENS) {
        row.account = sl_arena_strdup(arena, row.account);
        tokens[n++] = row;
    }
    return more < 0 ? -1 : n;
}

static bool asking(const struct refreshing *refreshing)
{
    for (size_t i = 0; i < refreshing->n; i++)
        if (refreshing->slots[i]->asked || refreshing->slots[i]->grant)
            return true;
    return false;
}

/* A token that another process has renewed meanwhile is as good as one of ours. */
static int ask_all(struct refreshing *refreshing, const struct sl_token_row *tokens, int n,
                   struct sl_refreshed *counts, struct sl_err *err)
{
    for (int i = 0; i < n; i++) {
        struct slot *slot;

        if (engine_slot(&refreshing->engine, tokens[i].school_id, tokens[i].provider_id, &slot,
                        err) < 0) {
            if (err->code != SL_ERR_CONFIG && err->code != SL_ERR_DATA)
                return -1;
            counts->failed++;
            continue;
        }
        slot->n_users++; /* stays open until it was told */
        slot->refused_version = tokens[i].version;
        slot->asked = true;
        refreshing->versions[refreshing->n] = tokens[i].version;
        refreshing->slots[refreshing->n++] = slot;
    }
    return 0;
}

static int work(struct refreshing *refreshing, struct sl_err *err)
{
    struct engine *engine = &refreshing->engine;

    while (asking(refreshing)) {
        if (engine_keep_lease(engine, err) < 0 || grant_work(engine, err) < 0)
            return -1;
        sl_transfer_wait(engine->transfer, WAIT_MS);
        engine_clock(engine);
        if (engine_collect(engine, err) < 0)
            return -1;
    }
    return 0;
}

static int count(struct refreshing *refreshing, struct sl_refreshed *counts,
                 void (*told)(void *, const char *, const char *, const char *), void *opaque,
                 struct sl_err *err)
{
    for (size_t i = 0; i < refreshing->n; i++) {
        SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
        const struct sl_account *account = &refreshing->slots[i]->account;
        const char *refused = refreshing->engine.counts->refused;
        struct sl_token_row row;
        int found =
            sl_tokens_get(refreshing->engine.service->db, arena, account->account, &row, err);

        if (found < 0)
            return -1;
        if (found > 0 && row.version > refreshing->versions[i]) {
            counts->refreshed++;
            continue;
        }
        counts->failed++;
        if (told)
            told(opaque, account->school.code, account->adapter->code,
                 refused ? refused : "the provider gave none");
    }
    return 0;
}

int sl_refresh_run(struct sl_service *service, int64_t school_id, int64_t within_ms,
                   void (*told)(void *opaque, const char *school, const char *provider,
                                const char *why),
                   void *opaque, struct sl_refreshed *counts, struct sl_err *err)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    const struct sl_engine_options options = { .program = "sl-oauth-refresh" };
    struct sl_engine_counts ignored;
    struct refreshing *refreshing = SL_NEW(arena, struct refreshing, 1);
    struct sl_token_row *tokens = SL_NEW(arena, struct sl_token_row, MOST_TOKENS);
    int64_t all = 0;
    int n = read_tokens(service, arena, school_id, within_ms, tokens, err);

    *counts = (struct sl_refreshed){ 0 };
    if (n < 0 || sl_tokens_count(service->db, school_id, &all, err) < 0)
        return -1;
    counts->fresh = all - n;
    if (n == 0)
        return 0;
    refreshing->engine =
        (struct engine){ .service = service, .options = &options, .counts = &ignored };
    if (engine_begin(&refreshing->engine, err) < 0 ||
        ask_all(refreshing, tokens, n, counts, err) < 0 || work(refreshing, err) < 0 ||
        count(refreshing, counts, told, opaque, err) < 0) {
        (void)engine_end(&refreshing->engine, NULL);
        return -1;
    }
    return engine_end(&refreshing->engine, err);
}
