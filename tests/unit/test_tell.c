/* Who is told of what happened: with the change or not at all, once, and as it was signed. */
#include "tests/unit/paying.h"

#include "lib/service/hooks.h"
#include "lib/service/optout.h"
#include "lib/service/tell.h"
#include "lib/store/sql.h"

/* ---- What is there ------------------------------------------------------------------------ */

static int64_t number(struct installation *in, const char *sql)
{
    int64_t n = 0;

    OK(sl_db_number(in->service->db, sql, SL_NO_PARAMS, &n, &err));
    return n;
}

static int64_t events(struct installation *in)
{
    return number(in, "SELECT count(*) FROM hook_events");
}

static int64_t rows(struct installation *in)
{
    return number(in, "SELECT count(*) FROM integration_queue WHERE operation IN ('hook', 'alert')"
                      " AND provider_id IS NULL");
}

static const char *text(struct installation *in, const char *sql)
{
    SL_AUTO(sl_rows_end) struct sl_rows found = { 0 };

    OK(sl_db_query(&found, in->service->db, sql, SL_NO_PARAMS, &err));
    return sl_rows_next(&found, &err) > 0 ? sl_arena_strdup(in->arena, sl_row_text(&found, 0)) : "";
}

static const char last_payload[] = "SELECT payload FROM hook_events ORDER BY id DESC LIMIT 1";

static int64_t listen_as(struct installation *in, const char *purpose, const char *school_code,
                         const char *event, const char *target)
{
    struct sl_hook_row hook = { .purpose = purpose,
                                .event = event,
                                .kind = strchr(target, '/') ? "url" : "sms",
                                .target = target };
    struct sl_school school;
    const char *secret;

    OK(sl_schools_find(in->service->db, in->arena, school_code, &school, &err));
    hook.school_id = school.id;
    OK(sl_hook_add(in->service, in->arena, &school, &hook, &secret, &err));
    return hook.id;
}

static int64_t listen_to(struct installation *in, const char *event)
{
    return listen_as(in, "hook", "greenhill", event, "https://fees.example/told");
}

/* ---- Payments -------------------------------------------------------------------------------- */

static void where_nobody_listens_nothing_is_written(void **state)
{
    struct installation *in = *state;

    (void)listen_to(in, "payment.failed");
    received(in, "NLJ7RT61SV", 150000, "254708374149");
    assert_int_equal(events(in), 0);
    assert_int_equal(rows(in), 0);
}

static void a_change_that_is_undone_tells_nobody(void **state)
{
    struct installation *in = *state;
    struct sl_payment payment = request(in);
    struct sl_tx tx = { 0 };

    (void)listen_to(in, "*");
    OK(sl_tx_begin(&tx, in->service->db, &err));
    OK(sl_tell_payment(in->service, payment.id, "payment.failed", 1000, &err));
    assert_int_equal(rows(in), 1);
    sl_tx_end(&tx);
    assert_int_equal(events(in) + rows(in), 0);
}

static void the_same_is_told_once(void **state)
{
    struct installation *in = *state;
    struct sl_payment payment = request(in);
    SL_AUTO(sl_tx_end) struct sl_tx tx = { 0 };

    (void)listen_to(in, "*");
    OK(sl_tx_begin(&tx, in->service->db, &err));
    OK(sl_tell_payment(in->service, payment.id, "payment.failed", 1000, &err));
    OK(sl_tell_payment(in->service, payment.id, "payment.failed", 1000, &err));
    assert_int_equal(events(in), 1);
    assert_int_equal(rows(in), 1);
    OK(sl_tell_payment(in->service, payment.id, "payment.failed", 1001,
                       &err)); /* it failed again */
    assert_int_equal(rows(in), 2);
}

