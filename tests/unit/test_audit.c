/* What the audit trail promises: who writes, rolls back or races, it is one chain; and every byte
 * of it that is edited is found, and located. */
#include "tests/unit/trail.h"

enum { ROWS = 5, MIDDLE = 3 };

/* ---- Writing ------------------------------------------------------------------------------ */

static void rows_of_one_and_of_several_transactions_are_one_chain(void **state)
{
    struct trail *trail = *state;

    assert_whole(trail->service, 0);
    add_rows(trail->service, 3);
    add_plain_rows(trail->service, 2);
    add_rows(trail->service, 1);
    assert_whole(trail->service, 6);
}

static void what_was_rolled_back_is_not_followed(void **state)
{
    struct trail *trail = *state;
    const struct sl_log log = example();

    add_rows(trail->service, 2);
    add_logs(trail->service, &log, 3, true);
    add_rows(trail->service, 2);
    assert_whole(trail->service, 4);
}

static void two_who_take_turns_write_one_chain(void **state)
{
    struct trail *trail = *state;
    struct sl_service *other = open_service(trail);

    for (int i = 0; i < 3; i++) {
        add_rows(trail->service, 2);
        add_rows(other, 2);
    }
    close_service(other);
    assert_whole(trail->service, 12);
}

static void write_in_child(const struct trail *trail)
{
    struct sl_service *service = open_service(trail);

    for (int i = 0; i < 25; i++)
        add_rows(service, 2);
    close_service(service);
    _exit(0);
}

static void processes_that_write_at_once_write_one_chain(void **state)
{
    struct trail *trail = *state;
    int status;

    for (int i = 0; i < 4; i++)
        if (fork() == 0)
            write_in_child(trail);
    for (int i = 0; i < 4; i++) {
        assert_true(wait(&status) > 0);
        assert_int_equal(status, 0);
    }
    assert_whole(trail->service, 200);
}

static void phones_in_an_error_are_masked_and_all_are_found_again(void **state)
{
    struct trail *trail = *state;
    SL_AUTO(sl_rows_end) struct sl_rows rows = { 0 };
    struct sl_log_filter filter = { .limit = 50 };
    unsigned char hash[SL_LOG_PHONE_SIZE];
    struct sl_log_row row;
    struct sl_err err;

    add_rows(trail->service, 2);
    add_plain_rows(trail->service, 1);
    sl_chain_phone(trail->service->keyring, family[1], hash);
    filter.phone_hash = hash;
    must(sl_logs_list(&rows, trail->service->db, &filter, &err), &err);
    assert_int_equal(sl_logs_next(&rows, &row, &err), 1);
    assert_int_equal(row.cells[SL_LOG_ID].number, 2); /* the newest first */
    assert_string_equal(row.cells[SL_LOG_ERROR_MESSAGE].text, "none for 2547••••0001");
    assert_int_equal(sl_logs_next(&rows, &row, &err), 1);
    assert_int_equal(sl_logs_next(&rows, &row, &err), 0);
}

static void a_phone_that_is_named_twice_is_one(void **state)
{
    struct trail *trail = *state;
    const char *phones[20];
    struct sl_log log = example();

    for (size_t i = 0; i < SL_COUNT(phones); i++)
        phones[i] = family[i % 2];
    log.phones = phones;
    log.n_phones = SL_COUNT(phones);
    add_logs(trail->service, &log, 1, false);
    assert_whole(trail->service, 1);
}

/* ---- Every edit is found ------------------------------------------------------------------ */

static const char *const texts[] = {
    "direction",     "operation", "reference_type", "reference_id",       "request_data",
    "response_data", "status",    "error_message",  "external_reference", "ip_address",
    "actor",         "salt",      "body_digest",    "previous_hash",      "hash",
};
static const char *const numbers[] = { "school_id",   "provider_id", "status_code",
                                       "duration_ms", "created_at",  "attempt" };

