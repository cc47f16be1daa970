/* Asking for money, and what is believed of it: by our own answer, callbacks and queries, in
 * whatever order they come. */
#include "tests/unit/paying.h"

/* ---- Asking for it ------------------------------------------------------------------------------ */

static void refused(struct installation *in, struct sl_payment_request bad, const char *said)
{
    struct sl_payment payment;
    int64_t item_id;

    assert_int_equal(sl_payments_request(in->service, in->arena, &in->school, &bad, &payment,
                                         &item_id, &err),
                     -1);
    assert_int_equal(err.code, SL_ERR_DATA);
    if (!strstr(err.text, said))
        fail_msg("'%s' is not in '%s'", said, err.text);
    assert_int_equal(count(in, NULL), 0);
}

static const struct {
    const char *amount, *said;
} bad_amounts[] = {
    { "0", "not more than nothing" },
    { "-5", "not more than nothing" },
    { "1e3", "not written like" },
    { "1,500", "not written like" },
    { "12.345", "not written like" },
    { "", "not written like" },
    { "12.50", "whole shillings" },
    { "99999999999", "more than max_amount" },
    { " 1500", "not written like" },
    { "+1500", "not written like" },
    { "99999999999999999999", "not written like" },
};
static const struct {
    const char *reference, *said;
} bad_references[] = {
    { "ADM1024567890", "longer than the 12" },
    { "ADM@1", "letters, digits" },
    { "ADM#1", "letters, digits" },
    { "ADM&1", "letters, digits" },
    { "", "no reference" },
};
static const char *const bad_phones[] = { "12", "020 2222222", "+44 7700 900123", "" };

static void what_cannot_be_asked_for_is_refused_and_leaves_nothing(void **state)
{
    for (size_t i = 0; i < SL_COUNT(bad_amounts); i++) {
        struct sl_payment_request bad = usual;

        bad.amount = bad_amounts[i].amount;
        refused(*state, bad, bad_amounts[i].said);
    }
    for (size_t i = 0; i < SL_COUNT(bad_references); i++) {
        struct sl_payment_request bad = usual;

        bad.reference = bad_references[i].reference;
        refused(*state, bad, bad_references[i].said);
    }
    for (size_t i = 0; i < SL_COUNT(bad_phones); i++) {
        struct sl_payment_request bad = usual;

        bad.phone = bad_phones[i];
        refused(*state, bad, "phone");
    }
}

static void a_request_is_recorded_with_the_token_that_its_callback_brings(void **state)
{
    struct installation *in = *state;
    struct sl_payment payment = request(in);
    struct sl_item item = item_of(in, payment.queue_id), found;
    const struct sl_seal_place place = { "integration_queue", "memory", item.school_id,
                                         item.provider_id, item.id };
    char token[SL_CALLBACK_TOKEN_SIZE], hash[SL_TOKEN_HASH_SIZE];
    const char *memory;

    assert_is(&payment, "initiated", NULL);
    assert_string_equal(payment.phone, phone);
    assert_string_equal(item.operation, "payment.request");
    assert_string_equal(item.lane, "urgent");
    assert_int_equal(item.subject_id, payment.id);
    assert_int_equal(item.expires_at - item.created_at, 600000);
    memory =
        sl_service_unseal(in->service, SL_KEY_SEAL, in->arena, item.memory, &place, NULL, &err);
    assert_non_null(memory);
    assert_int_equal(sscanf(memory, "{\"callback\":\"%32[0-9a-f]\"}", token), 1);
    sl_callback_hash(token, hash);
    assert_int_equal(sl_queue_by_callback(in->service->db, in->arena, hash, &found, &err), 1);
    assert_int_equal(found.id, item.id);
}

static void without_a_public_address_nothing_is_recorded(void **state)
{
    static const struct sl_change none[] = { { "callback_base_url", NULL } };
    struct installation *in = *state;
    struct sl_payment payment;
    int64_t item_id;

    set(in, "mpesa", none, 1);
    assert_int_equal(sl_payments_request(in->service, in->arena, &in->school, &usual, &payment,
                                         &item_id, &err),
                     -1);
    assert_int_equal(err.code, SL_ERR_CONFIG);
    assert_int_equal(count(in, NULL), 0);
}