static void a_payment_tells_those_who_listen_to_its_school(void **state)
{
    struct installation *in = *state;
    struct sl_school other;
    struct sl_payment payment = accepted(in);

    add_school(in, "hillside", &other);
    (void)listen_to(in, "*");
    (void)listen_to(in, "payment.succeeded");
    (void)listen_to(in, "payment.failed");
    (void)listen_as(in, "hook", "everyone", "payment.succeeded", "https://all.example/");
    (void)listen_as(in, "hook", "hillside", "*", "https://other.example/");
    (void)told_paid(in, &payment, 150000, "NLJ7RT61SV");
    (void)asked(in, &payment, SL_PAY_PAID);
    assert_int_equal(events(in), 1);
    assert_int_equal(rows(in), 3);
    assert_int_equal(number(in, "SELECT count(*) FROM integration_queue WHERE operation = 'hook'"
                                " AND lane = 'bulk' AND subject_id = 1"),
                     3);
    assert_int_equal(number(in, "SELECT count(DISTINCT account) FROM integration_queue"
                                " WHERE operation = 'hook'"),
                     3); /* each takes its turns */
}

static void what_is_told_is_the_payments_record(void **state)
{
    struct installation *in = *state;
    SL_AUTO(sl_json_free) struct json_object *told = NULL;
    const char *payload;

    (void)listen_to(in, "payment.succeeded");
    received(in, "NLJ7RT61SV", 150000, "254708374149");
    payload = text(in, last_payload);
    told = sl_json_parse(payload, strlen(payload));
    assert_string_equal(sl_json_text(told, "type"), "payment.succeeded");
    assert_string_equal(sl_json_text(told, "school"), "greenhill");
    assert_string_equal(sl_json_text(told, "data.receipt"), "NLJ7RT61SV");
    assert_string_equal(sl_json_text(told, "data.amount"), "1500.00");
    assert_string_equal(sl_json_text(told, "id"), text(in, "SELECT public_id FROM hook_events"));
}

static void a_payment_that_does_not_fit_is_told_once(void **state)
{
    struct installation *in = *state;
    struct sl_payment payment = accepted(in);

    (void)listen_to(in, "payment.mismatch");
    (void)told_paid(in, &payment, 100, "NLJ7RT61SV");
    (void)told_paid(in, &payment, 200, "NLJ7RT61SW");
    assert_int_equal(events(in), 1);
}

/* ---- Messages and numbers ---------------------------------------------------------------------- */

static int64_t add_message(struct installation *in, const struct sl_batch *batch, int64_t line,
                           const char *status)
{
    struct sl_item item = { .school_id = batch->school_id,
                            .provider_id = batch->provider_id,
                            .operation = "sms.send",
                            .payload = "{}",
                            .public_id = "01BATCH",
                            .batch_id = batch->id };
    struct sl_message message = { .batch_id = batch->id,
                                  .line = line,
                                  .address_given = "0711000001",
                                  .address = "+254711000001",
                                  .status = status };
    bool duplicate;

    OK(sl_queue_add(in->service->db, &item, 5000, &err));
    message.queue_id = item.id;
    OK(sl_messages_add(in->service->db, &message, 5000, &duplicate, &err));
    return number(in, "SELECT max(id) FROM messages");
}

static struct sl_batch add_batch(struct installation *in)
{
    struct sl_batch batch = { .public_id = "01BATCH",
                              .school_id = in->school.id,
                              .provider_id = 4,
                              .kind = "sms.bulk",
                              .text_hash = "x" };

    OK(sl_batches_add(in->service->db, &batch, 5000, &err));
    return batch;
}

static void all_that_hear_all_hear_of_no_other_status(void **state)
{
    struct installation *in = *state;
    const struct sl_batch batch = add_batch(in);
    SL_AUTO(sl_tx_end) struct sl_tx tx = { 0 };

    (void)listen_to(in, "*");
    OK(sl_tx_begin(&tx, in->service->db, &err));
    OK(sl_tell_message(in->service, add_message(in, &batch, 1, "sent"), 5000, &err));
    assert_int_equal(events(in), 0);
    OK(sl_tell_message(in->service, add_message(in, &batch, 2, "delivered"), 5000, &err));
    assert_int_equal(events(in), 1);
    assert_non_null(strstr(text(in, last_payload), "\"id\":\"01BATCH-2\""));
}

