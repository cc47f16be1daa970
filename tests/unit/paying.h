/* A school that takes payments, and what happens to one of them: what the engine would store is
 * stored by these. No network. */
#ifndef SL_TESTS_PAYING_H
#define SL_TESTS_PAYING_H

#include "tests/unit/installation.h"
#include "tests/unit/expect_ok.h"
#include "lib/base/text.h"
#include "lib/service/ids.h"
#include "lib/service/job.h"
#include "lib/service/payments.h"
#include "lib/store/messages.h"
#include "lib/store/runners.h"

static const char checkout[] = "ws_CO_24112026090000001";
static const char phone[] = "+254708374149";

/* ---- A school that takes payments ------------------------------------------------------------ */

static inline void set(struct installation *in, const char *provider,
                       const struct sl_change *changes, size_t n)
{
    const struct sl_config_set set = { .changes = changes, .n_changes = n };

    OK(sl_config_set(in->service, &in->school, sl_adapter_find(provider), &set, &err));
}

static inline int setup(void **state)
{
    static const struct sl_change mpesa[] = {
        { "consumer_key", "key-of-a-test" },
        { "consumer_secret", "secret-of-a-test" },
        { "shortcode", "174379" },
        { "passkey", "bfb279f9aa9bdbcf158e97dd71a467cd2e0c893059b10f78e6b72ada1ed2c919" },
        { "initiator_name", "testapi" },
        { "security_credential", "c2VhbGVk" },
        { "callback_base_url", "https://school.example" },
    };
    static const struct sl_change sms[] = { { "username", "sandbox" },
                                            { "api_key", "key-of-a-test" } };

    if (installation_setup(state) != 0)
        return -1;
    set(*state, "mpesa", mpesa, SL_COUNT(mpesa));
    set(*state, "africastalking", sms, SL_COUNT(sms));
    return 0;
}

static inline void set_template(struct installation *in, const char *template)
{
    struct sl_school school = in->school;

    school.receipt_template = template;
    OK(sl_schools_edit(in->service->db, &school, sl_now_ms(), &err));
}

/* ---- What happens to a payment ----------------------------------------------------------------- */

static const struct sl_payment_request usual = { .phone = "0708374149",
                                                 .amount = "1500",
                                                 .reference = "ADM1024" };

static inline struct sl_payment request(struct installation *in)
{
    struct sl_payment payment;
    int64_t item_id;

    OK(sl_payments_request(in->service, in->arena, &in->school, &usual, &payment, &item_id, &err));
    assert_true(item_id > 0);
    return payment;
}

static inline struct sl_payment again(struct installation *in, const struct sl_payment *payment)
{
    struct sl_payment now;

    OK(sl_payments_get(in->service->db, in->arena, payment->id, &now, &err));
    return now;
}

static inline struct sl_item item_of(struct installation *in, int64_t id)
{
    struct sl_item item;

    OK(sl_queue_get(in->service->db, in->arena, id, &item, &err));
    return item;
}

/* A runner claims a row and marks it: its bytes are leaving. */
static inline struct sl_item leave(struct installation *in, int64_t item_id, int64_t *runner)
{
    const struct sl_work_filter filter = { .item_id = item_id };
    struct sl_boot_now now = { .ms = 1000 };
    SL_AUTO(sl_tx_end) struct sl_tx tx = { 0 };
    struct sl_source source = { 0 };
    struct sl_item item;

    sl_boot_id(now.id);
    OK(sl_runners_start(in->service->db, "test", &now, 1000, 60000, runner, &err));
    OK(sl_tx_begin(&tx, in->service->db, &err));
    OK(sl_queue_claim(in->service->db, in->arena, &source, &filter, *runner, sl_now_ms(), 1, &item,
                      &err));
    OK(sl_queue_mark(in->service->db, item_id, *runner, sl_now_ms(), &err));
    OK(sl_tx_commit(&tx, &err));
    return item;
}

