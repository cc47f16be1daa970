/* Personal data goes when its school has kept it long enough; the rest stays, and the chain holds. */
#include "tests/unit/trail.h"

#include "lib/service/keep.h"
#include "lib/store/queue.h"

/* Today is long ago, so that what a run records itself is new. */
static const int64_t day_ms = 24 * 60 * 60 * 1000, today = 1000LL * 24 * 60 * 60 * 1000;

static void run(struct sl_service *service, const char *sql)
{
    struct sl_err err;

    must(sl_db_script(service->db, sql, &err), &err);
}

static int64_t number(struct sl_service *service, const char *sql)
{
    struct sl_err err;
    int64_t value = -1;

    must(sl_db_number(service->db, sql, SL_NO_PARAMS, &value, &err), &err);
    return value;
}

static void apply(struct sl_service *service, bool dry, int64_t *counts)
{
    struct sl_err err;

    must(sl_keep_apply(service, dry, today, counts, &err), &err);
}

/* Greenhill keeps for ten days, the other school what the installation says. */
static const char greenhill_keeps_sql[] =
    "UPDATE schools SET keep_days = 'bodies=10,messages=10,callbacks=10,queue=10,events=10'"
    " WHERE id = 2";

/* A call's row, made so many days ago. */
static void add_calls(struct sl_service *service, int n, int64_t school_id, int64_t days)
{
    struct sl_log log = example();

    log.school_id = school_id;
    log.actor = NULL;
    log.created_at = today - days * day_ms;
    add_logs(service, &log, n, false);
}

/* By school S and age in days A: what is over, and of Greenhill's old also what is not. */
static void fill_records(struct sl_service *service)
{
    char sql[4000];
    static const struct {
        int school, days;
    } ages[] = { { GREENHILL, 11 }, { GREENHILL, 9 }, { OTHER, 11 } };

    for (int i = 0; i < (int)SL_COUNT(ages); i++) {
        int school = ages[i].school, id = 10 * (i + 1);
        int64_t at = today - ages[i].days * day_ms;

        (void)snprintf(
            sql, sizeof sql,
            "INSERT INTO message_batches (id, public_id, school_id, provider_id, kind, state, created_at,"
            " updated_at, finished_at) VALUES (%1$d, 'B%1$d', %2$d, 4, 'sms.bulk', 'done', 1, 1, %3$lld),"
            " (%1$d + 1, 'C%1$d', %2$d, 4, 'sms.bulk', 'sending', 1, 1, NULL);"
            "INSERT INTO integration_queue (id, school_id, provider_id, operation, payload, status, created_at,"
            " public_id, completed_at, subject_id) VALUES"
            " (%1$d, %2$d, 4, 'sms.send', '{\"text\":\"Dear\"}', 'failed', 1, 'Q', %3$lld, NULL),"
            " (%1$d + 1, %2$d, 4, 'sms.send', '{\"text\":\"Dear\"}', 'completed', 1, 'R', 1, NULL),"
            " (%1$d + 2, %2$d, 4, 'email.send', '{\"to\":\"a@b.example\"}', 'completed', 1, 'S', %3$lld, NULL),"
            " (%1$d + 3, %2$d, 4, 'email.send', '{\"to\":\"a@b.example\"}', 'pending', 1, 'T', NULL, NULL),"
            " (%1$d + 5, %2$d, 4, 'sms.send', '{\"text\":\"Dear\"}', 'completed', 1, 'V', %3$lld, NULL),"
            " (%1$d + 4, %2$d, NULL, 'hook', '{}', 'pending', 1, 'U', NULL, %1$d + 1);"
            "INSERT INTO messages (batch_id, line, address_given, address, queue_id, status, created_at,"
            " updated_at) VALUES (%1$d, 1, '0711', '+254711000001', %1$d, 'failed', 1, 1),"
            " (%1$d, 2, '0711', '+254711000001', %1$d + 5, 'unknown', 1, 1),"
            " (%1$d + 1, 1, '0711', '+254711000001', %1$d + 1, 'sent', 1, 1);"
            "INSERT INTO payments (public_id, school_id, provider_id, source, status, amount_minor, currency,"
            " phone, reference, payer, queue_id, created_at, updated_at) VALUES"
            " ('P%1$d', %2$d, 1, 'c2b', 'succeeded', 100, 'KES', '+254711', 'STU-1', 'Wanjiku', NULL, 1, 1),"
            " ('O%1$d', %2$d, 1, 'request', 'unknown', 100, 'KES', '+254711', 'STU-1', NULL, %1$d + 3, 1, 1);"
            "INSERT INTO webhook_requests (id, school_id, queue_id, hook, method, query, content_type, body,"
            " received_at) VALUES"
            " (%1$d, %2$d, NULL, 'dlr', 'POST', 'a=1', '', CAST('phone=254711000001' AS BLOB), %3$lld),"
            " (%1$d + 1, %2$d, NULL, 'dlr', 'POST', '', '', CAST('phone=254711000001' AS BLOB), %3$lld),"
            " (%1$d + 2, %2$d, %1$d + 3, 'stk', 'POST', '', '', CAST('{}' AS BLOB), %3$lld);"
            "INSERT INTO webhook_events (request_id, scope, event_key, place, kind, external_reference, state,"
            " note, created_at, updated_at) VALUES (%1$d, 'w1', 'a%1$d', 0, 'delivery', 'x', 'done', 'n', 1, 1),"
            " (%1$d + 1, 'w1', 'b%1$d', 0, 'delivery', 'x', 'held', NULL, 1, 1),"
            " (%1$d + 1, 'w1', 'c%1$d', 1, 'delivery', 'x', 'done', 'n', 1, 1);"
            "INSERT INTO hook_events (id, public_id, event_key, school_id, event, payload, created_at) VALUES"
            " (%1$d, 'E%1$d', 'E%1$d', %2$d, 'message.failed', '{\"to\":1}', %3$lld),"
            " (%1$d + 1, 'F%1$d', 'F%1$d', %2$d, 'message.failed', '{\"to\":1}', %3$lld);",
            id, school, (long long)at);
        run(service, sql);
    }
}

