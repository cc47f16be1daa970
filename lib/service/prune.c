#include "lib/service/prune.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lib/service/act.h"
#include "lib/store/health.h"

enum { CHUNK_ROWS = 1000, MOST_AHEAD_S = 86400 };

struct run {
    struct sl_service *service;
    struct sl_arena *arena;
    struct sl_anchor anchor; /* ours; id 0: not made yet */
    struct sl_pruned *pruned;
    int64_t now_ms;
};

/* The row's hash, or NULL if it is gone. */
static int read_hash(struct run *run, int64_t id, const char **hash, struct sl_err *err)
{
    SL_AUTO(sl_rows_end) struct sl_rows rows = { 0 };
    struct sl_log_row row;
    int found;

    *hash = NULL;
    if (sl_logs_find(&rows, run->service->db, id, err) < 0)
        return -1;
    found = sl_logs_next(&rows, &row, err);
    if (found > 0)
        *hash = sl_arena_strdup(run->arena, row.cells[SL_LOG_HASH].text);
    return found < 0 ? -1 : 0;
}

/* Ours, as long as no other run has made one since. */
static int put_anchor(struct run *run, int64_t last_id, const char *hash, int64_t removed,
                      struct sl_err *err)
{
    struct sl_anchor newest = { .id = 0 };
    char signature[SL_LOG_HASH_SIZE];

    if (sl_anchors_newest(run->service->db, run->arena, &newest, err) < 0)
        return -1;
    if (run->anchor.id != newest.id)
        run->anchor = (struct sl_anchor){ .id = 0 };
    run->anchor.last_id = last_id;
    run->anchor.hash = hash;
    run->anchor.removed += removed;
    run->anchor.created_at = run->now_ms;
    sl_chain_sign(run->service->keyring, &run->anchor, signature);
    run->anchor.signature = signature;
    return sl_anchors_put(run->service->db, &run->anchor, err);
}

static int remove_chunk(struct run *run, int64_t last_id, struct sl_err *err)
{
    SL_AUTO(sl_tx_end) struct sl_tx tx = { 0 };
    const char *hash;
    int removed;

    if (sl_tx_begin(&tx, run->service->db, err) < 0 || read_hash(run, last_id, &hash, err) < 0)
        return -1;
    if (!hash) /* another run was here */
        return 0;
    removed = sl_logs_remove(run->service->db, last_id, err);
    if (removed < 0 || put_anchor(run, last_id, hash, removed, err) < 0 ||
        sl_tx_commit(&tx, err) < 0)
        return -1;
    run->pruned->removed += removed;
    run->pruned->last_id = last_id;
    (void)snprintf(run->pruned->hash, sizeof run->pruned->hash, "%s", hash);
    return 0;
}

static int record(struct run *run, int64_t before, struct sl_err *err)
{
    SL_AUTO(sl_tx_end) struct sl_tx tx = { 0 };
    const struct sl_act act = {
        .operation = "logs.prune",
        .kind = "log",
        .id = sl_arena_printf(run->arena, "%" PRId64, run->pruned->last_id),
        .changes = sl_arena_printf(run->arena,
                                   "{\"removed\":%" PRId64 ",\"last_id\":%" PRId64
                                   ",\"before\":%" PRId64 "}",
                                   run->pruned->removed, run->pruned->last_id, before),
    };

    if (sl_tx_begin(&tx, run->service->db, err) < 0 || sl_act_record(run->service, &act, err) < 0)
        return -1;
    return sl_tx_commit(&tx, err);
}

int sl_prune_check_clock(struct sl_service *service, struct sl_err *err)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    const char *provider;
    int64_t ahead_s;

    if (sl_health_clock(service->db, arena, &provider, &ahead_s, err) < 0)
        return -1;
    if (ahead_s <= MOST_AHEAD_S)
        return 0;
    (void)sl_err_set(err, SL_ERR_CONFIG,
                     "nothing is removed: at the last answer the clock was %" PRId64
                     " s ahead of %s",
                     ahead_s, provider);
    return sl_err_hint(err, "set it; `sl-config test -p %s` compares them again", provider);
}

int sl_prune(struct sl_service *service, int64_t before, bool dry, int64_t now_ms,
             struct sl_pruned *pruned, struct sl_err *err)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    struct run run = { service, arena, { .id = 0 }, pruned, now_ms };
    struct sl_old_logs old;

    *pruned = (struct sl_pruned){ 0 };
    if (sl_logs_old(service->db, before, &old, err) < 0)
        return -1;
    if (dry || old.n == 0) {
        pruned->removed = old.n;
        pruned->last_id = old.last_id;
        return 0;
    }
    if (sl_prune_check_clock(service, err) < 0)
        return -1;
    for (int64_t last = old.first_id - 1; last < old.last_id;) {
        last = old.last_id - last > CHUNK_ROWS ? last + CHUNK_ROWS : old.last_id;
        if (remove_chunk(&run, last, err) < 0)
            return -1;
    }
    return pruned->removed > 0 ? record(&run, before, err) : 0;
}
