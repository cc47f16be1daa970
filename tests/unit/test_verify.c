/* Rows that were removed, inserted or moved are named; old ones can be pruned. */
#include "tests/unit/trail.h"

enum { ROWS = 5 };

/* ---- Removed, inserted, moved ------------------------------------------------------------- */

#define COLUMNS                                                                                    \
    "school_id, provider_id, direction, operation, reference_type, reference_id, request_data,"    \
    " response_data, status, status_code, error_message, duration_ms, external_reference,"         \
    " ip_address, created_at, attempt, actor, salt, body_digest, previous_hash, hash"
#define MOVE_UP                                                                                    \
    "UPDATE integration_logs SET id = id + 1000 WHERE id >= 3;"                                    \
    "UPDATE log_phones SET log_id = log_id + 1000 WHERE log_id >= 3;"                              \
    "UPDATE log_phones SET log_id = log_id - 999 WHERE log_id >= 1000;"                            \
    "UPDATE integration_logs SET id = id - 999 WHERE id >= 1000;"

static void rows_that_were_removed_are_named(void **state)
{
    struct sl_service *service = ((struct trail *)*state)->service;
    struct sl_verified verified;

    add_rows(service, ROWS);
    assert_broken(service, "DELETE FROM integration_logs WHERE id = 3", SL_BREAK_REMOVED, 3);
    assert_broken(service, "DELETE FROM integration_logs WHERE id = 1", SL_BREAK_REMOVED, 1);
    verified = verify_after(service, "DELETE FROM integration_logs WHERE id IN (2, 3, 4)");
    assert_int_equal(verified.n_breaks, 1);
    assert_int_equal(verified.breaks[0].id, 2);
    assert_int_equal(verified.breaks[0].last_id, 4);
}

static void a_row_that_was_inserted_is_named(void **state)
{
    struct sl_service *service = ((struct trail *)*state)->service;

    add_rows(service, ROWS);
    lift_constraints(service);
    assert_broken(service,
                  MOVE_UP "INSERT INTO integration_logs (id, " COLUMNS ") SELECT 3, " COLUMNS
                          " FROM integration_logs WHERE id = 4",
                  SL_BREAK_EDITED, 3);
    assert_broken(service, MOVE_UP, SL_BREAK_REMOVED, 3);
    assert_broken(service,
                  "INSERT INTO integration_logs (id, " COLUMNS ") SELECT 6, " COLUMNS
                  " FROM integration_logs WHERE id = 5",
                  SL_BREAK_INSERTED, 5);
}

#define CLOSE_GAP                                                                                  \
    "UPDATE integration_logs SET id = id + 1000 WHERE id > 5;"                                     \
    "UPDATE log_phones SET log_id = log_id + 1000 WHERE log_id > 5;"                               \
    "UPDATE log_phones SET log_id = log_id - 1001 WHERE log_id >= 1000;"                           \
    "UPDATE integration_logs SET id = id - 1001 WHERE id >= 1000;"

static void what_follows_a_row_that_came_or_went_is_read_as_it_was_written(void **state)
{
    struct sl_service *service = ((struct trail *)*state)->service;
    struct sl_verified verified;

    add_rows(service, 20);
    lift_constraints(service);
    verified =
        verify_after(service, MOVE_UP "INSERT INTO integration_logs (id, " COLUMNS
                                      ") SELECT 3, " COLUMNS " FROM integration_logs WHERE id = 9;"
                                      "UPDATE integration_logs SET actor = 'x' WHERE id = 15");
    assert_int_equal(verified.n_breaks, 3);
    assert_int_equal(verified.breaks[0].kind, SL_BREAK_EDITED);
    assert_int_equal(verified.breaks[1].kind, SL_BREAK_INSERTED);
    assert_int_equal(verified.breaks[1].id, 3);
    assert_int_equal(verified.breaks[2].kind, SL_BREAK_EDITED);
    assert_int_equal(verified.breaks[2].id, 15);

    verified = verify_after(service, "DELETE FROM integration_logs WHERE id = 5;"
                                     "DELETE FROM log_phones WHERE log_id = 5;" CLOSE_GAP);
    assert_int_equal(verified.n_breaks, 2);
    assert_int_equal(verified.breaks[0].kind, SL_BREAK_MOVED);
    assert_int_equal(verified.breaks[1].kind, SL_BREAK_REMOVED);
    assert_int_equal(verified.breaks[1].id, 5);
}

