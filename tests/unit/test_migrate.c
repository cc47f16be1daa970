/* A database of an earlier version becomes one of this version, and loses nothing. */
#include <stdarg.h> /* cmocka.h wants these four before it */
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/arena.h"
#include "lib/store/accounts.h"
#include "lib/store/migrate.h"
#include "lib/store/sql.h"

#include "tests/unit/expect_ok.h"

static const int64_t now_ms = 1795500000000; /* 24 November 2026 */

/* What a file of statements makes, under its version's number. */
static struct sl_db *open_old(const char *path, const char *set_version)
{
    FILE *file = fopen(path, "r");
    static char sql[256 * 1024];
    struct sl_db *db = NULL;
    size_t n;

    assert_non_null(file);
    n = fread(sql, 1, sizeof sql - 1, file);
    assert_int_equal(fclose(file), 0);
    assert_true(n < sizeof sql - 1);
    sql[n] = '\0';
    OK(sl_db_create(&db, ":memory:", &err));
    OK(sl_db_script(db, sql, &err));
    OK(sl_db_script(db, set_version, &err));
    return db;
}

/* The tables as the first version made them. */
static struct sl_db *open_first(void)
{
    return open_old("tests/data/schema-1.sql", "PRAGMA user_version = 1");
}

/* The second version in use: `.dump` of sqlite3, after texts, mails, payments, callbacks, hooks and a
 * rotation of keys. */
static struct sl_db *open_second(void)
{
    return open_old("tests/data/populated-2.sql", "PRAGMA user_version = 2");
}

static const char columns_sql[] =
    "SELECT m.name || '.' || c.name || ' ' || c.type || ' ' || c.\"notnull\" || ' ' || c.pk || ' ' ||"
    " coalesce(c.dflt_value, '-') FROM sqlite_master m JOIN pragma_table_info(m.name) c"
    " WHERE m.type = 'table' ORDER BY m.name, c.cid";
static const char indexes_sql[] =
    "SELECT tbl_name || ' ' || replace(sql, char(10) || '    ', ' ') FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
    " ORDER BY name";
static const char references_sql[] =
    "SELECT m.name || '.' || f.\"from\" || ' ' || f.\"table\" || ' ' || f.on_delete FROM sqlite_master m"
    " JOIN pragma_foreign_key_list(m.name) f WHERE m.type = 'table' ORDER BY m.name, f.\"from\"";

static const char *listing(struct sl_arena *arena, struct sl_db *db, const char *sql)
{
    SL_AUTO(sl_rows_end) struct sl_rows rows = { 0 };
    struct sl_buf out = sl_buf_new(arena);

    OK(sl_db_query(&rows, db, sql, SL_NO_PARAMS, &err));
    while (sl_rows_next(&rows, &err) > 0)
        sl_buf_printf(&out, "%s\n", sl_row_text(&rows, 0));
    return out.data;
}

static void expect_same_schema(struct sl_arena *arena, struct sl_db *old, struct sl_db *new)
{
    assert_string_equal(listing(arena, old, columns_sql), listing(arena, new, columns_sql));
    assert_string_equal(listing(arena, old, indexes_sql), listing(arena, new, indexes_sql));
    assert_string_equal(listing(arena, old, references_sql), listing(arena, new, references_sql));
}

static void it_gets_the_tables_of_a_new_one(void **state)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    SL_AUTO(sl_db_close) struct sl_db *old = open_first();
    SL_AUTO(sl_db_close) struct sl_db *new = NULL;
    int64_t from = 0;

    (void)state;
    OK(sl_db_create(&new, ":memory:", &err));
    OK(sl_store_create(new, now_ms, &err));
    OK(sl_store_migrate(old, now_ms, false, &from, &err));
    assert_int_equal(from, 1);
    expect_same_schema(arena, old, new);
}

static void it_gets_them_from_the_second_too(void **state)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    SL_AUTO(sl_db_close) struct sl_db *old = open_second();
    SL_AUTO(sl_db_close) struct sl_db *new = NULL;
    int64_t from = 0;

    (void)state;
    OK(sl_db_create(&new, ":memory:", &err));
    OK(sl_store_create(new, now_ms, &err));
    OK(sl_store_migrate(old, now_ms, false, &from, &err));
    assert_int_equal(from, 2);
    expect_same_schema(arena, old, new);
}

/* For each table: a statement that prints all of its rows, by the columns that it has now. */
static const char readers_sql[] =
    "SELECT 'SELECT ''' || m.name || ' '' || ' || group_concat('quote(' || c.name || ')', ' || '','' || ')"
    " || ' FROM ' || m.name || ' ORDER BY 1' FROM sqlite_master m"
    " JOIN pragma_table_info(m.name) c WHERE m.type = 'table' GROUP BY m.name";

static const char *all_rows(struct sl_arena *arena, struct sl_db *db, const char *readers)
{
    struct sl_buf out = sl_buf_new(arena);

    for (const char *end; *readers && (end = strchr(readers, '\n')); readers = end + 1) {
        const char *rows =
            listing(arena, db, sl_arena_memdup(arena, readers, (size_t)(end - readers)));

        sl_buf_text(&out, rows ? rows : "");
    }
    return out.data;
}

static void no_row_is_lost_or_changed(void **state)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    SL_AUTO(sl_db_close) struct sl_db *db = open_second();
    const char *readers = listing(arena, db, readers_sql), *before = all_rows(arena, db, readers);
    int64_t from = 0;

    (void)state;
    assert_non_null(strstr(before, "hooks 1,"));
    assert_non_null(strstr(before, "payments 1,"));
    assert_non_null(strstr(before, "integration_logs 71,"));
    OK(sl_store_migrate(db, now_ms, false, &from, &err));
    assert_string_equal(all_rows(arena, db, readers), before);
}

static void an_account_keeps_its_block(void **state)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    SL_AUTO(sl_db_close) struct sl_db *db = open_first();
    int64_t from = 0;

    (void)state;
    OK(sl_db_script(db,
                    "INSERT INTO integration_providers (id, category, name, code, adapter_class,"
                    " created_at) VALUES (1, 'payment', 'M-Pesa', 'mpesa', 'MpesaAdapter', 1);"
                    "INSERT INTO accounts (account, provider_id, blocked, level_milli)"
                    " VALUES ('a', 1, 'refused', 7)",
                    &err));
    OK(sl_store_migrate(db, now_ms, false, &from, &err));
    assert_string_equal(listing(arena, db,
                                "SELECT blocked || ' ' || level_milli || ' ' || provider_id"
                                " FROM accounts"),
                        "refused 7 1\n");
}

static void a_dry_run_changes_nothing(void **state)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    SL_AUTO(sl_db_close) struct sl_db *db = open_first();
    const char *before = listing(arena, db, columns_sql);
    int64_t from = 0;

    (void)state;
    OK(sl_store_migrate(db, now_ms, true, &from, &err));
    assert_string_equal(listing(arena, db, columns_sql), before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_gets_the_tables_of_a_new_one),
        cmocka_unit_test(it_gets_them_from_the_second_too),
        cmocka_unit_test(no_row_is_lost_or_changed),
        cmocka_unit_test(an_account_keeps_its_block),
        cmocka_unit_test(a_dry_run_changes_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
