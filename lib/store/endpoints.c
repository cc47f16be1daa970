#include "lib/store/endpoints.h"

#include "lib/store/sql.h"

#define ENDPOINT_SELECT                                                                            \
    "SELECT w.id, w.school_id, w.provider_id, w.endpoint_path, w.secret_key, w.is_active,"         \
    " w.last_received_at, w.receive_count, w.created_at, w.name, p.code, s.code"                   \
    " FROM integration_webhooks w JOIN integration_providers p ON p.id = w.provider_id"            \
    " LEFT JOIN schools s ON s.id = w.school_id"

/* Borrows the row's text. */
static struct sl_endpoint endpoint_at(const struct sl_rows *rows)
{
    return (struct sl_endpoint){
        .id = sl_row_int(rows, 0),
        .school_id = sl_row_int(rows, 1),
        .provider_id = sl_row_int(rows, 2),
        .token_hash = sl_row_text(rows, 3),
        .sealed = sl_row_text(rows, 4),
        .is_active = sl_row_int(rows, 5) != 0,
        .last_received_at = sl_row_int(rows, 6),
        .receive_count = sl_row_int(rows, 7),
        .created_at = sl_row_int(rows, 8),
        .name = sl_row_text(rows, 9),
        .provider_code = sl_row_text(rows, 10),
        .school_code = sl_row_text(rows, 11),
    };
}

static struct sl_endpoint keep(struct sl_arena *arena, struct sl_endpoint endpoint)
{
    endpoint.token_hash = sl_arena_strdup(arena, endpoint.token_hash);
    endpoint.sealed = sl_arena_strdup(arena, endpoint.sealed);
    endpoint.name = sl_arena_strdup(arena, endpoint.name);
    endpoint.provider_code = sl_arena_strdup(arena, endpoint.provider_code);
    endpoint.school_code = sl_arena_strdup(arena, endpoint.school_code);
    return endpoint;
}

static int get_one(struct sl_db *db, struct sl_arena *arena, const char *sql, struct sl_value param,
                   struct sl_endpoint *endpoint, struct sl_err *err)
{
    SL_AUTO(sl_rows_end) struct sl_rows rows = { 0 };
    int more = sl_db_first(&rows, db, sql, &param, 1, err);

    if (more > 0)
        *endpoint = keep(arena, endpoint_at(&rows));
    return more;
}

static const char find_sql[] = ENDPOINT_SELECT " WHERE w.endpoint_path = $1";
static const char get_sql[] = ENDPOINT_SELECT " WHERE w.id = $1";

int sl_endpoints_find(struct sl_db *db, struct sl_arena *arena, const char *token_hash,
                      struct sl_endpoint *endpoint, struct sl_err *err)
{
    return get_one(db, arena, find_sql, SL_TEXT(token_hash), endpoint, err);
}

int sl_endpoints_get(struct sl_db *db, struct sl_arena *arena, int64_t id,
                     struct sl_endpoint *endpoint, struct sl_err *err)
{
    return get_one(db, arena, get_sql, SL_INT(id), endpoint, err);
}

static const char add_sql[] =
    "INSERT INTO integration_webhooks (school_id, provider_id, endpoint_path, name, created_at)"
    " VALUES ($1, $2, $3, $4, $5)";

int sl_endpoints_add(struct sl_db *db, struct sl_endpoint *endpoint, int64_t now_ms,
                     struct sl_err *err)
{
    return sl_db_insert(db, add_sql,
                        SL_PARAMS(SL_ID(endpoint->school_id), SL_INT(endpoint->provider_id),
                                  SL_TEXT(endpoint->token_hash), SL_TEXT(endpoint->name),
                                  SL_INT(now_ms)),
                        &endpoint->id, err) < 0
               ? -1
               : 0;
}

static const char seal_sql[] =
    "UPDATE integration_webhooks SET secret_key = $1, route = $2 WHERE id = $3";
static const char rotate_sql[] =
    "UPDATE integration_webhooks SET endpoint_path = $1, is_active = 1 WHERE id = $2";
static const char disable_sql[] = "UPDATE integration_webhooks SET is_active = 0 WHERE id = $1";

int sl_endpoints_seal(struct sl_db *db, int64_t id, const char *sealed, const char *route,
                      struct sl_err *err)
{
    return sl_db_run(db, seal_sql, SL_PARAMS(SL_TEXT(sealed), SL_TEXT(route), SL_INT(id)), err);
}

int sl_endpoints_rotate(struct sl_db *db, int64_t id, const char *token_hash, struct sl_err *err)
{
    return sl_db_run(db, rotate_sql, SL_PARAMS(SL_TEXT(token_hash), SL_INT(id)), err);
}

int sl_endpoints_disable(struct sl_db *db, int64_t id, struct sl_err *err)
{
    return sl_db_run(db, disable_sql, SL_PARAMS(SL_INT(id)), err);
}

static const char list_sql[] =
    ENDPOINT_SELECT " WHERE ($1 = 0 OR w.school_id = $1) AND ($2 = 0 OR w.provider_id = $2)"
                    " ORDER BY s.code, w.id";

int sl_endpoints_list(struct sl_rows *rows, struct sl_db *db, int64_t school_id,
                      int64_t provider_id, struct sl_err *err)
{
    return sl_db_query(rows, db, list_sql, SL_PARAMS(SL_INT(school_id), SL_INT(provider_id)), err);
}

static const char by_route_sql[] = "SELECT id FROM integration_webhooks WHERE route = $1"
                                   " AND provider_id = $2 AND is_active = 1 ORDER BY id LIMIT $3";

int sl_endpoints_by_route(struct sl_db *db, int64_t provider_id, const char *route, size_t n,
                          int64_t *ids, struct sl_err *err)
{
    SL_AUTO(sl_rows_end) struct sl_rows rows = { 0 };
    int found = 0, more;

    if (sl_db_query(&rows, db, by_route_sql,
                    SL_PARAMS(SL_TEXT(route), SL_INT(provider_id), SL_INT((int64_t)n)), err) < 0)
        return -1;
    while ((more = sl_rows_next(&rows, err)) > 0)
        ids[found++] = sl_row_int(&rows, 0);
    return more < 0 ? -1 : found;
}

int sl_endpoints_next(struct sl_rows *rows, struct sl_endpoint *endpoint, struct sl_err *err)
{
    int more = sl_rows_next(rows, err);

    if (more > 0)
        *endpoint = endpoint_at(rows);
    return more;
}
