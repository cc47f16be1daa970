#include "lib/store/configs.h"

#include "lib/store/nearest.h"
#include "lib/store/sql.h"

#define PROVIDER_COLUMNS                                                                           \
    "id, category, name, code, adapter_class, config_schema, is_global, is_active"

/* Borrows the row's text. */
static struct sl_provider provider_at(const struct sl_rows *rows)
{
    return (struct sl_provider){
        .id = sl_row_int(rows, 0),
        .category = sl_row_text(rows, 1),
        .name = sl_row_text(rows, 2),
        .code = sl_row_text(rows, 3),
        .adapter_class = sl_row_text(rows, 4),
        .config_schema = sl_row_text(rows, 5),
        .is_global = sl_row_int(rows, 6) != 0,
        .is_active = sl_row_int(rows, 7) != 0,
    };
}

static struct sl_provider keep(struct sl_arena *arena, struct sl_provider provider)
{
    provider.category = sl_arena_strdup(arena, provider.category);
    provider.name = sl_arena_strdup(arena, provider.name);
    provider.code = sl_arena_strdup(arena, provider.code);
    provider.adapter_class = sl_arena_strdup(arena, provider.adapter_class);
    provider.config_schema = sl_arena_strdup(arena, provider.config_schema);
    return provider;
}

static int get_one(struct sl_db *db, struct sl_arena *arena, const char *sql, struct sl_value param,
                   struct sl_provider *provider, struct sl_err *err)
{
    SL_AUTO(sl_rows_end) struct sl_rows rows = { 0 };
    int more = sl_db_first(&rows, db, sql, &param, 1, err);

    if (more > 0)
        *provider = keep(arena, provider_at(&rows));
    return more;
}

/* The last lines keep it from writing what is so already: `init` again changes nothing. */
static const char register_sql[] =
    "INSERT INTO integration_providers AS p (category, name, code, adapter_class, config_schema,"
    " is_active, created_at) VALUES ($1, $2, $3, $4, $5, 1, $6)"
    " ON CONFLICT (code) DO UPDATE SET category = excluded.category, name = excluded.name,"
    " adapter_class = excluded.adapter_class, config_schema = excluded.config_schema, is_active = 1"
    " WHERE p.is_active = 0 OR p.category <> excluded.category OR p.name <> excluded.name"
    " OR p.adapter_class <> excluded.adapter_class"
    " OR coalesce(p.config_schema, '') <> excluded.config_schema";

int sl_providers_register(struct sl_db *db, const struct sl_provider *provider, int64_t now_ms,
                          struct sl_err *err)
{
    return sl_db_run(db, register_sql,
                     SL_PARAMS(SL_TEXT(provider->category), SL_TEXT(provider->name),
                               SL_TEXT(provider->code), SL_TEXT(provider->adapter_class),
                               SL_TEXT(provider->config_schema), SL_INT(now_ms)),
                     err);
}

static const char global_sql[] = "UPDATE integration_providers SET is_global = 1 WHERE id = $1";

int sl_providers_make_global(struct sl_db *db, int64_t id, struct sl_err *err)
{
    return sl_db_run(db, global_sql, SL_PARAMS(SL_INT(id)), err) < 0 ? -1 : 0;
}

static const char find_sql[] =
    "SELECT " PROVIDER_COLUMNS " FROM integration_providers WHERE code = $1";
static const char codes_sql[] = "SELECT code FROM integration_providers";

int sl_providers_find(struct sl_db *db, struct sl_arena *arena, const char *code,
                      struct sl_provider *provider, struct sl_err *err)
{
    int found = get_one(db, arena, find_sql, SL_TEXT(code), provider, err);

    if (found != 0)
        return found < 0 ? -1 : 0;
    (void)sl_err_set(err, SL_ERR_CONFIG, "there is no provider '%s'", code);
    return sl_hint_nearest(db, codes_sql, code, "`sl-config providers` lists them", err);
}

static const char get_sql[] =
    "SELECT " PROVIDER_COLUMNS " FROM integration_providers WHERE id = $1";

int sl_providers_get(struct sl_db *db, struct sl_arena *arena, int64_t id,
                     struct sl_provider *provider, struct sl_err *err)
{
    return get_one(db, arena, get_sql, SL_INT(id), provider, err);
}

static const char list_sql[] = "SELECT " PROVIDER_COLUMNS " FROM integration_providers"
                               " WHERE category = coalesce($1, category) ORDER BY category, name";

int sl_providers_list(struct sl_rows *rows, struct sl_db *db, const char *category,
                      struct sl_err *err)
{
    return sl_db_query(rows, db, list_sql, SL_PARAMS(SL_TEXT(category)), err);
}

int sl_providers_next(struct sl_rows *rows, struct sl_provider *provider, struct sl_err *err)
{
    int more = sl_rows_next(rows, err);

    if (more > 0)
        *provider = provider_at(rows);
    return more;
}