static void rows_that_changed_places_are_named(void **state)
{
    struct sl_service *service = ((struct trail *)*state)->service;
    struct sl_verified verified;

    add_rows(service, ROWS);
    lift_constraints(service);
    verified = verify_after(service, "UPDATE integration_logs SET id = 99 WHERE id = 2;"
                                     "UPDATE integration_logs SET id = 2 WHERE id = 3;"
                                     "UPDATE integration_logs SET id = 3 WHERE id = 99");
    assert_true(verified.n_breaks >= 2);
    assert_int_equal(verified.breaks[0].kind, SL_BREAK_MOVED);
    assert_int_equal(verified.breaks[0].id, 2);
    assert_int_equal(verified.breaks[1].kind, SL_BREAK_MOVED);
    assert_int_equal(verified.breaks[1].id, 3);
}

/* As one who knows how the hash is made writes it. */
static void rewrite(struct sl_service *service, int64_t id)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    struct sl_buf scratch = sl_buf_new(arena);
    SL_AUTO(sl_rows_end) struct sl_rows rows = { 0 };
    struct sl_log_row row;
    char hash[SL_LOG_HASH_SIZE], sql[250];
    struct sl_err err;

    must(sl_logs_find(&rows, service->db, id, &err), &err);
    must(sl_logs_next(&rows, &row, &err), &err);
    row.cells[SL_LOG_ACTOR] = sl_log_text("nobody");
    sl_chain_hash(&scratch, &row, hash);
    (void)snprintf(sql, sizeof sql,
                   "UPDATE integration_logs SET actor = 'nobody', hash = '%s' WHERE id = %" PRId64,
                   hash, id);
    sl_rows_end(&rows);
    must(sl_db_script(service->db, sql, &err), &err);
}

static void a_row_that_was_rewritten_with_its_hash_is_named(void **state)
{
    struct sl_service *service = ((struct trail *)*state)->service;
    struct sl_verified verified, noted;

    add_rows(service, ROWS);
    noted = verify(service);
    rewrite(service, 3);
    verified = verify(service);
    assert_int_equal(verified.n_breaks, 1);
    assert_int_equal(verified.breaks[0].kind, SL_BREAK_EDITED);
    assert_int_equal(verified.breaks[0].id, 3);

    rewrite(service, ROWS); /* the last one: only who noted it knows */
    assert_int_equal(verify(service).n_breaks, 1);
    assert_int_equal(verify_expecting(service, &noted.head).n_breaks, 2);
}

static void a_tail_that_was_cut_off_is_found_by_who_noted_the_head(void **state)
{
    struct sl_service *service = ((struct trail *)*state)->service;
    struct sl_verified noted, verified;
    struct sl_err err;

    add_plain_rows(service, ROWS);
    noted = verify(service);
    assert_int_equal(noted.head.id, ROWS);
    must(sl_db_script(service->db, "DELETE FROM integration_logs WHERE id >= 4", &err), &err);
    assert_int_equal(verify(service).n_breaks, 0);
    verified = verify_expecting(service, &noted.head);
    assert_int_equal(verified.n_breaks, 1);
    assert_int_equal(verified.breaks[0].kind, SL_BREAK_CUT);
    assert_int_equal(verified.breaks[0].id, 4);
    assert_int_equal(verified.breaks[0].last_id, 5);

    add_plain_rows(service, 2); /* and written anew */
    assert_int_equal(verify(service).n_breaks, 0);
    verified = verify_expecting(service, &noted.head);
    assert_int_equal(verified.n_breaks, 1);
    assert_int_equal(verified.breaks[0].id, 5);
}

static void phones_that_outlive_their_rows_tell_of_a_cut_tail(void **state)
{
    struct sl_service *service = ((struct trail *)*state)->service;

    add_rows(service, ROWS);
    lift_constraints(service);
    assert_broken(service, "DELETE FROM integration_logs WHERE id >= 4", SL_BREAK_CUT, 4);
}

