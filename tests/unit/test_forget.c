/* A person is forgotten, and the chain holds. */
#include "tests/unit/trail.h"

static void fill_records(struct sl_service *service)
{
    struct sl_err err;

    must(
        sl_db_script(
            service->db,
            "INSERT INTO message_batches (id, public_id, school_id, provider_id, kind, created_at,"
            " updated_at) VALUES (1, 'B1', 2, 4, 'sms.bulk', 1, 1),"
            " (2, 'B2', 3, 4, 'sms.bulk', 1, 1);"
            "INSERT INTO integration_queue (id, school_id, provider_id, operation, payload, status,"
            " created_at, public_id) VALUES"
            " (1, 2, 4, 'sms.send', '{\"text\":\"Dear Wanjiku\"}', 'completed', 1, 'Q1'),"
            " (2, 2, 1, 'payment.request', '{\"phone\":\"254711000001\"}', 'pending', 1, 'Q2');"
            "INSERT INTO messages (batch_id, line, address_given, address, queue_id, status,"
            " created_at, updated_at) VALUES"
            " (1, 2, '0711 000 001', '+254711000001', 1, 'sent', 1, 1),"
            " (1, 3, '0711000001', '+254711000001', 1, 'skipped', 1, 1),"
            " (1, 4, '0711000002', '+254711000002', NULL, 'sent', 1, 1),"
            " (2, 2, '0711000001', '+254711000001', NULL, 'sent', 1, 1);"
            "INSERT INTO payments (public_id, school_id, provider_id, source, status, amount_minor,"
            " currency, phone, reference, payer, email, meta, created_at, updated_at) VALUES"
            " ('P1', 2, 1, 'c2b', 'succeeded', 100, 'KES', '+254711000001', 'STU-1', 'Wanjiku',"
            " 'w@example.org', '{\"tel\":\"0711000001\"}', 1, 1),"
            " ('P2', 2, 1, 'request', 'pending', 100, 'KES', '+254711000001', 'STU-1', NULL, NULL,"
            " NULL, 1, 1);"
            "INSERT INTO webhook_requests (school_id, hook, method, query, content_type, body,"
            " received_at) VALUES (2, 'dlr', 'POST', '', '',"
            " CAST('phoneNumber=%2B254711000001&status=Success' AS BLOB), 1)",
            &err),
        &err);
}

static void forget(struct sl_service *service, const char *e164, struct sl_forgotten *forgotten)
{
    const struct sl_school school = { .id = GREENHILL, .country = "KE" };
    struct sl_err err;

    must(sl_forget(service, &school, e164, forgotten, &err), &err);
}

static const char other_schools_sql[] =
    "SELECT count(*) FROM messages WHERE address = '+254711000001' AND batch_id = 2";
static const char kept_sql[] = "SELECT count(*) FROM messages WHERE address = '+254711000002'";

static int64_t number(struct sl_service *service, const char *sql)
{
    struct sl_err err;
    int64_t value = -1;

    must(sl_db_number(service->db, sql, SL_NO_PARAMS, &value, &err), &err);
    return value;
}

static void a_person_is_forgotten_and_the_chain_holds(void **state)
{
    struct sl_service *service = ((struct trail *)*state)->service;
    struct sl_forgotten forgotten;
    struct sl_verified verified;

    fill_records(service);
    add_rows(service, 250); /* more than one transaction takes */
    add_plain_rows(service, 2);
    forget(service, family[0], &forgotten);
    assert_int_equal(forgotten.logs, 250);
    assert_int_equal(forgotten.records[SL_FORGET_MESSAGES], 2);
    assert_int_equal(forgotten.records[SL_FORGET_PAYMENTS], 2);
    assert_int_equal(forgotten.records[SL_FORGET_QUEUE], 1);
    assert_int_equal(forgotten.records[SL_FORGET_CALLBACKS], 1);
    assert_int_equal(forgotten.open, 2);
    assert_true(forgotten.compacted);
    assert_int_equal(number(service, other_schools_sql), 1);
    assert_int_equal(number(service, kept_sql), 1);

    verified = verify(service);
    assert_int_equal(verified.n_breaks, 0);
    assert_int_equal(verified.erased, 250);
    assert_broken(service, "UPDATE integration_logs SET actor = 'x' WHERE id = 7", SL_BREAK_EDITED,
                  7);
    assert_broken(service, "UPDATE integration_logs SET request_data = '{}' WHERE id = 7",
                  SL_BREAK_EDITED, 7);
    forget(service, family[0], &forgotten);
    assert_int_equal(forgotten.logs, 0);
    assert_int_equal(verify(service).n_breaks, 0);
}