/* What the engine does with an outcome. Returns the course that the domain leaves. */
static inline enum sl_course settle(struct installation *in, const struct sl_item *item,
                                    int64_t runner, enum sl_course course,
                                    const struct sl_result *result)
{
    const struct sl_adapter *adapter = sl_adapter_find("mpesa");
    struct sl_job job = { .arena = in->arena,
                          .item = *item,
                          .op = sl_adapter_op(adapter, item->operation),
                          .domain = sl_domain_find(item->operation),
                          .marked_ms = sl_now_ms(),
                          .result = *result };
    struct sl_settlement settlement = { .status = "processing", .waits_for = "callback" };
    SL_AUTO(sl_tx_end) struct sl_tx tx = { 0 };

    OK(sl_tx_begin(&tx, in->service->db, &err));
    OK(job.domain->settle(in->service, &job, &course, sl_now_ms(), &err));
    settlement.accepted = course == SL_COURSE_ACCEPTED;
    settlement.next_attempt_at = sl_now_ms() + 20000;
    if (course == SL_COURSE_DONE || course == SL_COURSE_FAILED)
        settlement =
            (struct sl_settlement){ .status = course == SL_COURSE_DONE ? "completed" : "failed" };
    else if (course == SL_COURSE_AGAIN)
        settlement = (struct sl_settlement){ .status = "pending", .next_attempt_at = 1 };
    OK(sl_queue_settle(in->service->db, item, runner, &settlement, sl_now_ms(), &err));
    OK(sl_tx_commit(&tx, &err));
    return course;
}

static inline enum sl_course answer(struct installation *in, const struct sl_item *item,
                                    int64_t runner, enum sl_course course, const char *external)
{
    struct sl_outcome outcome = { .verdict = SL_OK, .external = external };
    const struct sl_result result = { .items = &outcome,
                                      .n_items = 1,
                                      .payment = { .external = external, .amount_minor = -1 } };

    if (course == SL_COURSE_FAILED)
        outcome = (struct sl_outcome){ .verdict = SL_PERMANENT, .text = "Wrong credentials" };
    if (course == SL_COURSE_UNKNOWN)
        outcome = (struct sl_outcome){ .verdict = SL_AMBIGUOUS, .text = "HTTP 500" };
    return settle(in, item, runner, course, &result);
}

static inline struct sl_payment accepted(struct installation *in)
{
    struct sl_payment payment = request(in);
    int64_t runner;
    struct sl_item item = leave(in, payment.queue_id, &runner);

    assert_int_equal(answer(in, &item, runner, SL_COURSE_ACCEPTED, checkout), SL_COURSE_ACCEPTED);
    return again(in, &payment);
}

/* The answer was lost, and the row waits for its callback. */
static inline struct sl_payment lost(struct installation *in)
{
    struct sl_payment payment = request(in);
    int64_t runner;
    struct sl_item item = leave(in, payment.queue_id, &runner);

    (void)answer(in, &item, runner, SL_COURSE_UNKNOWN, NULL);
    return again(in, &payment);
}

/* The row of a request ended without an outcome of its own. */
static inline void end(struct installation *in, const struct sl_item *item, bool unknown,
                       const char *why)
{
    SL_AUTO(sl_tx_end) struct sl_tx tx = { 0 };

    OK(sl_tx_begin(&tx, in->service->db, &err));
    OK(sl_payment_request_domain.end(in->service, item, unknown, why, sl_now_ms(), &err));
    OK(sl_tx_commit(&tx, &err));
}

static inline struct sl_payment told_noted(struct installation *in,
                                           const struct sl_payment *payment,
                                           const struct sl_payment_news *news, const char **note)
{
    struct sl_item item = item_of(in, payment->queue_id);
    SL_AUTO(sl_tx_end) struct sl_tx tx = { 0 };

    OK(sl_tx_begin(&tx, in->service->db, &err));
    OK(sl_payments_told(in->service, in->arena, &item, news, sl_now_ms(), note, &err));
    OK(sl_tx_commit(&tx, &err));
    return again(in, payment);
}