static void each_message_of_a_batch_that_fails_is_told(void **state)
{
    struct installation *in = *state;
    const struct sl_batch batch = add_batch(in);
    const struct sl_message_set set = { .batch_id = batch.id };
    SL_AUTO(sl_tx_end) struct sl_tx tx = { 0 };

    (void)listen_to(in, "message.failed");
    (void)add_message(in, &batch, 1, "failed"); /* earlier, and told then */
    (void)add_message(in, &batch, 2, "queued");
    (void)add_message(in, &batch, 3, "queued");
    OK(sl_tx_begin(&tx, in->service->db, &err));
    OK(sl_batches_fail_rest(in->service->db, batch.id, "InvalidSenderId", 6000, &err));
    OK(sl_tell_failed(in->service, in->school.id, &set, 6000, &err));
    assert_int_equal(rows(in), 2);
}

static void who_opts_out_is_told_once(void **state)
{
    struct installation *in = *state;
    const struct sl_optout optout = { phone, "admin", 7000 };
    SL_AUTO(sl_tx_end) struct sl_tx tx = { 0 };

    (void)listen_to(in, "optout.added");
    OK(sl_tx_begin(&tx, in->service->db, &err));
    assert_int_equal(sl_optout_add(in->service, in->school.id, "sms", &optout, &err), 1);
    assert_int_equal(sl_optout_add(in->service, in->school.id, "sms", &optout, &err), 0);
    assert_int_equal(events(in), 1);
    assert_non_null(strstr(text(in, last_payload), phone));
}

/* ---- Providers --------------------------------------------------------------------------------- */

static struct sl_tell_provider account_of(struct installation *in, const char *provider)
{
    const char *sql = sl_arena_printf(in->arena,
                                      "SELECT c.account FROM integration_configs c"
                                      " JOIN integration_providers p ON p.id = c.provider_id"
                                      " WHERE p.code = '%s'",
                                      provider);

    return (struct sl_tell_provider){ text(in, sql), provider };
}

static void trouble(struct installation *in, const struct sl_tell_provider *about,
                    const char *event, int64_t now_ms)
{
    SL_AUTO(sl_tx_end) struct sl_tx tx = { 0 };

    OK(sl_tx_begin(&tx, in->service->db, &err));
    OK(sl_tell_trouble(in->service, about, event, "connection refused", now_ms, &err));
    OK(sl_tx_commit(&tx, &err));
}

static void recover(struct installation *in, const struct sl_tell_provider *about, int64_t now_ms)
{
    SL_AUTO(sl_tx_end) struct sl_tx tx = { 0 };

    OK(sl_tx_begin(&tx, in->service->db, &err));
    OK(sl_tell_recovered(in->service, about, now_ms, &err));
    OK(sl_tx_commit(&tx, &err));
}

static void trouble_is_told_once_until_it_is_over(void **state)
{
    struct installation *in = *state;
    const struct sl_tell_provider mpesa = account_of(in, "mpesa");

    (void)listen_as(in, "alert", "everyone", "trouble", "https://ops.example/");
    recover(in, &mpesa, 1000); /* nothing was wrong */
    assert_int_equal(events(in), 0);
    trouble(in, &mpesa, "provider.down", 2000);
    trouble(in, &mpesa, "provider.down", 3000);
    trouble(in, &mpesa, "token.trouble", 4000);
    assert_int_equal(rows(in), 1);
    recover(in, &mpesa, 5000);
    recover(in, &mpesa, 6000);
    assert_int_equal(rows(in), 2);
    assert_non_null(strstr(text(in, last_payload), "\"after\":\"provider.down\""));
    trouble(in, &mpesa, "provider.down", 7000);
    assert_int_equal(rows(in), 3);
}

static void a_blocked_account_has_not_recovered(void **state)
{
    struct installation *in = *state;
    const struct sl_tell_provider mpesa = account_of(in, "mpesa");

    (void)listen_as(in, "alert", "everyone", "trouble", "https://ops.example/");
    OK(sl_accounts_block(in->service->db, mpesa.account, "401", &err));
    trouble(in, &mpesa, "token.trouble", 1000);
    recover(in, &mpesa, 2000); /* an answer to an earlier request */
    assert_int_equal(events(in), 1);
    OK(sl_accounts_lift(in->service->db, mpesa.account, &err));
    recover(in, &mpesa, 3000);
    assert_int_equal(events(in), 2);
}

