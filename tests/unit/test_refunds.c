/* Money given back. */
#include "tests/unit/paying.h"

/* ---- Giving back --------------------------------------------------------------------------------------- */

static struct sl_payment succeeded(struct installation *in)
{
    struct sl_payment payment = accepted(in);

    payment = told_paid(in, &payment, 150000, "NLJ7RT61SV");
    return asked(in, &payment, SL_PAY_PAID);
}

static struct sl_refund refund_of(struct installation *in, const struct sl_payment *payment,
                                  const struct sl_refund_request *request)
{
    struct sl_refund refund;
    int64_t item_id;

    OK(sl_payments_refund(in->service, in->arena, &in->school, payment, request, &refund, &item_id,
                          &err));
    return refund;
}

/* Returns what is noted of it. */
static const char *result(struct installation *in, int64_t item_id, const struct sl_event *event)
{
    struct sl_item item = item_of(in, item_id);
    SL_AUTO(sl_tx_end) struct sl_tx tx = { 0 };
    const char *note;

    OK(sl_tx_begin(&tx, in->service->db, &err));
    OK(sl_payments_result(in->service, in->arena, &item, event, sl_now_ms(), &note, &err));
    OK(sl_tx_commit(&tx, &err));
    return note;
}

static void a_refund_ends_by_its_callback_and_the_payment_is_refunded(void **state)
{
    const struct sl_event done = { .kind = SL_EVENT_RESULT,
                                   .outcome = { .verdict = SL_OK, .external = "dad6-1" } };
    const struct sl_event other = { .kind = SL_EVENT_RESULT,
                                    .outcome = { .verdict = SL_PERMANENT, .external = "dad6-2" } };
    const struct sl_refund_request all = { .reason = "Paid twice" };
    struct installation *in = *state;
    struct sl_payment payment = succeeded(in);
    struct sl_refund refund = refund_of(in, &payment, &all);
    int64_t runner;
    struct sl_item item = leave(in, refund.queue_id, &runner);

    assert_int_equal(answer(in, &item, runner, SL_COURSE_ACCEPTED, "dad6-1"), SL_COURSE_ACCEPTED);
    assert_string_equal(result(in, refund.queue_id, &other), "it names dad6-2, not dad6-1");
    OK(sl_refunds_get(in->service->db, in->arena, refund.id, &refund, &err));
    assert_string_equal(refund.status, "pending");
    assert_null(result(in, refund.queue_id, &done));
    OK(sl_refunds_get(in->service->db, in->arena, refund.id, &refund, &err));
    assert_string_equal(refund.status, "succeeded");
    payment = again(in, &payment);
    assert_is(&payment, "refunded", "NLJ7RT61SV");
    assert_string_equal(item_of(in, refund.queue_id).status, "completed");
}

static void no_refund(struct installation *in, const struct sl_payment *payment,
                      const struct sl_refund_request *request, const char *said)
{
    struct sl_refund refund;
    int64_t item_id;

    assert_int_equal(sl_payments_refund(in->service, in->arena, &in->school, payment, request,
                                        &refund, &item_id, &err),
                     -1);
    assert_int_equal(err.code, SL_ERR_DATA);
    if (!strstr(err.text, said))
        fail_msg("'%s' is not in '%s'", said, err.text);
}

static void nothing_is_given_back_twice_or_in_parts_unasked(void **state)
{
    const struct sl_refund_request all = { 0 }, part = { .amount = "500" },
                                   forced = { .amount = "500", .force = true },
                                   more = { .amount = "1501" };
    struct installation *in = *state;
    struct sl_payment open = accepted(in), payment;

    no_refund(in, &open, &all, "is pending");
    payment = succeeded(in);
    no_refund(in, &payment, &part, "all of a payment only");
    no_refund(in, &payment, &more, "more than was paid");
    (void)refund_of(in, &payment, &forced);
    no_refund(in, &payment, &all, "given back or asked for already");
}

static void of_another_amount_what_was_paid_is_given_back(void **state)
{
    const struct sl_event done = { .kind = SL_EVENT_RESULT,
                                   .outcome = { .verdict = SL_OK, .external = "dad6-1" } };
    const struct sl_refund_request all = { .key = "r-1" }, asked_for = { .amount = "1500" };
    struct installation *in = *state;
    struct sl_payment payment = accepted(in), other = accepted(in);
    struct sl_refund refund;
    struct sl_item item;
    int64_t runner;

    payment = told_paid(in, &payment, 1000, "NLJ7RT61SV");
    no_refund(in, &payment, &all, "is pending");
    payment = asked(in, &payment, SL_PAY_PAID);
    no_refund(in, &payment, &asked_for, "more than was paid");
    refund = refund_of(in, &payment, &all);
    assert_int_equal(refund.amount_minor, 1000);
    item = leave(in, refund.queue_id, &runner);
    (void)answer(in, &item, runner, SL_COURSE_ACCEPTED, "dad6-1");
    assert_null(result(in, refund.queue_id, &done));
    payment = again(in, &payment);
    assert_is(&payment, "refunded", "NLJ7RT61SV");
    assert_int_equal(payment.amount_minor, 1000);
    assert_int_equal(refund_of(in, &payment, &all).id, refund.id);

    other = told_paid(in, &other, 1000, "NLJ7RT61SV");
    other = asked(in, &other, SL_PAY_PAID);
    no_refund(in, &other, &all, "was used for something else");
    no_refund(in, &other, &(struct sl_refund_request){ 0 }, "is unknown");
}

