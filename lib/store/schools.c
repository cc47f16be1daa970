#include "lib/store/schools.h"

#include "lib/base/text.h"
#include "lib/store/nearest.h"
#include "lib/store/sql.h"

#define SCHOOL_COLUMNS                                                                               \
    "id, code, name, country, timezone, currency, status, receipt_template, created_at, updated_at," \
    " keep_days"

/* Borrows the row's text. */
static struct sl_school school_at(const struct sl_rows *rows)
{
    return (struct sl_school){
        .id = sl_row_int(rows, 0),
        .code = sl_row_text(rows, 1),
        .name = sl_row_text(rows, 2),
        .country = sl_row_text(rows, 3),
        .timezone = sl_row_text(rows, 4),
        .currency = sl_row_text(rows, 5),
        .status = sl_row_text(rows, 6),
        .receipt_template = sl_row_text(rows, 7),
        .created_at = sl_row_int(rows, 8),
        .updated_at = sl_row_int(rows, 9),
        .keep_days = sl_row_text(rows, 10),
    };
}

static struct sl_school keep(struct sl_arena *arena, struct sl_school school)
{
    school.code = sl_arena_strdup(arena, school.code);
    school.name = sl_arena_strdup(arena, school.name);
    school.country = sl_arena_strdup(arena, school.country);
    school.timezone = sl_arena_strdup(arena, school.timezone);
    school.currency = sl_arena_strdup(arena, school.currency);
    school.status = sl_arena_strdup(arena, school.status);
    school.receipt_template = sl_arena_strdup(arena, school.receipt_template);
    school.keep_days = sl_arena_strdup(arena, school.keep_days);
    return school;
}

static int get_one(struct sl_db *db, struct sl_arena *arena, const char *sql, struct sl_value param,
                   struct sl_school *school, struct sl_err *err)
{
    SL_AUTO(sl_rows_end) struct sl_rows rows = { 0 };
    int more = sl_db_first(&rows, db, sql, &param, 1, err);

    if (more > 0)
        *school = keep(arena, school_at(&rows));
    return more;
}

/* ---- Adding and changing ------------------------------------------------------------- */

static const char add_sql[] =
    "INSERT INTO schools (code, name, country, timezone, currency, status, receipt_template,"
    " created_at, updated_at, keep_days) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8, $9)"
    " ON CONFLICT (code) DO NOTHING";

int sl_schools_add(struct sl_db *db, const struct sl_school *school, int64_t now_ms,
                   struct sl_err *err)
{
    const char *status = school->status ? school->status : "active";
    int added =
        sl_db_run(db, add_sql,
                  SL_PARAMS(SL_TEXT(school->code), SL_TEXT(school->name), SL_TEXT(school->country),
                            SL_TEXT(school->timezone), SL_TEXT(school->currency), SL_TEXT(status),
                            SL_TEXT(school->receipt_template), SL_INT(now_ms),
                            SL_TEXT(school->keep_days)),
                  err);

    if (added != 0)
        return added < 0 ? -1 : 0;
    (void)sl_err_set(err, SL_ERR_DATA, "there is a school '%s' already", school->code);
    return sl_err_hint(err, "change it with `sl-config school edit %s`", school->code);
}

static const char edit_sql[] =
    "UPDATE schools SET name = $1, country = $2, timezone = $3, currency = $4, status = $5,"
    " receipt_template = $6, updated_at = $7, keep_days = $9 WHERE id = $8";

int sl_schools_edit(struct sl_db *db, const struct sl_school *school, int64_t now_ms,
                    struct sl_err *err)
{
    int changed =
        sl_db_run(db, edit_sql,
                  SL_PARAMS(SL_TEXT(school->name), SL_TEXT(school->country),
                            SL_TEXT(school->timezone), SL_TEXT(school->currency),
                            SL_TEXT(school->status), SL_TEXT(school->receipt_template),
                            SL_INT(now_ms), SL_INT(school->id), SL_TEXT(school->keep_days)),
                  err);

    if (changed == 0)
        return sl_err_set(err, SL_ERR_CONFIG, "there is no school with id %lld",
                          (long long)school->id);
    return changed < 0 ? -1 : 0;
}

/* ---- Finding ------------------------------------------------------------------------- */

static const char get_sql[] = "SELECT " SCHOOL_COLUMNS " FROM schools WHERE id = $1";
static const char find_sql[] = "SELECT " SCHOOL_COLUMNS " FROM schools WHERE code = $1";
static const char codes_sql[] = "SELECT code FROM schools WHERE code <> 'everyone'";

int sl_schools_get(struct sl_db *db, struct sl_arena *arena, int64_t id, struct sl_school *school,
                   struct sl_err *err)
{
    return get_one(db, arena, get_sql, SL_INT(id), school, err);
}

/* A code is never a number, so that no id is taken for one. */
int sl_schools_find(struct sl_db *db, struct sl_arena *arena, const char *code_or_id,
                    struct sl_school *school, struct sl_err *err)
{
    int64_t id;
    int found = sl_parse_int(code_or_id, 1, INT64_MAX, &id)
                    ? sl_schools_get(db, arena, id, school, err)
                    : get_one(db, arena, find_sql, SL_TEXT(code_or_id), school, err);

    if (found != 0)
        return found < 0 ? -1 : 0;
    (void)sl_err_set(err, SL_ERR_CONFIG, "there is no school '%s'", code_or_id);
    return sl_hint_nearest(db, codes_sql, code_or_id,
                           "`sl-config school list` shows them, `sl-config school add` makes one",
                           err);
}

static const char list_sql[] =
    "SELECT " SCHOOL_COLUMNS " FROM schools WHERE code <> 'everyone' ORDER BY code";

int sl_schools_list(struct sl_rows *rows, struct sl_db *db, struct sl_err *err)
{
    return sl_db_query(rows, db, list_sql, SL_NO_PARAMS, err);
}

int sl_schools_next(struct sl_rows *rows, struct sl_school *school, struct sl_err *err)
{
    int more = sl_rows_next(rows, err);

    if (more > 0)
        *school = school_at(rows);
    return more;
}
