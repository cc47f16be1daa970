/* What the store promises of messages: one line once, a status only moves up. */
#include "tests/unit/fixture.h"

#include <stdio.h>

#include "lib/store/messages.h"

struct world {
    struct sl_db *db;
    struct sl_batch batch;
};

static struct world open_world(void)
{
    struct world world = { .db = fixture_open(),
                           .batch = { .public_id = "01BATCH",
                                      .school_id = GREENHILL,
                                      .provider_id = AFRICASTALKING,
                                      .kind = "sms.bulk",
                                      .text_hash = "x" } };
    struct sl_err err;

    assert_int_equal(sl_batches_add(world.db, &world.batch, test_now_ms, &err), 0);
    return world;
}

static int add(const struct world *world, int64_t line, const char *address, int64_t dedupe,
               bool *duplicate)
{
    const struct sl_message message = { .batch_id = world->batch.id,
                                        .line = line,
                                        .address_given = "0711 000 001",
                                        .address = address,
                                        .dedupe = dedupe,
                                        .status = "queued" };
    struct sl_err err;

    return sl_messages_add(world->db, &message, test_now_ms, duplicate, &err);
}

/* The first message, taken by the provider as ATXid_1. */
static void send_first(const struct world *world, const char *address)
{
    const struct sl_message_news sent = { .status = "sent", .external_reference = "ATXid_1" };
    struct sl_err err;
    bool duplicate;

    assert_int_equal(add(world, 2, address, 7, &duplicate), 1);
    assert_int_equal(sl_messages_settle(world->db, 1, &sent, test_now_ms, &err), 0);
}

static int report(const struct world *world, const char *phone, const char *status,
                  int64_t *changed)
{
    struct sl_err err;

    return sl_messages_report(world->db, GREENHILL, AFRICASTALKING, "ATXid_1", phone, status,
                              "UserDoesNotExist", test_now_ms, changed, &err);
}

static void a_line_is_recorded_once(void **state)
{
    struct world world = open_world();
    bool duplicate;

    (void)state;
    assert_int_equal(add(&world, 2, "+254711000001", 7, &duplicate), 1);
    assert_int_equal(add(&world, 2, "+254711000002", 8, &duplicate), 0);
    assert_false(duplicate);
    sl_db_close(&world.db);
}

static void the_same_number_and_text_is_told(void **state)
{
    struct world world = open_world();
    bool duplicate;

    (void)state;
    assert_int_equal(add(&world, 2, "+254711000001", 7, &duplicate), 1);
    assert_int_equal(add(&world, 3, "+254711000001", 7, &duplicate), 0);
    assert_true(duplicate);
    sl_db_close(&world.db);
}

static void a_status_only_moves_up(void **state)
{
    struct world world = open_world();
    int64_t changed;

    (void)state;
    send_first(&world, "+254711000001");
    assert_int_equal(report(&world, "254711000001", "undelivered", &changed), 1);
    assert_int_equal(changed, 1);
    assert_int_equal(report(&world, "+254711000001", "sent", &changed), 1);
    assert_int_equal(changed, 0);
    assert_int_equal(report(&world, "+254711000001", "delivered", &changed), 1);
    assert_int_equal(changed, 1);
    assert_int_equal(report(&world, "+254711000001", "undelivered", &changed), 1);
    assert_int_equal(changed, 0);
    sl_db_close(&world.db);
}

static const char *status_of(const struct world *world, int64_t id, const char **reference)
{
    static char status[16], external[16];
    SL_AUTO(sl_rows_end) struct sl_rows rows = { 0 };
    struct sl_message message;
    struct sl_err err;

    assert_int_equal(sl_messages_one(&rows, world->db, id, &err), 0);
    assert_int_equal(sl_messages_next(&rows, &message, &err), 1);
    (void)snprintf(status, sizeof status, "%s", message.status);
    (void)snprintf(external, sizeof external, "%s",
                   message.external_reference ? message.external_reference : "");
    *reference = external;
    return status;
}

static void an_answer_settles_only_what_is_not_over(void **state)
{
    static const struct {
        const char *before, *after, *reference;
    } cases[] = {
        { "queued", "sent", "ATXid_2" },
        { "unknown", "sent", "ATXid_2" },
        { "sent", "sent", "ATXid_2" },
        { "undelivered", "undelivered", "ATXid_2" },
        { "delivered", "delivered", "ATXid_2" },
        { "failed", "failed", "" },
        { "skipped", "skipped", "" },
        { "cancelled", "cancelled", "" },
    };
    const struct sl_message_news sent = { .status = "sent", .external_reference = "ATXid_2" };
    struct world world = open_world();
    const char *reference;
    struct sl_err err;
    bool duplicate;

    (void)state;
    for (size_t i = 0; i < SL_COUNT(cases); i++) {
        const struct sl_message message = { .batch_id = world.batch.id,
                                            .line = (int64_t)i + 2,
                                            .address_given = "0711 000 001",
                                            .status = cases[i].before };
        int64_t id = (int64_t)i + 1;

        assert_int_equal(sl_messages_add(world.db, &message, test_now_ms, &duplicate, &err), 1);
        assert_int_equal(sl_messages_settle(world.db, id, &sent, test_now_ms, &err), 0);
        assert_string_equal(status_of(&world, id, &reference), cases[i].after);
        assert_string_equal(reference, cases[i].reference);
    }
    sl_db_close(&world.db);
}

static void a_report_for_another_number_changes_nothing(void **state)
{
    struct world world = open_world();
    int64_t changed;

    (void)state;
    send_first(&world, "+254711000001");
    assert_int_equal(report(&world, "+254711000002", "delivered", &changed), 1);
    assert_int_equal(changed, 0);
    sl_db_close(&world.db);
}

static void a_report_for_a_person_who_was_forgotten_changes_nothing(void **state)
{
    struct world world = open_world();
    int64_t changed;

    (void)state;
    send_first(&world, NULL);
    assert_int_equal(report(&world, "+254711000001", "delivered", &changed), 1);
    assert_int_equal(changed, 0);
    sl_db_close(&world.db);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_is_recorded_once),
        cmocka_unit_test(the_same_number_and_text_is_told),
        cmocka_unit_test(a_status_only_moves_up),
        cmocka_unit_test(an_answer_settles_only_what_is_not_over),
        cmocka_unit_test(a_report_for_another_number_changes_nothing),
        cmocka_unit_test(a_report_for_a_person_who_was_forgotten_changes_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
