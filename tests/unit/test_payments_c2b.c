/* Money that came unasked, and the receipt that thanks for it. */
#include "tests/unit/paying.h"

#include "lib/base/crypto.h"
#include "lib/service/receipts.h"

/* ---- Money that came unasked ------------------------------------------------------------------------ */

static void a_confirmation_is_a_payment_of_its_own_and_counts_once(void **state)
{
    struct installation *in = *state;

    received(in, "RKL51ZDR4F", 50000, "2547 ***** 126");
    received(in, "RKL51ZDR4F", 50000, "2547 ***** 126");
    assert_int_equal(count(in, "succeeded"), 1);
    received(in, "RKL51ZDR4G", 50000, "2547 ***** 126");
    assert_int_equal(count(in, "succeeded"), 2);
}

static void a_confirmation_of_a_prompt_is_that_ones(void **state)
{
    struct installation *in = *state;
    struct sl_payment payment = accepted(in);

    received(in, "NLJ7RT61SV", 150000, "2547 ***** 149");
    payment = again(in, &payment);
    assert_is(&payment, "pending", NULL);
    payment = told_paid(in, &payment, 150000, "NLJ7RT61SV");
    payment = asked(in, &payment, SL_PAY_PAID);
    assert_is(&payment, "succeeded", "NLJ7RT61SV");
    assert_string_equal(payment.payer, "NICHOLAS");
    assert_int_equal(count(in, NULL), 1);
}

static void a_confirmation_after_the_callback_is_that_ones(void **state)
{
    struct installation *in = *state;
    struct sl_payment payment = accepted(in);

    payment = told_paid(in, &payment, 150000, "NLJ7RT61SV");
    received(in, "NLJ7RT61SV", 150000, "hashed, or whatever");
    payment = asked(in, &payment, SL_PAY_PAID);
    received(in, "NLJ7RT61SV", 150000, "2547 ***** 149");
    assert_is(&payment, "succeeded", "NLJ7RT61SV");
    assert_int_equal(count(in, NULL), 1);
}

static void a_confirmation_brings_the_receipt_that_a_lost_callback_would_have(void **state)
{
    struct installation *in = *state;
    struct sl_payment payment = accepted(in);
    unsigned char digest[SL_SHA256_SIZE];
    char hex[65];

    payment = asked(in, &payment, SL_PAY_PAID);
    sl_sha256(phone + 1, 12, digest);
    sl_hex(digest, sizeof digest, hex);
    received(in, "NLJ7RT61SV", 150000, hex);
    payment = again(in, &payment);
    assert_is(&payment, "succeeded", "NLJ7RT61SV");
    assert_int_equal(count(in, NULL), 1);
}

static void one_that_does_not_fit_is_folded_when_the_receipt_is_known(void **state)
{
    struct installation *in = *state;
    struct sl_payment payment = accepted(in);

    received(in, "NLJ7RT61SV", 150000, "2547 ***** 999");
    assert_int_equal(count(in, NULL), 2);
    payment = told_paid(in, &payment, 150000, "NLJ7RT61SV");
    payment = asked(in, &payment, SL_PAY_PAID);
    assert_is(&payment, "succeeded", "NLJ7RT61SV");
    assert_int_equal(count(in, NULL), 1);
    received(in, "NLJ7RT61SV", 150000, "2547 ***** 999");
    assert_int_equal(count(in, NULL), 1);
}

static void money_paid_by_hand_is_not_lost_when_the_prompt_is_cancelled(void **state)
{
    struct installation *in = *state;
    struct sl_payment payment = accepted(in);

    received(in, "RKL51ZDR4F", 150000, "2547 ***** 149");
    assert_int_equal(count(in, NULL), 1);
    payment = told_no(in, &payment, SL_PAY_CANCELLED, "1032");
    payment = asked(in, &payment, SL_PAY_CANCELLED);
    assert_is(&payment, "cancelled", NULL);
    assert_int_equal(count(in, "succeeded"), 1);
    received(in, "RKL51ZDR4F", 150000, "2547 ***** 149");
    assert_int_equal(count(in, NULL), 2);
}