/* ---- Pruning ------------------------------------------------------------------------------ */

static void old_rows_go_and_the_chain_holds(void **state)
{
    struct sl_service *service = ((struct trail *)*state)->service;
    struct sl_verified verified, noted;
    struct sl_pruned pruned;

    add_old_rows(service, 2500, 1000);
    noted = verify(service);
    add_old_rows(service, 3, 5000);
    add_old_rows(service, 1, 1000); /* its clock was wrong; it is behind a younger one and stays */
    pruned = prune(service, 2000);
    assert_int_equal(pruned.removed, 2500);
    assert_int_equal(pruned.last_id, 2500);
    verified = verify_expecting(service, &noted.head);
    assert_int_equal(verified.n_breaks, 0);
    assert_int_equal(verified.rows, 5); /* with the one that says so */
    assert_int_equal(verified.first_id, 2501);
    assert_int_equal(verified.anchors, 1);
    assert_int_equal(verified.removed, 2500);
    assert_false(verified.expected_pruned);

    assert_int_equal(prune(service, INT64_MAX).removed, 5);
    assert_whole(service, 1);
    add_rows(service, 2);
    assert_whole(service, 3);
    assert_int_equal(verify(service).anchors, 2);
}

static void what_was_pruned_without_an_anchor_is_missed(void **state)
{
    struct sl_service *service = ((struct trail *)*state)->service;

    add_old_rows(service, 10, 1000);
    add_rows(service, ROWS);
    (void)prune(service, 2000);
    assert_broken(service, "DELETE FROM log_anchors", SL_BREAK_REMOVED, 1);
    assert_broken(service, "DELETE FROM integration_logs WHERE id = 11", SL_BREAK_REMOVED, 11);
    assert_broken(service,
                  "UPDATE log_anchors SET last_id = 11;"
                  "DELETE FROM integration_logs WHERE id = 11",
                  SL_BREAK_ANCHOR, 11);
    assert_broken(service, "UPDATE log_anchors SET removed = 11", SL_BREAK_ANCHOR, 10);
    assert_broken(service, "UPDATE log_anchors SET hash = lower(hex(zeroblob(32)))",
                  SL_BREAK_ANCHOR, 10);
    assert_broken(service,
                  "UPDATE log_anchors SET signature = 'a' || substr(signature, 2)"
                  " WHERE signature NOT LIKE 'a%';"
                  "UPDATE log_anchors SET signature = signature || '0'",
                  SL_BREAK_ANCHOR, 10);
}

static void an_empty_trail_goes_on_behind_its_anchor(void **state)
{
    struct sl_service *service = ((struct trail *)*state)->service;
    struct sl_err err;

    add_old_rows(service, 4, 1000);
    (void)prune(service, 2000);
    must(sl_db_script(service->db, "DELETE FROM integration_logs", &err), &err);
    add_rows(service, 1);
    assert_whole(service, 1);
    assert_int_equal(verify(service).head.id, 5);
}

static void nothing_old_is_no_act(void **state)
{
    struct sl_service *service = ((struct trail *)*state)->service;
    struct sl_pruned pruned;
    struct sl_err err;

    add_old_rows(service, 2, 1000);
    must(sl_prune(service, 2000, true, now_ms, &pruned, &err), &err);
    assert_int_equal(pruned.removed, 2);
    assert_int_equal(prune(service, 500).removed, 0);
    assert_whole(service, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(rows_that_were_removed_are_named),
        TEST(a_row_that_was_inserted_is_named),
        TEST(what_follows_a_row_that_came_or_went_is_read_as_it_was_written),
        TEST(rows_that_changed_places_are_named),
        TEST(a_row_that_was_rewritten_with_its_hash_is_named),
        TEST(a_tail_that_was_cut_off_is_found_by_who_noted_the_head),
        TEST(phones_that_outlive_their_rows_tell_of_a_cut_tail),
        TEST(old_rows_go_and_the_chain_holds),
        TEST(what_was_pruned_without_an_anchor_is_missed),
        TEST(an_empty_trail_goes_on_behind_its_anchor),
        TEST(nothing_old_is_no_act),
    };

    sl_crypto_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