static void an_alert_hears_of_the_end_of_what_it_heard(void **state)
{
    struct installation *in = *state;
    const struct sl_tell_provider mpesa = account_of(in, "mpesa");

    (void)listen_as(in, "alert", "everyone", "token.trouble", "https://ops.example/");
    trouble(in, &mpesa, "provider.down", 1000);
    recover(in, &mpesa, 2000);
    assert_int_equal(rows(in), 0);
    trouble(in, &mpesa, "token.trouble", 3000);
    recover(in, &mpesa, 4000);
    assert_int_equal(rows(in), 2);
}

static void trouble_reaches_the_hooks_of_schools_that_use_the_account(void **state)
{
    struct installation *in = *state;
    const struct sl_tell_provider mpesa = account_of(in, "mpesa");
    struct sl_school other;

    add_school(in, "hillside", &other);
    (void)listen_to(in, "provider.down");
    (void)listen_as(in, "hook", "hillside", "provider.down", "https://other.example/");
    trouble(in, &mpesa, "provider.down", 1000);
    assert_int_equal(rows(in), 1);
}

static void a_number_is_texted_once_in_words(void **state)
{
    struct installation *in = *state;
    const struct sl_tell_provider mpesa = account_of(in, "mpesa");

    (void)listen_as(in, "alert", "greenhill", "trouble", "0722000001");
    trouble(in, &mpesa, "provider.down", 1000);
    trouble(in, &mpesa, "provider.down", 2000);
    assert_int_equal(rows(in), 0);
    assert_int_equal(number(in, "SELECT count(*) FROM messages WHERE address = '+254722000001'"),
                     1);
    assert_non_null(strstr(text(in, "SELECT payload FROM integration_queue"
                                    " WHERE operation = 'sms.send'"),
                           "mpesa does not answer as it should"));
}

/* ---- Hooks ------------------------------------------------------------------------------------- */

static void what_a_removed_hook_waits_for_is_cancelled(void **state)
{
    struct installation *in = *state;
    int64_t id = listen_to(in, "payment.succeeded");

    received(in, "NLJ7RT61SV", 150000, "254708374149");
    assert_int_equal(sl_hook_remove(in->service, "alert", id, &err), -1);
    OK(sl_hook_remove(in->service, "hook", id, &err));
    assert_int_equal(number(in, "SELECT count(*) FROM integration_queue WHERE operation = 'hook'"
                                " AND status = 'cancelled'"),
                     1);
    assert_int_equal(sl_hook_remove(in->service, "hook", id, &err), -1);
    assert_int_equal(err.code, SL_ERR_DATA);
    received(in, "NLJ7RT61SW", 150000, "254708374149");
    assert_int_equal(rows(in), 1);
    assert_true(listen_to(in, "payment.succeeded") > id); /* no other gets its id */
}

static void a_text_about_each_text_is_refused(void **state)
{
    struct installation *in = *state;
    struct sl_hook_row hook = { .school_id = in->school.id,
                                .purpose = "alert",
                                .event = "*",
                                .kind = "sms",
                                .target = "0722000001" };
    const char *secret;

    assert_int_equal(sl_hook_add(in->service, in->arena, &in->school, &hook, &secret, &err), -1);
    assert_int_equal(err.code, SL_ERR_DATA);
    assert_int_equal(number(in, "SELECT count(*) FROM hooks"), 0);
}

/* ---- The wire ---------------------------------------------------------------------------------- */

static const struct sl_step *step_of(const char *kind)
{
    return sl_adapter_op(sl_hook_adapter(kind), "hook")->steps;
}

static struct sl_outcome parsed(struct installation *in, const char *kind, enum sl_reach reach,
                                int status)
{
    const struct sl_exchange exchange = {
        .reach = reach, .status = status, .retry_after_ms = -1, .content_type = "", .body = ""
    };
    struct sl_call call = { .arena = in->arena };
    struct sl_outcome outcome = { 0 };
    struct sl_result result = { .items = &outcome, .n_items = 1 };

    step_of(kind)->parse(&call, &exchange, &result);
    return outcome;
}