static int64_t length_of(struct sl_service *service, const char *column)
{
    SL_AUTO(sl_rows_end) struct sl_rows rows = { 0 };
    struct sl_log_row row;
    struct sl_err err;

    must(sl_logs_find(&rows, service->db, MIDDLE, &err), &err);
    must(sl_logs_next(&rows, &row, &err), &err);
    for (size_t i = 0; i < SL_COUNT(texts); i++)
        if (strcmp(texts[i], column) == 0) {
            static const enum sl_log_column cells[] = {
                SL_LOG_DIRECTION,    SL_LOG_OPERATION,     SL_LOG_REFERENCE_TYPE,
                SL_LOG_REFERENCE_ID, SL_LOG_REQUEST_DATA,  SL_LOG_RESPONSE_DATA,
                SL_LOG_STATUS,       SL_LOG_ERROR_MESSAGE, SL_LOG_EXTERNAL_REFERENCE,
                SL_LOG_IP_ADDRESS,   SL_LOG_ACTOR,         SL_LOG_SALT,
                SL_LOG_BODY_DIGEST,  SL_LOG_PREVIOUS_HASH, SL_LOG_HASH,
            };

            return (int64_t)row.cells[cells[i]].n;
        }
    return 0;
}

static void edit(struct sl_service *service, const char *column, const char *value)
{
    char sql[300];

    (void)snprintf(sql, sizeof sql, "UPDATE integration_logs SET %s = %s WHERE id = %d", column,
                   value, MIDDLE);
    assert_broken(service, sql, SL_BREAK_EDITED, MIDDLE);
}

/* The byte at `at`, from 1, becomes another. */
static void edit_byte(struct sl_service *service, const char *column, int64_t at)
{
    char value[250];

    (void)snprintf(value, sizeof value,
                   "CAST(substr(CAST(%s AS BLOB), 1, %" PRId64 " - 1) ||"
                   " CASE substr(CAST(%s AS BLOB), %" PRId64
                   ", 1) WHEN X'41' THEN X'42' ELSE X'41' END"
                   " || substr(CAST(%s AS BLOB), %" PRId64 " + 1) AS TEXT)",
                   column, at, column, at, column, at);
    edit(service, column, value);
}

static void every_byte_that_is_edited_in_any_text_is_found_and_located(void **state)
{
    struct sl_service *service = ((struct trail *)*state)->service;
    char value[120];

    add_rows(service, ROWS);
    lift_constraints(service);
    for (size_t i = 0; i < SL_COUNT(texts); i++) {
        for (int64_t at = length_of(service, texts[i]); at > 0; at--)
            edit_byte(service, texts[i], at);
        (void)snprintf(value, sizeof value, "%s || 'x'", texts[i]);
        edit(service, texts[i], value);
        (void)snprintf(value, sizeof value, "CAST(CAST(%s AS BLOB) || X'0078' AS TEXT)", texts[i]);
        edit(service, texts[i], value);
        (void)snprintf(value, sizeof value, "substr(%s, 2)", texts[i]);
        edit(service, texts[i], value);
    }
    assert_whole(service, ROWS);
}

static void every_number_that_is_edited_is_found_and_located(void **state)
{
    struct sl_service *service = ((struct trail *)*state)->service;
    char value[60];

    add_rows(service, ROWS);
    lift_constraints(service);
    for (size_t i = 0; i < SL_COUNT(numbers); i++) {
        (void)snprintf(value, sizeof value, "%s + 1", numbers[i]);
        edit(service, numbers[i], value);
        edit(service, numbers[i], "-1");
        edit(service, numbers[i], strcmp(numbers[i], "created_at") == 0 ? "0" : "NULL");
    }
}

static void null_is_neither_zero_nor_empty(void **state)
{
    struct sl_service *service = ((struct trail *)*state)->service;

    add_plain_rows(service, ROWS);
    lift_constraints(service);
    for (size_t i = 0; i < SL_COUNT(numbers); i++)
        if (strcmp(numbers[i], "created_at") != 0)
            edit(service, numbers[i], "0");
    edit(service, "actor", "''");
    edit(service, "request_data", "''");
    edit(service, "response_data", "'null'");
    edit(service, "error_message", "''");
    edit(service, "ip_address", "''");
}