static void a_key_gives_the_earlier_payment_and_is_refused_for_another(void **state)
{
    struct installation *in = *state;
    struct sl_payment_request keyed = usual;
    struct sl_payment first, second;
    int64_t item_id;

    keyed.key = "invoice-7";
    OK(sl_payments_request(in->service, in->arena, &in->school, &keyed, &first, &item_id, &err));
    assert_true(item_id > 0);
    keyed.phone = "+254 708 374 149"; /* the same, written otherwise */
    keyed.amount = "1500.00";
    OK(sl_payments_request(in->service, in->arena, &in->school, &keyed, &second, &item_id, &err));
    assert_int_equal(item_id, 0);
    assert_int_equal(second.id, first.id);
    keyed.amount = "1501";
    assert_int_equal(sl_payments_request(in->service, in->arena, &in->school, &keyed, &second,
                                         &item_id, &err),
                     -1);
    assert_int_equal(err.code, SL_ERR_DATA);
    assert_int_equal(count(in, NULL), 1);
}

static void refused_input_takes_no_key(void **state)
{
    struct installation *in = *state;
    struct sl_payment_request keyed = usual;
    struct sl_payment payment;
    int64_t item_id;

    keyed.key = "invoice-8";
    keyed.reference = "ADM#1";
    assert_int_equal(sl_payments_request(in->service, in->arena, &in->school, &keyed, &payment,
                                         &item_id, &err),
                     -1);
    keyed.reference = "ADM1";
    OK(sl_payments_request(in->service, in->arena, &in->school, &keyed, &payment, &item_id, &err));
    assert_true(item_id > 0);
}

/* ---- The answer --------------------------------------------------------------------------------- */

static void an_accepted_request_is_pending_and_keeps_the_id_to_ask_by(void **state)
{
    struct sl_payment payment = accepted(*state);

    assert_is(&payment, "pending", NULL);
    assert_string_equal(payment.external_reference, checkout);
}

static void a_refused_request_has_failed_with_its_reason(void **state)
{
    struct installation *in = *state;
    struct sl_payment payment = request(in);
    int64_t runner;
    struct sl_item item = leave(in, payment.queue_id, &runner);

    (void)answer(in, &item, runner, SL_COURSE_FAILED, NULL);
    payment = again(in, &payment);
    assert_is(&payment, "failed", NULL);
    assert_string_equal(payment.error, "Wrong credentials");
}

static void a_lost_answer_is_pending_while_it_waits_and_unknown_when_given_up(void **state)
{
    struct installation *in = *state;
    struct sl_payment payment = lost(in);
    struct sl_item item = item_of(in, payment.queue_id);

    assert_is(&payment, "pending", NULL);
    OK(sl_payment_request_domain.end(in->service, &item, true, "no answer came in time",
                                     sl_now_ms(), &err));
    payment = again(in, &payment);
    assert_is(&payment, "unknown", NULL);
    payment = told_paid(in, &payment, 150000, "NLJ7RT61SV"); /* late, but with the token */
    payment = asked(in, &payment, SL_PAY_PAID);
    assert_is(&payment, "succeeded", "NLJ7RT61SV");
    assert_string_equal(item_of(in, payment.queue_id).status, "completed");
}

static void the_runner_that_dies_leaves_a_payment_that_waits(void **state)
{
    struct installation *in = *state;
    struct sl_payment payment = request(in);
    int64_t runner;
    struct sl_item item = leave(in, payment.queue_id, &runner);

    OK(sl_payment_request_domain.end(in->service, &item, true, "it died", sl_now_ms(), &err));
    payment = again(in, &payment);
    assert_is(&payment, "pending", NULL);
}

static void one_that_was_never_sent_has_failed(void **state)
{
    struct installation *in = *state;
    struct sl_payment payment = request(in);
    struct sl_item item = item_of(in, payment.queue_id);

    OK(sl_payment_request_domain.end(in->service, &item, false, "it was too old to be sent",
                                     sl_now_ms(), &err));
    payment = again(in, &payment);
    assert_is(&payment, "failed", NULL);
    assert_string_equal(payment.error, "it was too old to be sent");
}

/* ---- Callback and query -------------------------------------------------------------------------- */

static void a_callback_alone_is_not_believed_but_asked_about(void **state)
{
    struct installation *in = *state;
    struct sl_payment payment = accepted(in);

    payment = told_paid(in, &payment, 150000, "NLJ7RT61SV");
    assert_is(&payment, "pending", NULL);
    assert_string_equal(payment.told_receipt, "NLJ7RT61SV");
    assert_true(question(in, &payment) > 0);
    payment = asked(in, &payment, SL_PAY_PAID);
    assert_is(&payment, "succeeded", "NLJ7RT61SV");
    assert_true(payment.settled_at > 0);
    assert_string_equal(item_of(in, payment.queue_id).status, "completed");
}

