/* What people do to a school's provider beside setting it: on, off, first, in which order. */
#include <string.h>

#include "lib/base/clock.h"
#include "lib/service/act.h"
#include "lib/service/config.h"

int sl_config_find(struct sl_service *service, struct sl_arena *arena,
                   const struct sl_school *school, const char *provider_code,
                   struct sl_config_row *row, struct sl_err *err)
{
    struct sl_provider provider;
    int found;

    if (sl_providers_find(service->db, arena, provider_code, &provider, err) < 0)
        return -1;
    found = sl_configs_get(service->db, arena, school->id, provider.id, row, err);
    if (found < 0)
        return -1;
    if (found > 0 && row->school_id == school->id)
        return 0;
    (void)sl_err_set(err, SL_ERR_CONFIG, "%s has no settings of its own for %s", school->code,
                     provider_code);
    return sl_err_hint(err, "give them with `sl-config set -s %s -p %s`", school->code,
                       provider_code);
}

static int record(struct sl_service *service, const struct sl_config_row *row,
                  const char *operation, const char *changes, struct sl_err *err)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    const struct sl_act act = {
        .operation = operation,
        .school_id = row->school_id,
        .provider_id = row->provider_id,
        .kind = "config",
        .id = sl_arena_printf(arena, "%lld", (long long)row->id),
        .changes = changes,
    };

    return sl_act_record(service, &act, err);
}

static const char *const act_names[] = {
    [SL_CONFIG_DISABLE] = "config.disable",
    [SL_CONFIG_ENABLE] = "config.enable",
    [SL_CONFIG_PRIMARY] = "config.primary",
};

static int change(struct sl_service *service, struct sl_config_row *row, enum sl_config_act act,
                  struct sl_err *err)
{
    if (act == SL_CONFIG_PRIMARY)
        return sl_configs_make_primary(service->db, row, sl_now_ms(), err);
    row->is_enabled = act == SL_CONFIG_ENABLE;
    return sl_configs_put(service->db, row, sl_now_ms(), err);
}

int sl_config_act(struct sl_service *service, const struct sl_school *school,
                  const char *provider_code, enum sl_config_act act, struct sl_err *err)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    SL_AUTO(sl_tx_end) struct sl_tx tx = { 0 };
    struct sl_config_row row;

    if (sl_tx_begin(&tx, service->db, err) < 0 ||
        sl_config_find(service, arena, school, provider_code, &row, err) < 0)
        return -1;
    if (act == SL_CONFIG_PRIMARY && !row.is_enabled) {
        (void)sl_err_set(err, SL_ERR_CONFIG, "%s is disabled for %s", provider_code, school->code);
        return sl_err_hint(err, "enable it first, with `sl-config enable -s %s -p %s`",
                           school->code, provider_code);
    }
    if (change(service, &row, act, err) < 0 || record(service, &row, act_names[act], NULL, err) < 0)
        return -1;
    return sl_tx_commit(&tx, err);
}

/* ---- The order ----------------------------------------------------------------------- */

/* Its place among the codes, from 1; 0: it is not there. */
static int place_of(const char *code, const char *const *codes, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(codes[i], code) == 0)
            return (int)i + 1;
    return 0;
}

static int check_codes(struct sl_service *service, struct sl_arena *arena,
                       const struct sl_school *school, const char *category,
                       const char *const *codes, size_t n, struct sl_err *err)
{
    struct sl_config_row row;

    for (size_t i = 0; i < n; i++) {
        if (place_of(codes[i], codes, n) != (int)i + 1)
            return sl_err_set(err, SL_ERR_DATA, "%s is named twice", codes[i]);
        if (sl_config_find(service, arena, school, codes[i], &row, err) < 0)
            return -1;
        if (strcmp(row.category, category) != 0)
            return sl_err_set(err, SL_ERR_DATA, "%s is for %s, not for %s", codes[i], row.category,
                              category);
    }
    return 0;
}

static int put_ranks(struct sl_service *service, const struct sl_school *school,
                     const char *category, const char *const *codes, size_t n, struct sl_err *err)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    SL_AUTO(sl_rows_end) struct sl_rows rows = { 0 };
    struct sl_config_row row;
    int more;

    if (sl_configs_list(&rows, service->db, school->id, err) < 0)
        return -1;
    while ((more = sl_configs_next(&rows, &row, err)) > 0) {
        struct sl_buf changes = sl_buf_new(arena);
        int rank = place_of(row.provider_code, codes, n);

        if (strcmp(row.category, category) != 0 || row.rank == rank)
            continue;
        sl_act_change(&changes, "rank", sl_arena_printf(arena, "%d", row.rank),
                      sl_arena_printf(arena, "%d", rank));
        row.rank = rank;
        if (sl_configs_put(service->db, &row, sl_now_ms(), err) < 0 ||
            record(service, &row, "config.rank", sl_act_changes(&changes), err) < 0)
            return -1;
    }
    return more;
}

int sl_config_rank(struct sl_service *service, const struct sl_school *school, const char *category,
                   const char *const *provider_codes, size_t n, struct sl_err *err)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    SL_AUTO(sl_tx_end) struct sl_tx tx = { 0 };

    if (sl_tx_begin(&tx, service->db, err) < 0 ||
        check_codes(service, arena, school, category, provider_codes, n, err) < 0 ||
        put_ranks(service, school, category, provider_codes, n, err) < 0)
        return -1;
    return sl_tx_commit(&tx, err);
}