/* What of Greenhill's old, which are those with ids from 10 to 19, is erased, and nothing else. */
static void assert_only_the_first_went(struct sl_service *service)
{
    assert_int_equal(number(service, "SELECT count(*) FROM messages WHERE address IS NULL"), 1);
    assert_int_equal(number(service,
                            "SELECT count(*) FROM messages WHERE batch_id = 10 AND line = 1"
                            " AND address_given = '' AND status = 'failed'"),
                     1);
    assert_int_equal(number(service, "SELECT sum(id) FROM integration_queue WHERE payload ="
                                     " '" SL_QUEUE_ERASED "'"),
                     10 + 12);
    assert_int_equal(number(service, "SELECT sum(id) FROM webhook_requests WHERE length(body) = 0"),
                     10);
    assert_int_equal(number(service,
                            "SELECT count(*) FROM webhook_events WHERE external_reference IS"
                            " NULL"),
                     1);
    assert_int_equal(number(service, "SELECT sum(request_id) FROM webhook_events WHERE note IS NULL"
                                     " AND state = 'done' AND event_key = 'a10'"),
                     10);
    assert_int_equal(number(service, "SELECT sum(id) FROM hook_events WHERE payload = '{}'"), 10);
    assert_int_equal(number(service, "SELECT count(*) FROM payments WHERE phone = '+254711'"), 6);
}

static void each_kind_goes_in_its_time_and_the_other_schools_stays(void **state)
{
    struct sl_service *service = ((struct trail *)*state)->service;
    static const int64_t expected[SL_KEEP_KINDS] = { 1, 2, 2, 1, 1 };
    int64_t counts[SL_KEEP_KINDS];

    fill_records(service);
    add_calls(service, 1, GREENHILL, 11);
    add_calls(service, 1, OTHER, 11);
    add_calls(service, 1, GREENHILL, 9);
    run(service, greenhill_keeps_sql);
    apply(service, true, counts);
    assert_memory_equal(counts, expected, sizeof counts);
    assert_int_equal(number(service, "SELECT count(*) FROM integration_logs"), 3);
    apply(service, false, counts);
    assert_memory_equal(counts, expected, sizeof counts);
    assert_only_the_first_went(service);
    assert_int_equal(number(service,
                            "SELECT sum(id) FROM integration_logs WHERE request_data IS NULL"
                            " AND response_data IS NULL"),
                     1);
    assert_int_equal(number(service, "SELECT count(*) FROM log_phones WHERE log_id = 1"), 0);
    assert_int_equal(number(service, "SELECT count(*) FROM log_phones"), 4);
    assert_int_equal(
        number(service,
               "SELECT count(*) FROM integration_logs WHERE school_id = 2"
               " AND operation = 'logs.keep' AND request_data ="
               " '{\"bodies\":1,\"messages\":2,\"callbacks\":2,\"queue\":1,\"events\":1}'"),
        1);
    assert_whole(service, 5);

    apply(service, false, counts);
    assert_int_equal(counts[SL_KEEP_BODIES] + counts[SL_KEEP_MESSAGES] + counts[SL_KEEP_CALLBACKS],
                     0);
    assert_whole(service, 5);
}

static void without_a_word_all_is_kept(void **state)
{
    struct sl_service *service = ((struct trail *)*state)->service;
    static const int64_t nothing[SL_KEEP_KINDS] = { 0 };
    int64_t counts[SL_KEEP_KINDS];

    fill_records(service);
    add_calls(service, 1, GREENHILL, 999);
    apply(service, false, counts);
    assert_memory_equal(counts, nothing, sizeof counts);
    assert_whole(service, 1);
}