static void a_payment_can_succeed_before_its_receipt_is_known(void **state)
{
    struct installation *in = *state;
    struct sl_payment payment = accepted(in);

    payment = asked(in, &payment, SL_PAY_PAID);
    assert_is(&payment, "succeeded", NULL);
    payment = told_paid(in, &payment, 150000, "NLJ7RT61SV");
    assert_is(&payment, "succeeded", "NLJ7RT61SV");
    assert_int_equal(question(in, &payment), 0);
}

static void a_query_that_does_not_know_yet_changes_nothing(void **state)
{
    struct installation *in = *state;
    struct sl_payment payment = accepted(in);

    payment = asked(in, &payment, SL_PAY_PENDING);
    assert_is(&payment, "pending", NULL);
    assert_string_equal(item_of(in, payment.queue_id).status, "processing");
}

static void a_callback_that_was_told_of_is_asked_about_again_soon(void **state)
{
    struct installation *in = *state;
    struct sl_payment payment = accepted(in);

    payment = told_paid(in, &payment, 150000, "NLJ7RT61SV");
    payment = asked(in, &payment, SL_PAY_PENDING);
    assert_is(&payment, "pending", NULL);
    assert_true(item_of(in, payment.queue_id).next_attempt_at < sl_now_ms() + 6000);
}

static void a_refusal_is_believed_at_once_and_says_why(void **state)
{
    static const struct {
        enum sl_pay_state state;
        const char *status;
    } refusals[] = { { SL_PAY_FAILED, "failed" },
                     { SL_PAY_CANCELLED, "cancelled" },
                     { SL_PAY_EXPIRED, "expired" } };
    struct installation *in = *state;

    for (size_t i = 0; i < SL_COUNT(refusals); i++) {
        struct sl_payment payment = accepted(in);

        payment = told_no(in, &payment, refusals[i].state, "1032");
        assert_is(&payment, refusals[i].status, NULL);
        assert_string_equal(payment.error, "Request cancelled by user (1032)");
        assert_string_equal(item_of(in, payment.queue_id).status, "completed");
    }
}

static void a_code_that_nobody_knows_is_asked_about(void **state)
{
    struct installation *in = *state;
    struct sl_payment payment = accepted(in);

    payment = told_no(in, &payment, SL_PAY_UNKNOWN, "4711");
    assert_is(&payment, "pending", NULL);
    assert_true(question(in, &payment) > 0);
}

static void a_refusal_after_success_changes_nothing(void **state)
{
    struct installation *in = *state;
    struct sl_payment payment = accepted(in);

    payment = told_paid(in, &payment, 150000, "NLJ7RT61SV");
    payment = asked(in, &payment, SL_PAY_PAID);
    payment = told_no(in, &payment, SL_PAY_CANCELLED, "1032");
    payment =
        told_all(in, &payment,
                 &(struct sl_payment_news){
                     .state = SL_PAY_FAILED, .external = "ws_CO_another", .amount_minor = -1 });
    assert_is(&payment, "succeeded", "NLJ7RT61SV");
    assert_null(payment.error);
    assert_null(payment.mismatch);
}

static void two_callbacks_that_contradict_each_other_are_left_to_the_query(void **state)
{
    struct installation *in = *state;
    struct sl_payment payment = accepted(in);

    payment = told_paid(in, &payment, 150000, "NLJ7RT61SV");
    payment = told_no(in, &payment, SL_PAY_CANCELLED, "1032");
    assert_is(&payment, "pending", NULL);
    payment = asked(in, &payment, SL_PAY_PAID);
    assert_is(&payment, "succeeded", "NLJ7RT61SV");
}

static void a_callback_that_says_paid_after_a_refusal_is_asked_about(void **state)
{
    struct installation *in = *state;
    struct sl_payment payment = accepted(in);

    payment = told_no(in, &payment, SL_PAY_CANCELLED, "1032");
    payment = told_paid(in, &payment, 150000, "NLJ7RT61SV");
    assert_is(&payment, "cancelled", NULL);
    assert_true(question(in, &payment) > 0);
    payment = asked(in, &payment, SL_PAY_PAID);
    assert_is(&payment, "succeeded", "NLJ7RT61SV");
}