static void a_late_success_of_one_that_was_repeated_is_flagged(void **state)
{
    const struct sl_event done[] = {
        { .kind = SL_EVENT_RESULT, .outcome = { .verdict = SL_OK, .external = "dad6-1" } },
        { .kind = SL_EVENT_RESULT, .outcome = { .verdict = SL_OK, .external = "dad6-2" } },
    };
    const struct sl_event failed = { .kind = SL_EVENT_RESULT,
                                     .outcome = { .verdict = SL_PERMANENT, .external = "dad6-1" } };
    static const char *const ids[] = { "dad6-1", "dad6-2" };
    struct installation *in = *state;
    struct sl_payment payment = succeeded(in);
    int64_t rows[2];

    for (int i = 0; i < 2; i++) {
        int64_t runner;
        struct sl_item item;

        rows[i] = refund_of(in, &payment, &(struct sl_refund_request){ 0 }).queue_id;
        item = leave(in, rows[i], &runner);
        (void)answer(in, &item, runner, SL_COURSE_ACCEPTED, ids[i]);
        if (i == 0)
            assert_null(result(in, rows[i], &failed));
    }
    assert_null(result(in, rows[0], &done[0])); /* after all */
    payment = again(in, &payment);
    assert_is(&payment, "refunded", "NLJ7RT61SV");
    assert_string_equal(payment.mismatch, "3000.00 is given back or asked for, of 1500.00 paid");
    assert_null(result(in, rows[1], &done[1]));
    payment = again(in, &payment);
    assert_string_equal(payment.mismatch, "3000.00 is given back or asked for, of 1500.00 paid");
}

static void what_is_being_given_back_is_not_decided_again(void **state)
{
    const struct sl_payment_news claim = { .receipt = "GENUINE003", .amount_minor = 1000 };
    struct installation *in = *state;
    struct sl_payment payment = accepted(in);

    payment = told_paid(in, &payment, 1000, "NLJ7RT61SV");
    payment = asked(in, &payment, SL_PAY_PAID);
    (void)refund_of(in, &payment, &(struct sl_refund_request){ 0 });
    assert_int_equal(sl_payments_accept(in->service, payment.id, &claim, sl_now_ms(), &err), -1);
    assert_int_equal(err.code, SL_ERR_DATA);
    assert_non_null(strstr(err.text, "10.00 of payment"));
    payment = again(in, &payment);
    assert_is(&payment, "unknown", NULL);
}

static void a_refunds_key_stands_for_one_refund(void **state)
{
    const struct sl_refund_request all = { .key = "r-1" };
    struct installation *in = *state;
    struct sl_payment payment = succeeded(in);
    struct sl_refund first = refund_of(in, &payment, &all), second = refund_of(in, &payment, &all);

    assert_int_equal(first.id, second.id);
}

static void that_the_payment_was_completed_does_not_mean_that_it_was_given_back(void **state)
{
    const struct sl_event completed = { .kind = SL_EVENT_RESULT,
                                        .outcome = { .verdict = SL_OK },
                                        .payment = { .state = SL_PAY_PAID } };
    const struct sl_refund_request all = { 0 };
    struct installation *in = *state;
    struct sl_payment payment = succeeded(in);
    struct sl_refund refund = refund_of(in, &payment, &all);
    struct sl_item status = { .school_id = payment.school_id,
                              .provider_id = payment.provider_id,
                              .operation = "payment.refund_status",
                              .payload = "{}",
                              .public_id = refund.public_id,
                              .subject_id = refund.id };

    OK(sl_queue_add(in->service->db, &status, sl_now_ms(), &err));
    assert_null(result(in, status.id, &completed));
    OK(sl_refunds_get(in->service->db, in->arena, refund.id, &refund, &err));
    assert_string_equal(refund.status, "initiated");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PROMISE(a_refund_ends_by_its_callback_and_the_payment_is_refunded),
        PROMISE(nothing_is_given_back_twice_or_in_parts_unasked),
        PROMISE(of_another_amount_what_was_paid_is_given_back),
        PROMISE(a_late_success_of_one_that_was_repeated_is_flagged),
        PROMISE(what_is_being_given_back_is_not_decided_again),
        PROMISE(a_refunds_key_stands_for_one_refund),
        PROMISE(that_the_payment_was_completed_does_not_mean_that_it_was_given_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