/* Whether a file of the trail holds the text, whatever page it is in. */
static bool holds(const char *path, const char *text)
{
    FILE *file = fopen(path, "rb");
    char *bytes;
    long n;
    bool found;

    if (!file)
        return false;
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    n = ftell(file);
    rewind(file);
    bytes = calloc(1, (size_t)n + 1);
    assert_int_equal(fread(bytes, 1, (size_t)n, file), n);
    found = memmem(bytes, (size_t)n, text, strlen(text)) != NULL;
    (void)fclose(file);
    free(bytes);
    return found;
}

/* As a provider may have it for whose reference is the number. */
static void add_references(struct sl_service *service)
{
    struct sl_log log = example();
    struct sl_err err;

    log.external_reference = "254711000001";
    add_logs(service, &log, 1, false);
    log.external_reference = "to:0711000001/7";
    add_logs(service, &log, 1, false);
    log.external_reference = "wamid.HBgMMjU0NzExMDAwMDAxFQIAERgSQTFCMkMzRDRFNUY2MDcxODI5AA==";
    add_logs(service, &log, 1, false);
    log.external_reference = "ws_CO_241120261905150000013711000001";
    add_logs(service, &log, 1, false);
    must(sl_db_script(service->db,
                      "UPDATE messages SET external_reference = '254711000001' WHERE line = 2;"
                      "UPDATE payments SET external_reference = '+254711000001',"
                      " external_reference2 = '0711000001';"
                      "INSERT INTO webhook_events (request_id, scope, place, kind,"
                      " external_reference, state, created_at, updated_at)"
                      " VALUES (1, 'w1', 0, 'delivery', '254711000001', 'done', 1, 1)",
                      &err),
         &err);
}

static void nothing_of_a_forgotten_number_is_left_in_the_files(void **state)
{
    struct trail *trail = *state;
    struct sl_forgotten forgotten;
    struct sl_err err;
    char log[120];

    (void)snprintf(log, sizeof log, "%s-wal", trail->database);
    fill_records(trail->service);
    add_references(trail->service);
    must(sl_db_script(trail->service->db,
                      "DELETE FROM message_batches WHERE id = 2;"
                      "UPDATE payments SET status = 'failed';"
                      "UPDATE integration_queue SET status = 'cancelled'",
                      &err),
         &err);
    assert_true(holds(log, "711000001") || holds(trail->database, "711000001"));
    forget(trail->service, family[0], &forgotten);
    assert_int_equal(forgotten.open, 0);
    assert_false(holds(trail->database, "711000001"));
    assert_false(holds(trail->database, "11 000 001"));
    assert_false(holds(trail->database, "Wanjiku"));
    assert_false(holds(log, "711000001"));
    assert_true(holds(trail->database, "2547••••0001"));
    assert_true(holds(trail->database, "to:07••••0001/7"));
    assert_false(holds(trail->database, "MjU0NzExMDAwMDAx"));
    assert_true(holds(trail->database, "••••"
                                       "MDcxODI5AA=="));
    assert_true(holds(trail->database, "ws_CO_2411202619051500000137••••0001"));
    assert_int_equal(verify(trail->service).n_breaks, 0);
    assert_true(holds(trail->database, "711000002"));
}

static void a_row_of_two_people_is_forgotten_for_one_after_the_other(void **state)
{
    struct sl_service *service = ((struct trail *)*state)->service;
    struct sl_forgotten forgotten;

    add_rows(service, 2);
    forget(service, family[0], &forgotten);
    forget(service, family[1], &forgotten);
    assert_int_equal(forgotten.logs, 2);
    assert_int_equal(verify(service).n_breaks, 0);
}

static void what_was_forgotten_can_be_pruned(void **state)
{
    struct sl_service *service = ((struct trail *)*state)->service;
    struct sl_forgotten forgotten;

    add_old_rows(service, 2, 1000);
    add_old_rows(service, 2, 3000);
    forget(service, family[0], &forgotten);
    assert_int_equal(prune(service, 2000).removed, 2);
    assert_int_equal(verify(service).n_breaks, 0);
    assert_int_equal(verify(service).erased, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_person_is_forgotten_and_the_chain_holds),
        TEST(nothing_of_a_forgotten_number_is_left_in_the_files),
        TEST(a_row_of_two_people_is_forgotten_for_one_after_the_other),
        TEST(what_was_forgotten_can_be_pruned),
    };

    sl_crypto_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