static void while_the_query_says_cancelled_no_callback_makes_it_succeed(void **state)
{
    struct installation *in = *state;
    struct sl_payment payment = accepted(in);

    payment = asked(in, &payment, SL_PAY_CANCELLED);
    assert_is(&payment, "cancelled", NULL);
    payment = told_paid(in, &payment, 150000, "FORGED0001");
    assert_is(&payment, "cancelled", NULL);
    payment = asked(in, &payment, SL_PAY_CANCELLED);
    assert_is(&payment, "cancelled", NULL);
}

static void the_same_callback_twice_changes_nothing(void **state)
{
    struct installation *in = *state;
    struct sl_payment payment = accepted(in), once;

    payment = told_paid(in, &payment, 150000, "NLJ7RT61SV");
    once = asked(in, &payment, SL_PAY_PAID);
    payment = told_paid(in, &payment, 150000, "NLJ7RT61SV");
    assert_is(&payment, "succeeded", "NLJ7RT61SV");
    assert_null(payment.mismatch);
    assert_int_equal(payment.settled_at, once.settled_at);
    assert_int_equal(count(in, NULL), 1);
}

static void another_amount_is_flagged_and_never_believed(void **state)
{
    struct installation *in = *state;
    struct sl_payment payment = accepted(in);

    payment = told_paid(in, &payment, 149900, "NLJ7RT61SV");
    assert_is(&payment, "pending", NULL);
    assert_string_equal(payment.mismatch, "a callback says 1499.00, not 1500.00");
    assert_true(question(in, &payment) > 0);
    payment = asked(in, &payment, SL_PAY_PAID);
    assert_is(&payment, "unknown", NULL);
    assert_non_null(strstr(payment.error, "a callback says 1499.00"));
    assert_string_equal(item_of(in, payment.queue_id).waits_for, "person");
    payment = told_paid(in, &payment, 150000, "NLJ7RT61SV"); /* the genuine one */
    assert_is(&payment, "succeeded", "NLJ7RT61SV");
    assert_non_null(payment.mismatch);
    assert_null(payment.error);
}

static void a_forged_amount_before_the_genuine_callback_does_not_take_its_place(void **state)
{
    struct installation *in = *state;
    struct sl_payment payment = accepted(in);

    payment = told_paid(in, &payment, 149900, "FORGED0001");
    payment = told_paid(in, &payment, 150000, "NLJ7RT61SV");
    payment = asked(in, &payment, SL_PAY_PAID);
    assert_is(&payment, "succeeded", "NLJ7RT61SV");
}

static void a_callback_about_another_push_is_not_believed(void **state)
{
    const struct sl_payment_news other = { .state = SL_PAY_CANCELLED,
                                           .external = "ws_CO_another",
                                           .amount_minor = -1 };
    struct installation *in = *state;
    struct sl_payment payment = accepted(in);

    payment = told_all(in, &payment, &other);
    assert_is(&payment, "pending", NULL);
    assert_string_equal(payment.external_reference, checkout);
    assert_non_null(strstr(payment.mismatch, "ws_CO_another"));
}

static void two_receipts_for_one_payment_leave_it_without(void **state)
{
    struct installation *in = *state;
    struct sl_payment payment = accepted(in);

    payment = told_paid(in, &payment, 150000, "FORGED0001");
    payment = told_paid(in, &payment, 150000, "NLJ7RT61SV");
    payment = told_paid(in, &payment, 150000, "FORGED0001");
    payment = asked(in, &payment, SL_PAY_PAID);
    assert_is(&payment, "succeeded", NULL);
    assert_string_equal(payment.mismatch, "callbacks tell two receipts, FORGED0001 and NLJ7RT61SV");
}

static void a_receipt_pays_one_payment_only(void **state)
{
    struct installation *in = *state;
    struct sl_payment first = accepted(in), second = accepted(in);

    first = told_paid(in, &first, 150000, "NLJ7RT61SV");
    first = asked(in, &first, SL_PAY_PAID);
    second = told_paid(in, &second, 150000, "NLJ7RT61SV");
    second = asked(in, &second, SL_PAY_PAID);
    assert_is(&first, "succeeded", "NLJ7RT61SV");
    assert_is(&second, "unknown", NULL);
    assert_non_null(strstr(second.mismatch, first.public_id));
}

/* ---- Before our own answer ------------------------------------------------------------------------ */

