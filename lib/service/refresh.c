#include "lib/service/refresh.h"

#include <string.h>

#include "lib/service/engine_private.h"

enum { MOST_TOKENS = 1024, WAIT_MS = 200 };

/* A token that ends soon, and a school whose settings it is of. */
struct ending {
    const char *account;
    int64_t version, renewed_at;
    int64_t school_id, provider_id; /* 0: nobody uses it any more */
    const char *school, *provider;
    struct slot *slot; /* NULL: its settings cannot be opened */
    const char *why;   /* then */
};

struct refreshing {
    struct engine engine;
    struct sl_arena *arena;
    struct ending endings[MOST_TOKENS];
    size_t n;
};

/* The tokens are read first: renewing writes to the same table. */
static int read_tokens(struct refreshing *refreshing, struct sl_db *db, int64_t school_id,
                       int64_t within_ms, struct sl_err *err)
{
    SL_AUTO(sl_rows_end) struct sl_rows rows = { 0 };
    struct sl_token_row row;
    int more;

    if (sl_tokens_ending(&rows, db, school_id, sl_now_ms(), within_ms, err) < 0)
        return -1;
    while ((more = sl_tokens_next(&rows, &row, err)) > 0 && refreshing->n < MOST_TOKENS)
        refreshing->endings[refreshing->n++] =
            (struct ending){ .account = sl_arena_strdup(refreshing->arena, row.account),
                             .version = row.version,
                             .renewed_at = row.renewed_at };
    return more < 0 ? -1 : 0;
}

/* Whoever got a token may have other settings by now, or none, while another school's still need
 * it: any open school that has the account enabled will do. */
static int find_users(struct refreshing *refreshing, struct sl_db *db, struct sl_err *err)
{
    SL_AUTO(sl_rows_end) struct sl_rows rows = { 0 };
    struct sl_config_row row;
    int more;

    if (sl_configs_list(&rows, db, 0, err) < 0)
        return -1;
    while ((more = sl_configs_next(&rows, &row, err)) > 0) {
        for (size_t i = 0; row.is_enabled && !row.is_closed && i < refreshing->n; i++) {
            struct ending *ending = &refreshing->endings[i];

            if (ending->school_id != 0 || strcmp(ending->account, row.account) != 0)
                continue;
            ending->school_id = row.school_id;
            ending->provider_id = row.provider_id;
            ending->school = sl_arena_strdup(refreshing->arena, row.school_code);
            ending->provider = sl_arena_strdup(refreshing->arena, row.provider_code);
        }
    }
    return more;
}

static bool asking(const struct refreshing *refreshing)
{
    for (size_t i = 0; i < refreshing->n; i++) {
        const struct slot *slot = refreshing->endings[i].slot;

        if (slot && (slot->asked || slot->grant))
            return true;
    }
    return false;
}

/* A token that another process has renewed meanwhile is as good as one of ours. */
static int ask(struct refreshing *refreshing, struct ending *ending, struct sl_err *err)
{
    struct slot *slot;

    if (engine_slot(&refreshing->engine,
                    (struct owner){ ending->school_id, ending->provider_id, 0 }, &slot, err) < 0) {
        if (err->code != SL_ERR_CONFIG && err->code != SL_ERR_DATA)
            return -1;
        ending->why = sl_arena_strdup(refreshing->arena, err->text);
        return 0;
    }
    if (grant_is_young(slot, ending->renewed_at))
        return 0;
    slot->n_users++; /* stays open until it was told */
    slot->refused_version = ending->version;
    slot->asked = true;
    ending->slot = slot;
    return 0;
}

static int work(struct refreshing *refreshing, struct sl_err *err)
{
    struct engine *engine = &refreshing->engine;

    for (size_t i = 0; i < refreshing->n; i++)
        if (refreshing->endings[i].school_id != 0 &&
            ask(refreshing, &refreshing->endings[i], err) < 0)
            return -1;
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

/* Why nobody is called for the account until a person acts; NULL: it is not so. */
static int find_block(struct refreshing *refreshing, const char *account, const char **why,
                      struct sl_err *err)
{
    struct sl_account_row row;
    int found = sl_accounts_find(refreshing->engine.service->db, refreshing->arena, account,
                                 &refreshing->engine.now, &row, err);

    *why = found > 0 ? row.blocked : NULL;
    return found < 0 ? -1 : 0;
}

/* Returns 1 if it is renewed, 0 if not, with ending->why set if a person has to act, or -1. */
static int look(struct refreshing *refreshing, struct ending *ending, struct sl_err *err)
{
    struct sl_token_row row;
    int found;

    if (!ending->slot)
        return 0;
    found = sl_tokens_get(refreshing->engine.service->db, refreshing->arena, ending->account, &row,
                          err);
    if (found < 0)
        return -1;
    if (found > 0 && row.version > ending->version)
        return 1;
    return find_block(refreshing, ending->account, &ending->why, err);
}

static int count(struct refreshing *refreshing, struct sl_refreshed *counts, sl_refresh_told *told,
                 void *opaque, struct sl_err *err)
{
    for (size_t i = 0; i < refreshing->n; i++) {
        struct ending *ending = &refreshing->endings[i];
        int renewed = ending->school_id != 0 ? look(refreshing, ending, err) : 0;

        if (renewed < 0)
            return -1;
        counts->refreshed += renewed;
        if (ending->school_id == 0 || renewed > 0)
            continue;
        counts->failed++;
        if (told)
            told(opaque, ending->school, ending->provider, ending->why);
    }
    return 0;
}

int sl_refresh_run(struct sl_service *service, int64_t school_id, int64_t within_ms,
                   sl_refresh_told *told, void *opaque, struct sl_refreshed *counts,
                   struct sl_err *err)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    const struct sl_engine_options options = { .program = "sl-oauth-refresh" };
    struct sl_engine_counts ignored;
    struct refreshing *refreshing = SL_NEW(arena, struct refreshing, 1);
    int64_t all = 0;

    *counts = (struct sl_refreshed){ 0 };
    refreshing->arena = arena;
    if (read_tokens(refreshing, service->db, school_id, within_ms, err) < 0 ||
        find_users(refreshing, service->db, err) < 0 ||
        sl_tokens_count(service->db, school_id, &all, err) < 0)
        return -1;
    counts->fresh = all - (int64_t)refreshing->n;
    if (refreshing->n == 0)
        return 0;
    refreshing->engine =
        (struct engine){ .service = service, .options = &options, .counts = &ignored };
    if (engine_begin(&refreshing->engine, err) < 0 || work(refreshing, err) < 0 ||
        count(refreshing, counts, told, opaque, err) < 0) {
        (void)engine_end(&refreshing->engine, NULL);
        return -1;
    }
    return engine_end(&refreshing->engine, err);
}
