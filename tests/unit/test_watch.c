/* What will go wrong if nobody looks is told once, and so is its end. */
#include "tests/unit/data_file.h"
#include "tests/unit/installation.h"

#include "lib/adapter/certificate.h"
#include "lib/base/clock.h"
#include "lib/service/hooks.h"
#include "lib/service/watch.h"
#include "lib/store/accounts.h"
#include "lib/store/queue.h"
#include "lib/store/sql.h"

#include "tests/unit/expect_ok.h"

static const int64_t day_ms = 86400000, minute_ms = 60000;

/* ---- A provider that has all that is watched ------------------------------------------------ */

static const struct sl_field fields[] = {
    { .name = "username", .help = "Who we are", .required = true, .identity = true },
    { .name = "password", .help = "Ends", .secret = true, .ends_days = 90 },
    { .name = "certificate", .help = "Ends", .kind = SL_FIELD_FILE, .certificate = true },
    { .name = "low_balance", .help = "Little", .kind = SL_FIELD_INT, .least = 1, .most = 1000000 },
};

static int build_nothing(const struct sl_call *call, struct sl_request *request, struct sl_err *why)
{
    (void)call, (void)request, (void)why;
    return 0;
}

static const struct sl_step steps[] = { { .build = build_nothing } };
static const struct sl_op ops[] = { { .name = "balance", .steps = steps, .n_steps = 1 } };

static const struct sl_adapter ending = {
    .code = "ending",
    .name = "Ending",
    .adapter_class = "EndingAdapter",
    .category = SL_SMS,
    .environment = "production",
    .fields = fields,
    .n_fields = SL_COUNT(fields),
    .ops = ops,
    .n_ops = SL_COUNT(ops),
};

const struct sl_adapter *const sl_adapters[] = { &ending, NULL };

/* ---- What is there ------------------------------------------------------------------------ */

static void set(struct installation *in, const char *name, const char *value)
{
    const struct sl_change changes[] = { { "username", "greenhill" }, { name, value } };
    const struct sl_config_set set = { .changes = changes, .n_changes = SL_COUNT(changes) };

    OK(sl_config_set(in->service, &in->school, &ending, &set, &err));
}

static int64_t number(struct installation *in, const char *sql)
{
    int64_t n = 0;

    OK(sl_db_number(in->service->db, sql, SL_NO_PARAMS, &n, &err));
    return n;
}

static int64_t told(struct installation *in, const char *event)
{
    return number(in,
                  sl_arena_printf(in->arena, "SELECT count(*) FROM hook_events WHERE event = '%s'",
                                  event));
}

/* The one that is found `days` from now; NULL: nothing is. */
static const struct sl_attention *found(struct installation *in, int64_t days)
{
    const struct sl_attention *list;
    size_t n = 0;

    OK(sl_watch_look(in->service, in->arena, sl_now_ms() + days * day_ms, &list, &n, &err));
    assert_true(n <= 1);
    return n > 0 ? list : NULL;
}

static void listen_to(struct installation *in, const char *event)
{
    struct sl_hook_row hook = {
        .purpose = "alert", .event = event, .kind = "url", .target = "https://watch.example/"
    };
    struct sl_school everyone;
    const char *secret;

    OK(sl_schools_find(in->service->db, in->arena, "everyone", &everyone, &err));
    hook.school_id = everyone.id;
    OK(sl_hook_add(in->service, in->arena, &everyone, &hook, &secret, &err));
}

static void watch(struct installation *in, int64_t now_ms)
{
    OK(sl_watch(in->service, now_ms, &err));
}

/* ---- What is found ------------------------------------------------------------------------- */

static void nothing_is_found_where_all_is_well(void **state)
{
    set(*state, "password", "of-today");
    assert_null(found(*state, 79));
}

static void a_password_is_found_ten_days_before_its_end(void **state)
{
    const struct sl_attention *it;

    set(*state, "password", "of-today");
    it = found(*state, 80);
    assert_non_null(it);
    assert_string_equal(it->watch, "password");
    assert_string_equal(it->about, "ending for greenhill: password");
    assert_string_equal(it->school, "greenhill");
    assert_string_equal(it->found, "it was set 80 days ago; the provider ends it after 90");
}

