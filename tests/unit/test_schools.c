/* What the stores of schools and providers promise, on a real database in memory. */
#include <stdarg.h> /* cmocka.h wants these four before it */
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "lib/base/arena.h"
#include "lib/store/configs.h"
#include "lib/store/migrate.h"
#include "lib/store/schools.h"

struct place {
    struct sl_arena *arena;
    struct sl_db *db;
};

static int open_memory(void **state)
{
    static struct place place;
    struct sl_err err;

    place.arena = sl_arena_new();
    if (sl_db_create(&place.db, ":memory:", &err) < 0 || sl_store_create(place.db, 1000, &err) < 0)
        fail_msg("%s", err.text);
    *state = &place;
    return 0;
}

static int close_memory(void **state)
{
    struct place *place = *state;

    sl_db_close(&place->db);
    sl_arena_free(&place->arena);
    return 0;
}

static struct sl_school school(const char *code)
{
    return (struct sl_school){ .code = code,
                               .name = "A school",
                               .country = "KE",
                               .timezone = "Africa/Nairobi",
                               .currency = "KES" };
}

static void add(struct place *place, const char *code)
{
    struct sl_school made = school(code);
    struct sl_err err;

    assert_int_equal(sl_schools_add(place->db, &made, 1000, &err), 0);
}

static void a_school_is_found_by_code_and_by_id(void **state)
{
    struct place *place = *state;
    struct sl_school by_code, by_id;
    struct sl_err err;
    char id[24];

    add(place, "greenhill");
    assert_int_equal(sl_schools_find(place->db, place->arena, "greenhill", &by_code, &err), 0);
    assert_string_equal(by_code.status, "active");
    assert_null(by_code.receipt_template);
    assert_int_equal(by_code.created_at, 1000);
    (void)snprintf(id, sizeof id, "%lld", (long long)by_code.id);
    assert_int_equal(sl_schools_find(place->db, place->arena, id, &by_id, &err), 0);
    assert_string_equal(by_id.code, "greenhill");
}

static void an_unknown_school_gets_the_nearest_one_as_a_hint(void **state)
{
    struct place *place = *state;
    struct sl_school found;
    struct sl_err err;

    add(place, "greenhill");
    add(place, "hilltop");
    assert_int_equal(sl_schools_find(place->db, place->arena, "grenhill", &found, &err), -1);
    assert_int_equal(err.code, SL_ERR_CONFIG);
    assert_string_equal(err.hint, "did you mean 'greenhill'?");
    assert_int_equal(sl_schools_find(place->db, place->arena, "x", &found, &err), -1);
    assert_non_null(strstr(err.hint, "sl-config school list"));
    assert_int_equal(sl_schools_get(place->db, place->arena, 99, &found, &err), 0);
}

static void a_code_is_given_once(void **state)
{
    struct place *place = *state;
    struct sl_school again = school("greenhill");
    struct sl_err err;

    add(place, "greenhill");
    assert_int_equal(sl_schools_add(place->db, &again, 2000, &err), -1);
    assert_int_equal(err.code, SL_ERR_DATA);
}

static void an_edit_keeps_code_id_and_birthday(void **state)
{
    struct place *place = *state;
    struct sl_school edited, found;
    struct sl_err err;

    add(place, "greenhill");
    assert_int_equal(sl_schools_find(place->db, place->arena, "greenhill", &edited, &err), 0);
    edited.name = "Another name";
    edited.receipt_template = "Thank you";
    edited.status = "closed";
    assert_int_equal(sl_schools_edit(place->db, &edited, 2000, &err), 0);
    assert_int_equal(sl_schools_find(place->db, place->arena, "greenhill", &found, &err), 0);
    assert_string_equal(found.name, "Another name");
    assert_string_equal(found.receipt_template, "Thank you");
    assert_string_equal(found.status, "closed");
    assert_int_equal(found.id, edited.id);
    assert_int_equal(found.created_at, 1000);
    assert_int_equal(found.updated_at, 2000);
}

static void the_list_is_by_code_and_without_everyone(void **state)
{
    struct place *place = *state;
    SL_AUTO(sl_rows_end) struct sl_rows rows = { 0 };
    struct sl_school found;
    struct sl_err err;

    add(place, "hilltop");
    add(place, "greenhill");
    assert_int_equal(sl_schools_list(&rows, place->db, &err), 0);
    assert_int_equal(sl_schools_next(&rows, &found, &err), 1);
    assert_string_equal(found.code, "greenhill");
    assert_int_equal(sl_schools_next(&rows, &found, &err), 1);
    assert_string_equal(found.code, "hilltop");
    assert_int_equal(sl_schools_next(&rows, &found, &err), 0);
}

static void registering_again_changes_nothing(void **state)
{
    struct place *place = *state;
    const struct sl_provider smtp = { .category = "email",
                                      .name = "SMTP",
                                      .code = "smtp",
                                      .adapter_class = "SmtpAdapter",
                                      .config_schema = "{}" };
    struct sl_provider found;
    struct sl_err err;

    assert_int_equal(sl_providers_find(place->db, place->arena, "smtp", &found, &err), 0);
    assert_false(found.is_active);
    assert_int_equal(sl_providers_register(place->db, &smtp, 1000, &err), 1);
    assert_int_equal(sl_providers_register(place->db, &smtp, 2000, &err), 0);
    assert_int_equal(sl_providers_find(place->db, place->arena, "smtp", &found, &err), 0);
    assert_true(found.is_active);
    assert_string_equal(found.config_schema, "{}");
    assert_int_equal(sl_providers_find(place->db, place->arena, "smpt", &found, &err), -1);
    assert_int_equal(err.code, SL_ERR_CONFIG);
}

static void a_category_lists_its_own_providers(void **state)
{
    struct place *place = *state;
    SL_AUTO(sl_rows_end) struct sl_rows rows = { 0 };
    struct sl_provider found;
    struct sl_err err;
    int n = 0;

    assert_int_equal(sl_providers_list(&rows, place->db, "payment", &err), 0);
    for (; sl_providers_next(&rows, &found, &err) > 0; n++)
        assert_string_equal(found.category, "payment");
    assert_int_equal(n, 3);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, open_memory, close_memory)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_school_is_found_by_code_and_by_id),
        TEST(an_unknown_school_gets_the_nearest_one_as_a_hint),
        TEST(a_code_is_given_once),
        TEST(an_edit_keeps_code_id_and_birthday),
        TEST(the_list_is_by_code_and_without_everyone),
        TEST(registering_again_changes_nothing),
        TEST(a_category_lists_its_own_providers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