static void a_prompt_that_is_paid_too_gives_back_what_was_guessed_to_be_its(void **state)
{
    struct installation *in = *state;
    struct sl_payment payment = accepted(in);

    received(in, "RKL51ZDR4F", 150000, "2547 ***** 149");
    payment = told_paid(in, &payment, 150000, "NLJ7RT61SV");
    payment = asked(in, &payment, SL_PAY_PAID);
    assert_is(&payment, "succeeded", "NLJ7RT61SV");
    assert_int_equal(count(in, "succeeded"), 2);
}

static void what_nobody_can_be_asked_about_succeeds_by_its_confirmation(void **state)
{
    struct installation *in = *state;
    struct sl_payment payment = lost(in);

    received(in, "NLJ7RT61SV", 150000, "2547 ***** 149");
    payment = again(in, &payment);
    assert_is(&payment, "succeeded", "NLJ7RT61SV");
    assert_string_equal(item_of(in, payment.queue_id).status, "completed");
    assert_int_equal(count(in, NULL), 1);
}

static void two_that_fit_are_told_apart_by_their_receipts(void **state)
{
    struct installation *in = *state;
    struct sl_payment one = lost(in), other = lost(in);

    received(in, "NLJ7RT61SV", 150000, "2547 ***** 149");
    assert_int_equal(count(in, "succeeded"), 1);
    assert_int_equal(count(in, "unknown"), 2);
    one = told_paid(in, &one, 150000, "NLJ7RT61SV");
    one = asked(in, &one, SL_PAY_PAID);
    assert_is(&one, "succeeded", "NLJ7RT61SV");
    assert_int_equal(count(in, "succeeded"), 1);
    other = again(in, &other);
    assert_is(&other, "unknown", NULL);
}

static void reconciling_matches_what_came_before(void **state)
{
    struct installation *in = *state;
    struct sl_payment one = lost(in), other = lost(in);
    SL_AUTO(sl_tx_end) struct sl_tx tx = { 0 };

    received(in, "NLJ7RT61SV", 150000, "2547 ***** 149");
    other = told_no(in, &other, SL_PAY_CANCELLED, "1032");
    OK(sl_tx_begin(&tx, in->service->db, &err));
    OK(sl_payments_match(in->service, one.id, sl_now_ms(), &err));
    OK(sl_tx_commit(&tx, &err));
    one = again(in, &one);
    assert_is(&one, "succeeded", "NLJ7RT61SV");
    assert_int_equal(count(in, "succeeded"), 1);
}

static void only_known_references_may_be_paid(void **state)
{
    struct installation *in = *state;
    struct sl_payment_news news = { .state = SL_PAY_PENDING, .reference = " adm1024 " };

    OK(sl_references_add(in->service->db, in->school.id, "ADM1024", &err));
    assert_int_equal(sl_payments_may_come(in->service, in->school.id, "known", &news, &err), 1);
    news.reference = "ADM9";
    assert_int_equal(sl_payments_may_come(in->service, in->school.id, "known", &news, &err), 0);
    assert_int_equal(sl_payments_may_come(in->service, in->school.id, "accept", &news, &err), 1);
    news.state = SL_PAY_FAILED;
    assert_int_equal(sl_payments_may_come(in->service, in->school.id, "accept", &news, &err), 0);
}

/* ---- Receipts ---------------------------------------------------------------------------------------- */

static int thanked(struct installation *in, const struct sl_payment *payment)
{

    return sl_receipts_sent(in->service, in->arena, payment, &err);
}