static inline struct sl_payment told_all(struct installation *in, const struct sl_payment *payment,
                                         const struct sl_payment_news *news)
{
    const char *note;

    return told_noted(in, payment, news, &note);
}

static inline struct sl_payment told_paid(struct installation *in, const struct sl_payment *payment,
                                          int64_t amount_minor, const char *receipt)
{
    const struct sl_payment_news news = { .state = SL_PAY_PAID,
                                          .external = checkout,
                                          .external2 = "29115-1",
                                          .receipt = receipt,
                                          .currency = "KES",
                                          .amount_minor = amount_minor };

    return told_all(in, payment, &news);
}

static inline struct sl_payment told_no(struct installation *in, const struct sl_payment *payment,
                                        enum sl_pay_state state, const char *code)
{
    const struct sl_payment_news news = { .state = state,
                                          .external = checkout,
                                          .code = code,
                                          .text = "Request cancelled by user",
                                          .currency = "KES",
                                          .amount_minor = -1 };

    return told_all(in, payment, &news);
}

static inline int64_t question(struct installation *in, const struct sl_payment *payment)
{
    char key[64];
    int64_t id;

    (void)snprintf(key, sizeof key, "payment.verify:%lld", (long long)payment->id);
    OK(sl_queue_open(in->service->db, key, &id, &err));
    return id;
}

/* The provider is asked, by the open question or a new one, and says this. */
static inline struct sl_payment asked(struct installation *in, const struct sl_payment *payment,
                                      enum sl_pay_state state)
{
    struct sl_outcome outcome = { .verdict = SL_OK };
    const struct sl_result result = { .items = &outcome,
                                      .n_items = 1,
                                      .payment = { .state = state,
                                                   .external = checkout,
                                                   .code = "1032",
                                                   .text = "Request cancelled by user",
                                                   .amount_minor = -1 } };
    struct sl_payment now = again(in, payment);
    int64_t id, runner;
    struct sl_item item;

    OK(sl_payments_ask(in->service, &now, &id, &err));
    assert_true(id > 0);
    item = leave(in, id, &runner);
    (void)settle(in, &item, runner, SL_COURSE_DONE, &result);
    return again(in, payment);
}

static inline void received(struct installation *in, const char *receipt, int64_t amount_minor,
                            const char *told_phone)
{
    const struct sl_payment_news news = { .state = SL_PAY_PAID,
                                          .receipt = receipt,
                                          .reference = "adm1024",
                                          .phone = told_phone,
                                          .payer = "NICHOLAS",
                                          .currency = "KES",
                                          .amount_minor = amount_minor };
    SL_AUTO(sl_tx_end) struct sl_tx tx = { 0 };

    OK(sl_tx_begin(&tx, in->service->db, &err));
    OK(sl_payments_received(in->service, in->school.id, 1, &news, sl_now_ms(), &err));
    OK(sl_tx_commit(&tx, &err));
}

static inline int count(struct installation *in, const char *status)
{
    const struct sl_payment_filter filter = { .status = status };
    SL_AUTO(sl_rows_end) struct sl_rows rows = { 0 };
    struct sl_payment payment;
    int n = 0;

    OK(sl_payments_list(&rows, in->service->db, &filter, &err));
    while (sl_payments_next(&rows, &payment, &err) > 0)
        n++;
    return n;
}

static inline void assert_is(const struct sl_payment *payment, const char *status,
                             const char *receipt)
{
    assert_string_equal(payment->status, status);
    if (receipt)
        assert_string_equal(payment->receipt, receipt);
    else
        assert_null(payment->receipt);
}

#define PROMISE(test) cmocka_unit_test_setup_teardown(test, setup, installation_teardown)

#endif