/* The example of docs.svix.com/receiving/verifying-payloads/how-manual */
static void it_is_signed_as_standard_webhooks_has_it(void **state)
{
    struct installation *in = *state;
    const char *const values[] = { "https://fees.example/told", "whsec_plJ3nmyCDGBKInavdOK15jsl" };
    const struct sl_settings settings = { .values = values };
    const struct sl_event_post event = {
        .body = "{\"event_type\":\"ping\",\"data\":{\"success\":true}}"
    };
    const struct sl_call call = { .arena = in->arena,
                                  .settings = &settings,
                                  .id = "msg_loFOjxBNrRLzqYUf",
                                  .now_ms = 1731705121999,
                                  .in.event = &event };
    struct sl_request made = { 0 };

    OK(step_of("url")->build(&call, &made, &err));
    assert_string_equal(made.headers[1].value, "msg_loFOjxBNrRLzqYUf");
    assert_string_equal(made.headers[2].value, "1731705121");
    assert_string_equal(made.headers[3].value, "v1,rAvfW3dJ/X/qxhsaXPOyyCGmRKsaKWcsNccKXlIktD0=");
    assert_string_equal(made.body, event.body);
}

static void only_2xx_is_taken_and_410_is_the_end(void **state)
{
    struct installation *in = *state;

    assert_int_equal(parsed(in, "url", SL_ANSWERED, 204).verdict, SL_OK);
    assert_int_equal(parsed(in, "url", SL_CUT, 200).verdict, SL_OK);
    assert_int_equal(parsed(in, "url", SL_ANSWERED, 410).verdict, SL_PERMANENT);
    assert_int_equal(parsed(in, "url", SL_ANSWERED, 410).learned, SL_DEAD_ADDRESS);
    assert_int_equal(parsed(in, "url", SL_ANSWERED, 302).verdict, SL_RETRY);
    assert_int_equal(parsed(in, "url", SL_ANSWERED, 401).verdict, SL_RETRY);
    assert_int_equal(parsed(in, "url", SL_ANSWERED, 500).verdict, SL_RETRY);
    assert_int_equal(parsed(in, "url", SL_ANSWERED, 429).verdict, SL_RATE_LIMITED);
    assert_int_equal(parsed(in, "url", SL_SENT, 0).verdict, SL_RETRY);
    assert_int_equal(parsed(in, "url", SL_NOT_SENT, 0).verdict, SL_RETRY);
    assert_int_equal(parsed(in, "exec", SL_ANSWERED, 0).verdict, SL_OK);
    assert_int_equal(parsed(in, "exec", SL_ANSWERED, 75).verdict, SL_RETRY);
    assert_int_equal(parsed(in, "exec", SL_SENT, 0).verdict, SL_RETRY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PROMISE(where_nobody_listens_nothing_is_written),
        PROMISE(a_change_that_is_undone_tells_nobody),
        PROMISE(the_same_is_told_once),
        PROMISE(a_payment_tells_those_who_listen_to_its_school),
        PROMISE(what_is_told_is_the_payments_record),
        PROMISE(a_payment_that_does_not_fit_is_told_once),
        PROMISE(all_that_hear_all_hear_of_no_other_status),
        PROMISE(each_message_of_a_batch_that_fails_is_told),
        PROMISE(who_opts_out_is_told_once),
        PROMISE(trouble_is_told_once_until_it_is_over),
        PROMISE(a_blocked_account_has_not_recovered),
        PROMISE(an_alert_hears_of_the_end_of_what_it_heard),
        PROMISE(trouble_reaches_the_hooks_of_schools_that_use_the_account),
        PROMISE(a_number_is_texted_once_in_words),
        PROMISE(what_a_removed_hook_waits_for_is_cancelled),
        PROMISE(a_text_about_each_text_is_refused),
        PROMISE(it_is_signed_as_standard_webhooks_has_it),
        PROMISE(only_2xx_is_taken_and_410_is_the_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