static void a_receipt_is_texted_once_and_not_before_its_number_is_known(void **state)
{
    struct installation *in = *state;
    SL_AUTO(sl_rows_end) struct sl_rows rows = { 0 };
    struct sl_payment payment = accepted(in);
    struct sl_message message;
    struct sl_batch batch;
    int n = 0;

    set_template(in, "{currency} {amount} for {reference}: {receipt}. {school}");
    payment = asked(in, &payment, SL_PAY_PAID);
    assert_int_equal(thanked(in, &payment), 0);
    payment = told_paid(in, &payment, 150000, "NLJ7RT61SV");
    payment = told_paid(in, &payment, 150000, "NLJ7RT61SV");
    OK(sl_receipts_send(in->service, &payment, sl_now_ms(), &err));
    received(in, "NLJ7RT61SV", 150000, "2547 ***** 149");
    assert_int_equal(thanked(in, &payment), 1);
    OK(sl_batches_list(&rows, in->service->db, in->school.id, "sms", &err));
    while (sl_batches_next(&rows, &batch, &err) > 0)
        n++;
    assert_int_equal(n, 1);
    sl_rows_end(&rows);
    OK(sl_batches_by_key(in->service->db, in->arena, in->school.id, "sms.send",
                         sl_arena_printf(in->arena, "receipt:%s", payment.public_id), &batch,
                         &err));
    assert_string_equal(batch.state, "ready");
    OK(sl_messages_list(&rows, in->service->db, batch.id, 1, &err));
    assert_int_equal(sl_messages_next(&rows, &message, &err), 1);
    assert_string_equal(message.address, phone);
    assert_string_equal(item_of(in, message.queue_id).payload,
                        "{\"text\":\"KES 1500.00 for ADM1024: NLJ7RT61SV. Greenhill School\"}");
}

static void a_folded_payment_is_not_thanked_for_twice(void **state)
{
    struct installation *in = *state;
    struct sl_payment payment = accepted(in);

    set_template(in, "Thanks: {receipt}");
    received(in, "NLJ7RT61SV", 150000, "254708000999"); /* somebody else's phone, whole */
    payment = told_paid(in, &payment, 150000, "NLJ7RT61SV");
    payment = asked(in, &payment, SL_PAY_PAID);
    assert_is(&payment, "succeeded", "NLJ7RT61SV");
    assert_int_equal(thanked(in, &payment), 0);
}

static void a_template_that_is_none_does_not_hold_up_the_payment(void **state)
{
    struct installation *in = *state;
    struct sl_payment payment = accepted(in);

    set_template(in, "Thanks {nobody}");
    payment = told_paid(in, &payment, 150000, "NLJ7RT61SV");
    payment = asked(in, &payment, SL_PAY_PAID);
    assert_is(&payment, "succeeded", "NLJ7RT61SV");
    assert_int_equal(thanked(in, &payment), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PROMISE(a_confirmation_is_a_payment_of_its_own_and_counts_once),
        PROMISE(a_confirmation_of_a_prompt_is_that_ones),
        PROMISE(a_confirmation_after_the_callback_is_that_ones),
        PROMISE(a_confirmation_brings_the_receipt_that_a_lost_callback_would_have),
        PROMISE(one_that_does_not_fit_is_folded_when_the_receipt_is_known),
        PROMISE(money_paid_by_hand_is_not_lost_when_the_prompt_is_cancelled),
        PROMISE(a_prompt_that_is_paid_too_gives_back_what_was_guessed_to_be_its),
        PROMISE(what_nobody_can_be_asked_about_succeeds_by_its_confirmation),
        PROMISE(two_that_fit_are_told_apart_by_their_receipts),
        PROMISE(reconciling_matches_what_came_before),
        PROMISE(only_known_references_may_be_paid),
        PROMISE(a_receipt_is_texted_once_and_not_before_its_number_is_known),
        PROMISE(a_folded_payment_is_not_thanked_for_twice),
        PROMISE(a_template_that_is_none_does_not_hold_up_the_payment),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