static void a_callback_can_be_faster_than_the_answer(void **state)
{
    struct installation *in = *state;
    struct sl_payment payment = request(in);
    int64_t runner;
    struct sl_item item = leave(in, payment.queue_id, &runner);

    payment = told_paid(in, &payment, 150000, "NLJ7RT61SV");
    assert_is(&payment, "pending", NULL);
    assert_string_equal(payment.external_reference, checkout);
    payment = asked(in, &payment, SL_PAY_PAID);
    assert_is(&payment, "succeeded", "NLJ7RT61SV");
    assert_int_equal(answer(in, &item, runner, SL_COURSE_ACCEPTED, checkout), SL_COURSE_DONE);
    payment = again(in, &payment);
    assert_is(&payment, "succeeded", "NLJ7RT61SV");
    assert_string_equal(item_of(in, payment.queue_id).status, "completed");
}

static void an_answer_that_refuses_is_not_believed_after_a_callback(void **state)
{
    struct installation *in = *state;
    struct sl_payment payment = request(in);
    int64_t runner;
    struct sl_item item = leave(in, payment.queue_id, &runner);

    payment = told_paid(in, &payment, 150000, "NLJ7RT61SV");
    assert_int_equal(answer(in, &item, runner, SL_COURSE_FAILED, NULL), SL_COURSE_ACCEPTED);
    payment = again(in, &payment);
    assert_is(&payment, "pending", NULL);
}

static void what_was_heard_of_is_not_sent_again(void **state)
{
    struct installation *in = *state;
    struct sl_payment payment = request(in);
    int64_t runner;
    struct sl_item item = leave(in, payment.queue_id, &runner);

    (void)answer(in, &item, runner, SL_COURSE_AGAIN, NULL);
    payment = told_paid(in, &payment, 150000, "NLJ7RT61SV");
    assert_string_equal(item_of(in, payment.queue_id).status, "cancelled");
    payment = asked(in, &payment, SL_PAY_PAID);
    assert_is(&payment, "succeeded", "NLJ7RT61SV");
}

static void a_lost_answer_is_found_by_the_callback(void **state)
{
    struct installation *in = *state;
    struct sl_payment payment = lost(in);

    payment = told_no(in, &payment, SL_PAY_CANCELLED, "1032");
    assert_is(&payment, "cancelled", NULL);
    assert_string_equal(payment.external_reference, checkout);
    assert_string_equal(item_of(in, payment.queue_id).status, "completed");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PROMISE(what_cannot_be_asked_for_is_refused_and_leaves_nothing),
        PROMISE(a_request_is_recorded_with_the_token_that_its_callback_brings),
        PROMISE(without_a_public_address_nothing_is_recorded),
        PROMISE(a_key_gives_the_earlier_payment_and_is_refused_for_another),
        PROMISE(refused_input_takes_no_key),
        PROMISE(an_accepted_request_is_pending_and_keeps_the_id_to_ask_by),
        PROMISE(a_refused_request_has_failed_with_its_reason),
        PROMISE(a_lost_answer_is_pending_while_it_waits_and_unknown_when_given_up),
        PROMISE(the_runner_that_dies_leaves_a_payment_that_waits),
        PROMISE(one_that_was_never_sent_has_failed),
        PROMISE(a_callback_alone_is_not_believed_but_asked_about),
        PROMISE(a_payment_can_succeed_before_its_receipt_is_known),
        PROMISE(a_query_that_does_not_know_yet_changes_nothing),
        PROMISE(a_callback_that_was_told_of_is_asked_about_again_soon),
        PROMISE(a_refusal_is_believed_at_once_and_says_why),
        PROMISE(a_code_that_nobody_knows_is_asked_about),
        PROMISE(a_refusal_after_success_changes_nothing),
        PROMISE(two_callbacks_that_contradict_each_other_are_left_to_the_query),
        PROMISE(a_callback_that_says_paid_after_a_refusal_is_asked_about),
        PROMISE(while_the_query_says_cancelled_no_callback_makes_it_succeed),
        PROMISE(the_same_callback_twice_changes_nothing),
        PROMISE(another_amount_is_flagged_and_never_believed),
        PROMISE(a_forged_amount_before_the_genuine_callback_does_not_take_its_place),
        PROMISE(a_callback_about_another_push_is_not_believed),
        PROMISE(two_receipts_for_one_payment_leave_it_without),
        PROMISE(a_receipt_pays_one_payment_only),
        PROMISE(a_callback_can_be_faster_than_the_answer),
        PROMISE(an_answer_that_refuses_is_not_believed_after_a_callback),
        PROMISE(what_was_heard_of_is_not_sent_again),
        PROMISE(a_lost_answer_is_found_by_the_callback),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