static void the_installation_speaks_for_who_says_nothing(void **state)
{
    struct sl_service *service = ((struct trail *)*state)->service;
    int64_t counts[SL_KEEP_KINDS];

    add_calls(service, 1, 0, 11); /* no school's */
    add_calls(service, 1, OTHER, 11);
    add_calls(service, 1, GREENHILL, 11);
    run(service, "UPDATE schools SET keep_days = 'bodies=20' WHERE id = 2");
    service->settings.keep_days = "bodies=10";
    apply(service, false, counts);
    assert_int_equal(counts[SL_KEEP_BODIES], 2);
    assert_int_equal(number(service, "SELECT count(*) FROM integration_logs WHERE id = 3"
                                     " AND request_data IS NOT NULL"),
                     1);
    assert_int_equal(verify(service).erased, 2);
    assert_int_equal(verify(service).n_breaks, 0);
}

static void many_rows_go_and_acts_of_people_stay(void **state)
{
    struct sl_service *service = ((struct trail *)*state)->service;
    int64_t counts[SL_KEEP_KINDS];

    add_calls(service, 1001, GREENHILL, 11);
    add_old_rows(service, 1, today - 11 * day_ms); /* somebody's act */
    add_calls(service, 1001, GREENHILL, 11);
    run(service, greenhill_keeps_sql);
    apply(service, false, counts);
    assert_int_equal(counts[SL_KEEP_BODIES], 2002);
    assert_int_equal(number(service,
                            "SELECT id FROM integration_logs WHERE request_data IS NOT NULL"
                            " AND operation <> 'logs.keep'"),
                     1002);
    assert_int_equal(verify(service).erased, 2002);
    assert_whole(service, 2003 + 3 + 1);
    assert_int_equal(prune(service, today - day_ms).removed, 2003);
    assert_int_equal(verify(service).n_breaks, 0);
    assert_int_equal(verify(service).erased, 0);
}

/* What no row accounts for is told, after a run as before. */
static void what_another_erased_is_still_found(void **state)
{
    struct sl_service *service = ((struct trail *)*state)->service;
    int64_t counts[SL_KEEP_KINDS];

    add_calls(service, 1, GREENHILL, 11);
    add_calls(service, 1, GREENHILL, 9);
    run(service, greenhill_keeps_sql);
    apply(service, false, counts);
    assert_broken(
        service,
        "UPDATE integration_logs SET request_data = NULL, response_data = NULL WHERE id = 2",
        SL_BREAK_ERASED, 2);
}

static void a_clock_far_ahead_erases_nothing(void **state)
{
    struct sl_service *service = ((struct trail *)*state)->service;
    int64_t counts[SL_KEEP_KINDS];
    struct sl_err err;

    add_calls(service, 1, GREENHILL, 11);
    run(service,
        "INSERT INTO accounts (account, provider_id) VALUES ('theirs', 1);"
        "INSERT INTO facts (account, kind, key, value) VALUES ('theirs', 'clock', '', '90000')");
    apply(service, false, counts);
    run(service, greenhill_keeps_sql);
    assert_int_equal(sl_keep_apply(service, false, today, counts, &err), -1);
    assert_int_equal(err.code, SL_ERR_CONFIG);
    assert_whole(service, 1);
    assert_int_equal(verify(service).erased, 0);
}

static void what_is_said_is_read_and_what_is_wrong_refused(void **state)
{
    struct sl_service *service = ((struct trail *)*state)->service;
    static const char *const wrong[] = {
        "bodies",    "bodies=", "bodies=0", "bodies=-1",         "bodies=1d",        "bodies=36501",
        "people=10", "=10",     ",",        "bodies=1,,queue=2", "bodies=1,bodies=2"
    };
    struct sl_keep keep;
    struct sl_err err;

    must(sl_keep_read("events=1, bodies=36500", &keep, &err), &err);
    assert_string_equal(sl_keep_print(service->arena, &keep), "bodies=36500,events=1");
    must(sl_keep_change(&keep, "bodies=", &err), &err);
    must(sl_keep_change(&keep, "queue=7", &err), &err);
    assert_string_equal(sl_keep_print(service->arena, &keep), "queue=7,events=1");
    must(sl_keep_read(NULL, &keep, &err), &err);
    assert_null(sl_keep_print(service->arena, &keep));
    for (size_t i = 0; i < SL_COUNT(wrong); i++) {
        if (sl_keep_read(wrong[i], &keep, &err) == 0)
            fail_msg("%s", wrong[i]);
        assert_int_equal(err.code, SL_ERR_DATA);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(each_kind_goes_in_its_time_and_the_other_schools_stays),
        TEST(without_a_word_all_is_kept),
        TEST(the_installation_speaks_for_who_says_nothing),
        TEST(many_rows_go_and_acts_of_people_stay),
        TEST(what_another_erased_is_still_found),
        TEST(a_clock_far_ahead_erases_nothing),
        TEST(what_is_said_is_read_and_what_is_wrong_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