static void a_value_that_moves_to_the_next_column_is_found(void **state)
{
    struct sl_service *service = ((struct trail *)*state)->service;

    add_rows(service, ROWS);
    assert_broken(service,
                  "UPDATE integration_logs SET reference_type = 'messag', reference_id = 'e01KAXYZ'"
                  " WHERE id = 3",
                  SL_BREAK_EDITED, 3);
    assert_broken(service,
                  "UPDATE integration_logs SET request_data = response_data,"
                  " response_data = request_data WHERE id = 3",
                  SL_BREAK_EDITED, 3);
}

static void phones_beside_a_row_cannot_be_edited_removed_or_added(void **state)
{
    struct sl_service *service = ((struct trail *)*state)->service;
    char sql[200];

    add_rows(service, ROWS);
    for (int at = 1; at <= SL_LOG_PHONE_SIZE; at++) {
        (void)snprintf(sql, sizeof sql,
                       "UPDATE log_phones SET phone_hash = CAST(substr(phone_hash, 1, %d - 1) ||"
                       " CASE substr(phone_hash, %d, 1) WHEN X'41' THEN X'42' ELSE X'41' END ||"
                       " substr(phone_hash, %d + 1) AS BLOB) WHERE log_id = 3",
                       at, at, at);
        assert_broken(service, sql, SL_BREAK_EDITED, 3);
    }
    assert_broken(service, "DELETE FROM log_phones WHERE log_id = 3", SL_BREAK_EDITED, 3);
    assert_broken(service, "INSERT INTO log_phones (phone_hash, log_id) VALUES (zeroblob(16), 3)",
                  SL_BREAK_EDITED, 3);
    assert_broken(service, "INSERT INTO log_phones (phone_hash, log_id) VALUES (X'', 3)",
                  SL_BREAK_EDITED, 3);
    assert_broken(service, "INSERT INTO log_phones (phone_hash, log_id) VALUES (zeroblob(400), 3)",
                  SL_BREAK_EDITED, 3);
    assert_broken(service,
                  "UPDATE log_phones SET log_id = 4 WHERE log_id = 3"
                  " AND phone_hash NOT IN (SELECT phone_hash FROM log_phones WHERE log_id = 4)"
                  "; DELETE FROM log_phones WHERE log_id = 3",
                  SL_BREAK_EDITED, 3);
}

static void bodies_that_nobody_erased_by_forget_are_missed(void **state)
{
    struct sl_service *service = ((struct trail *)*state)->service;

    add_rows(service, ROWS);
    assert_broken(service,
                  "UPDATE integration_logs SET request_data = NULL, response_data = NULL"
                  " WHERE id = 3",
                  SL_BREAK_ERASED, 3);
    assert_broken(service, "UPDATE integration_logs SET request_data = NULL WHERE id = 3",
                  SL_BREAK_EDITED, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(rows_of_one_and_of_several_transactions_are_one_chain),
        TEST(what_was_rolled_back_is_not_followed),
        TEST(two_who_take_turns_write_one_chain),
        TEST(processes_that_write_at_once_write_one_chain),
        TEST(phones_in_an_error_are_masked_and_all_are_found_again),
        TEST(a_phone_that_is_named_twice_is_one),
        TEST(every_byte_that_is_edited_in_any_text_is_found_and_located),
        TEST(every_number_that_is_edited_is_found_and_located),
        TEST(null_is_neither_zero_nor_empty),
        TEST(a_value_that_moves_to_the_next_column_is_found),
        TEST(phones_beside_a_row_cannot_be_edited_removed_or_added),
        TEST(bodies_that_nobody_erased_by_forget_are_missed),
    };

    sl_crypto_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