static void a_certificate_is_found_thirty_days_before_its_end(void **state)
{
    struct installation *in = *state;
    const char *pem = read_file(in->arena, "tests/data/rsa-cert.pem");
    int64_t ends_ms = sl_certificate_ends(in->arena, pem);
    const struct sl_attention *list;
    size_t n = 0;

    assert_int_equal(ends_ms, 4949109582000); /* openssl: Oct 31 08:39:42 2126 GMT */
    set(in, "certificate", pem);
    OK(sl_watch_look(in->service, in->arena, ends_ms - 31 * day_ms, &list, &n, &err));
    assert_int_equal(n, 2); /* the keys, which are old by then */
    OK(sl_watch_look(in->service, in->arena, ends_ms - 29 * day_ms, &list, &n, &err));
    assert_int_equal(n, 3);
    assert_string_equal(list[2].watch, "certificate");
    assert_string_equal(list[2].found, "it ends on 2126-10-31");
    OK(sl_watch_look(in->service, in->arena, ends_ms + 1, &list, &n, &err));
    assert_string_equal(list[2].found, "it ended on 2126-10-31");
}

static size_t found_by(struct installation *in, int64_t now_ms, const struct sl_attention **list)
{
    size_t n = 0;

    OK(sl_watch_look(in->service, in->arena, now_ms, list, &n, &err));
    return n;
}

static void the_daemons_certificate_is_found_until_it_shows_another(void **state)
{
    struct installation *in = *state;
    const char *pem = read_file(in->arena, "tests/data/rsa-cert.pem");
    int64_t soon_ms = sl_certificate_ends(in->arena, pem) - 29 * day_ms;
    const struct sl_attention *list;

    OK(sl_watch_certificate(in->service, NULL, &err));
    assert_int_equal(found_by(in, soon_ms, &list), 2); /* the keys, which are old by then */
    OK(sl_watch_certificate(in->service, pem, &err));
    assert_int_equal(found_by(in, soon_ms, &list), 3);
    assert_string_equal(list[2].watch, "certificate");
    assert_string_equal(list[2].about, "certificate of sl-webhook");
    assert_string_equal(list[2].school, "everyone");
    assert_string_equal(list[2].found, "it ends on 2126-10-31");
    assert_int_equal(found_by(in, soon_ms - 2 * day_ms, &list), 2);
    OK(sl_watch_certificate(in->service, NULL, &err));
    assert_int_equal(found_by(in, soon_ms, &list), 2);
}

static void a_certificate_ends_as_openssl_says_and_what_is_none_never_does(void **state)
{
    struct installation *in = *state;

    /* until 2049 a year has two digits */
    assert_int_equal(sl_certificate_ends(in->arena,
                                         read_file(in->arena, "tests/data/mpesa-test-cert.cer")),
                     1451606400000); /* openssl: Jan  1 00:00:00 2016 GMT */
    assert_int_equal(sl_certificate_ends(in->arena, ""), 0);
    assert_int_equal(sl_certificate_ends(in->arena, "-----BEGIN CERTIFICATE-----\nMIIB\n"
                                                    "-----END CERTIFICATE-----\n"),
                     0);
}

static void a_key_is_found_after_a_year(void **state)
{
    struct installation *in = *state;
    const struct sl_attention *list;
    size_t n = 0;

    assert_null(found(in, 364));
    OK(sl_watch_look(in->service, in->arena, sl_now_ms() + 367 * day_ms, &list, &n, &err));
    assert_int_equal(n, 2); /* that which seals, and the webhooks' */
    assert_string_equal(list[0].watch, "key");
    assert_string_equal(list[0].school, "everyone");
}

static void a_low_balance_is_found_and_asked_for(void **state)
{
    struct installation *in = *state;
    struct sl_account_balance balance = { .micro = 99990000, .currency = "KES", .at_ms = 1 };
    const struct sl_attention *it;
    struct sl_account account;
    struct sl_provider provider = { 0 };

    set(in, "low_balance", "100");
    assert_null(found(in, 0)); /* nobody knows yet */
    watch(in, sl_now_ms());
    assert_int_equal(number(in, "SELECT count(*) FROM integration_queue"
                                " WHERE operation = 'balance' AND lane = 'bulk'"),
                     1);
    OK(sl_providers_find(in->service->db, in->arena, "ending", &provider, &err));
    OK(sl_config_open(in->service, in->arena, in->school.id, provider.id, &account, &err));
    OK(sl_accounts_told_balance(in->service->db, account.account, &balance, &err));
    it = found(in, 0);
    assert_non_null(it);
    assert_string_equal(it->watch, "balance");
    assert_string_equal(it->found, "KES 99.99 are left, less than 100");
    watch(in, sl_now_ms() + 2 * minute_ms); /* it is not asked for again so soon */
    assert_int_equal(number(in, "SELECT count(*) FROM integration_queue"), 1);
    watch(in, sl_now_ms() + 7 * 60 * minute_ms);
    assert_int_equal(number(in, "SELECT count(*) FROM integration_queue"), 2);
}

/* ---- What is told -------------------------------------------------------------------------- */

static void late_item(struct installation *in, int64_t due_ms)
{
    struct sl_item item = { .school_id = in->school.id,
                            .operation = "sms.send",
                            .payload = "{}",
                            .public_id = "01K",
                            .account = "a" };

    OK(sl_queue_add(in->service->db, &item, due_ms, &err));
}

static void what_is_found_is_told_once_and_so_is_its_end(void **state)
{
    struct installation *in = *state;
    int64_t now_ms = sl_now_ms();

    listen_to(in, "trouble");
    late_item(in, now_ms - 14 * minute_ms);
    watch(in, now_ms);
    assert_int_equal(told(in, "attention.needed"), 0);
    watch(in, now_ms + minute_ms);
    assert_int_equal(told(in, "attention.needed"), 1);
    watch(in, now_ms + 2 * minute_ms);
    assert_int_equal(told(in, "attention.needed"), 1);
    assert_int_equal(told(in, "attention.over"), 0);
    OK(sl_db_run(in->service->db,
                 "UPDATE integration_queue SET status = 'completed'"
                 " WHERE operation = 'sms.send'",
                 SL_NO_PARAMS, &err));
    watch(in, now_ms + 3 * minute_ms);
    watch(in, now_ms + 4 * minute_ms);
    assert_int_equal(told(in, "attention.over"), 1);
    assert_int_equal(number(in, "SELECT count(*) FROM integration_queue WHERE operation = 'alert'"),
                     2);
}

static void it_looks_once_a_minute(void **state)
{
    struct installation *in = *state;
    int64_t now_ms = sl_now_ms();

    listen_to(in, "attention.needed");
    watch(in, now_ms);
    late_item(in, now_ms - 60 * minute_ms);
    watch(in, now_ms + minute_ms - 1);
    assert_int_equal(told(in, "attention.needed"), 0);
    watch(in, now_ms - 1); /* the clock was set back: it does not wait for it to catch up */
    assert_int_equal(told(in, "attention.needed"), 1);
}

static void who_hears_of_the_start_hears_of_the_end(void **state)
{
    struct installation *in = *state;
    int64_t now_ms = sl_now_ms();

    listen_to(in, "attention.needed");
    late_item(in, now_ms - 60 * minute_ms);
    watch(in, now_ms);
    OK(sl_db_run(in->service->db,
                 "UPDATE integration_queue SET status = 'completed'"
                 " WHERE operation = 'sms.send'",
                 SL_NO_PARAMS, &err));
    watch(in, now_ms + minute_ms);
    assert_int_equal(number(in, "SELECT count(*) FROM integration_queue WHERE operation = 'alert'"),
                     2);
}

#define IN_ONE(test)                                                                               \
    cmocka_unit_test_setup_teardown(test, installation_setup, installation_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_ONE(nothing_is_found_where_all_is_well),
        IN_ONE(a_password_is_found_ten_days_before_its_end),
        IN_ONE(a_certificate_is_found_thirty_days_before_its_end),
        IN_ONE(the_daemons_certificate_is_found_until_it_shows_another),
        IN_ONE(a_certificate_ends_as_openssl_says_and_what_is_none_never_does),
        IN_ONE(a_key_is_found_after_a_year),
        IN_ONE(a_low_balance_is_found_and_asked_for),
        IN_ONE(what_is_found_is_told_once_and_so_is_its_end),
        IN_ONE(it_looks_once_a_minute),
        IN_ONE(who_hears_of_the_start_hears_of_the_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
