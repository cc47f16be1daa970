/* Asking for money, and what is believed of it: by our own answer, callbacks and queries, in
 * whatever order they come. */
#include "tests/unit/paying.h"

#include "lib/store/sql.h"

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

/* What belongs together is written together: without the request there is no payment, and its key is
 * free. */
static void a_payment_that_cannot_be_queued_is_not_there(void **state)
{
    struct installation *in = *state;
    struct sl_payment_request keyed = usual;
    struct sl_payment payment;
    int64_t item_id;

    keyed.key = "invoice-7";
    OK(sl_db_script(in->service->db,
                    "CREATE TRIGGER full BEFORE INSERT ON integration_queue"
                    " BEGIN SELECT RAISE(ABORT, 'no room'); END",
                    &err));
    assert_int_equal(sl_payments_request(in->service, in->arena, &in->school, &keyed, &payment,
                                         &item_id, &err),
                     -1);
    assert_int_equal(count(in, NULL), 0);
    OK(sl_db_script(in->service->db, "DROP TRIGGER full", &err));
    OK(sl_payments_request(in->service, in->arena, &in->school, &keyed, &payment, &item_id, &err));
    assert_int_equal(count(in, NULL), 1);
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

static void a_lost_answer_is_unknown_and_says_what_is_awaited_until_it_is_given_up(void **state)
{
    struct installation *in = *state;
    struct sl_payment payment = lost(in);
    struct sl_item item = item_of(in, payment.queue_id);

    assert_is(&payment, "unknown", NULL);
    assert_string_equal(payment.error, "the answer was lost (HTTP 500): its callback is awaited");
    assert_string_equal(item.waits_for, "callback");
    end(in, &item, true, "no answer came in time");
    payment = again(in, &payment);
    assert_is(&payment, "unknown", NULL);
    assert_string_equal(payment.error, "no answer came in time");
    payment = told_paid(in, &payment, 150000, "NLJ7RT61SV"); /* late, but with the token */
    assert_is(&payment, "pending", NULL);
    assert_null(payment.error);
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

    end(in, &item, true, "it died");
    payment = again(in, &payment);
    assert_is(&payment, "unknown", NULL);
    assert_string_equal(payment.error, "the answer was lost (it died): its callback is awaited");
}

static void one_that_was_never_sent_has_failed(void **state)
{
    struct installation *in = *state;
    struct sl_payment payment = request(in);
    struct sl_item item = item_of(in, payment.queue_id);

    end(in, &item, false, "it was too old to be sent");
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

/* ---- Another amount ------------------------------------------------------------------------------- */

static void assert_says(const char *text, const char *part)
{
    assert_non_null(text);
    if (!strstr(text, part))
        fail_msg("'%s' is not in '%s'", part, text);
}

/* What is heard of a payment, each in one letter: the query says (P)aid; a callback tells the
 * (r)ight amount by the genuine receipt, the right one by a (f)abricated one, (a)nother amount by
 * the genuine receipt, another one by a fabricated one (x), a (t)hird by the genuine one, or (n)o. */
static struct sl_payment hear(struct installation *in, const char *facts)
{
    struct sl_payment payment = accepted(in);

    for (; *facts; facts++) {
        bool over = strcmp(payment.status, "succeeded") == 0;

        switch (*facts) {
        case 'P': payment = over ? payment : asked(in, &payment, SL_PAY_PAID); break;
        case 'r': payment = told_paid(in, &payment, 150000, "NLJ7RT61SV"); break;
        case 'f': payment = told_paid(in, &payment, 150000, "FORGED0001"); break;
        case 'a': payment = told_paid(in, &payment, 149900, "NLJ7RT61SV"); break;
        case 'x': payment = told_paid(in, &payment, 149900, "FORGED0001"); break;
        case 't': payment = told_paid(in, &payment, 1000, "NLJ7RT61SV"); break;
        case 'n': payment = told_no(in, &payment, SL_PAY_CANCELLED, "1032"); break;
        default: fail();
        }
    }
    return payment;
}

static void the_same_facts_give_the_same_state_in_whatever_order(void **state)
{
    static const struct {
        const char *orders[6];
        const char *status, *receipt;
    } cases[] = {
        { { "Pr", "rP" }, "succeeded", "NLJ7RT61SV" },
        { { "Pa", "aP", "aPa" }, "unknown", NULL },
        { { "Pax", "Pxa", "axP", "aPx", "xaP" }, "unknown", NULL },
        { { "Pat", "Pta", "atP", "aPt", "taP" }, "unknown", NULL },
        { { "Pan", "anP", "naP", "aPn" }, "unknown", NULL },
        { { "Pra", "Par", "raP", "arP", "aPr", "rPa" }, "succeeded", "NLJ7RT61SV" },
        { { "Pxr", "xPr", "xrP", "rxP" },
          "succeeded",
          NULL },                                        /* which receipt it is, a person says */
        { { "rPx", "Prx" }, "succeeded", "NLJ7RT61SV" }, /* it was texted before */
        { { "rfP", "frP" }, "succeeded", NULL },
        { { "tarP", "ratP", "atrP", "trPa" }, "succeeded", "NLJ7RT61SV" },
    };
    struct installation *in = *state;

    for (size_t i = 0; i < SL_COUNT(cases); i++)
        for (size_t j = 0; j < SL_COUNT(cases[i].orders) && cases[i].orders[j]; j++) {
            struct sl_payment payment = hear(in, cases[i].orders[j]);

            if (strcmp(payment.status, cases[i].status) != 0 ||
                !payment.receipt != !cases[i].receipt)
                fail_msg("%s: %s, %s", cases[i].orders[j], payment.status,
                         payment.receipt ? payment.receipt : "no receipt");
            payment.receipt = payment.told_receipt = NULL; /* the next one may have it */
            OK(sl_payments_write(in->service->db, &payment, sl_now_ms(), &err));
        }
}

static void another_amount_waits_for_a_person_and_says_what_was_paid(void **state)
{
    struct installation *in = *state;
    struct sl_payment payment = accepted(in);

    payment = told_paid(in, &payment, 149900, "NLJ7RT61SV");
    assert_is(&payment, "pending", NULL);
    assert_string_equal(payment.mismatch,
                        "a callback tells 1499.00 by receipt NLJ7RT61SV, not 1500.00");
    assert_true(question(in, &payment) > 0);
    payment = asked(in, &payment, SL_PAY_PAID);
    assert_is(&payment, "unknown", NULL);
    assert_string_equal(payment.error, "paid KES 1499.00 of KES 1500.00 by receipt NLJ7RT61SV, as "
                                       "its callback tells");
    assert_string_equal(item_of(in, payment.queue_id).waits_for, "person");
}

static void all_that_does_not_fit_is_kept_once_each(void **state)
{
    struct installation *in = *state;
    struct sl_payment payment = hear(in, "axaxr");

    assert_string_equal(payment.mismatch,
                        "a callback tells 1499.00 by receipt NLJ7RT61SV, not 1500.00; "
                        "a callback tells 1499.00 by receipt FORGED0001, not 1500.00; "
                        "callbacks tell two receipts, NLJ7RT61SV and FORGED0001");
}

/* The text that a statement gives: of one row, with one column. */
static const char *only(struct installation *in, const char *sql)
{
    SL_AUTO(sl_rows_end) struct sl_rows rows = { 0 };
    const char *text;

    OK(sl_db_query(&rows, in->service->db, sql, SL_NO_PARAMS, &err));
    assert_int_equal(sl_rows_next(&rows, &err), 1);
    text = sl_arena_strdup(in->arena, sl_row_text(&rows, 0));
    assert_int_equal(sl_rows_next(&rows, &err), 0);
    return text;
}

static void accept(struct installation *in, struct sl_payment *payment, int64_t amount_minor,
                   const char *receipt)
{
    const struct sl_payment_news claim = { .receipt = receipt, .amount_minor = amount_minor };

    OK(sl_payments_accept(in->service, payment->id, &claim, sl_now_ms(), &err));
    *payment = again(in, payment);
}

static void a_person_accepts_another_amount_and_the_payer_hears_of_what_was_paid(void **state)
{
    struct installation *in = *state;
    struct sl_payment payment = hear(in, "aP");
    const char *text;

    set_template(in, "{currency} {amount}, {receipt}");
    accept(in, &payment, 149900, "NLJ7RT61SV");
    assert_is(&payment, "succeeded", "NLJ7RT61SV");
    assert_int_equal(payment.amount_minor, 149900);
    assert_null(payment.error);
    assert_string_equal(item_of(in, payment.queue_id).status, "completed");
    assert_string_equal(only(in, "SELECT payload FROM integration_queue"
                                 " WHERE operation = 'sms.send'"),
                        "{\"text\":\"KES 1499.00, NLJ7RT61SV\"}");
    text = only(in, "SELECT request_data FROM integration_logs"
                    " WHERE operation = 'payment.accept' AND actor IS NOT NULL");
    assert_says(text, "{\"before\":\"1500.00\",\"after\":\"1499.00\"}");
    payment = told_paid(in, &payment, 150000, "FORGED0001"); /* late */
    assert_is(&payment, "succeeded", "NLJ7RT61SV");
    assert_int_equal(payment.amount_minor, 149900);
}

static void an_amount_that_cannot_be_read_is_another_one_and_keeps_its_receipt(void **state)
{
    static const struct {
        const char *unread, *receipt, *said;
    } cases[] = {
        { "99.996", "NLJ7RT61SV", "the amount '99.996' by receipt NLJ7RT61SV, not 1500.00" },
        { "", "NLJ7RT61SW", "no amount that can be read by receipt NLJ7RT61SW" },
    };

    for (size_t i = 0; i < SL_COUNT(cases); i++) {
        const struct sl_payment_news news = { .state = SL_PAY_PAID,
                                              .external = checkout,
                                              .receipt = cases[i].receipt,
                                              .currency = "KES",
                                              .amount_minor = -1,
                                              .amount_unread = cases[i].unread };
        struct sl_payment payment = accepted(*state);

        payment = told_all(*state, &payment, &news);
        payment = asked(*state, &payment, SL_PAY_PAID);
        assert_is(&payment, "unknown", NULL);
        assert_string_equal(payment.told_receipt, cases[i].receipt);
        assert_says(payment.mismatch, cases[i].said);
        accept(*state, &payment, 150000, cases[i].receipt);
        assert_is(&payment, "succeeded", cases[i].receipt);
    }
}

static void a_person_says_which_of_two_receipts_it_is(void **state)
{
    struct installation *in = *state;
    struct sl_payment payment = hear(in, "frP");

    accept(in, &payment, 150000, "NLJ7RT61SV");
    assert_is(&payment, "succeeded", "NLJ7RT61SV");
    assert_int_equal(payment.amount_minor, 150000);
}

static void not_accepted(struct installation *in, const struct sl_payment *payment,
                         const char *receipt, const char *said)
{
    const struct sl_payment_news claim = { .receipt = receipt, .amount_minor = 149900 };

    assert_int_equal(sl_payments_accept(in->service, payment->id, &claim, sl_now_ms(), &err), -1);
    assert_int_equal(err.code, SL_ERR_DATA);
    assert_says(err.text, said);
}

static void only_what_is_in_doubt_is_decided_by_a_person(void **state)
{
    struct installation *in = *state;
    struct sl_payment sure = hear(in, "rP"), open = hear(in, "x"), no = hear(in, "n"),
                      twin = hear(in, "xP");
    const struct sl_payment_news same = { .receipt = "NLJ7RT61SV", .amount_minor = 150000 };

    assert_int_equal(sl_payments_accept(in->service, sure.id, &same, sl_now_ms(), &err), -1);
    assert_says(err.text, "by receipt NLJ7RT61SV already");
    not_accepted(in, &open, "FORGED0001", "is pending");
    not_accepted(in, &no, "FORGED0001", "is cancelled");
    not_accepted(in, &twin, "NLJ7RT61SV", sure.public_id);
    twin = again(in, &twin);
    assert_is(&twin, "unknown", NULL);
}

static void a_person_may_decide_again_and_frees_the_receipt_for_another(void **state)
{
    struct installation *in = *state;
    struct sl_payment wrong = hear(in, "rP"), right = hear(in, "rP");
    const char *text;

    assert_is(&right, "unknown", NULL);
    not_accepted(in, &right, "NLJ7RT61SV", wrong.public_id);
    accept(in, &wrong, 150000, "GENUINE003");
    assert_is(&wrong, "succeeded", "GENUINE003");
    text = only(in, "SELECT request_data FROM integration_logs"
                    " WHERE operation = 'payment.accept' AND actor IS NOT NULL");
    assert_says(text, "{\"before\":\"NLJ7RT61SV\",\"after\":\"GENUINE003\"}");
    accept(in, &right, 150000, "NLJ7RT61SV");
    assert_is(&right, "succeeded", "NLJ7RT61SV");
}

static void the_confirmation_of_a_receipt_that_is_given_up_stands_by_itself(void **state)
{
    struct installation *in = *state;
    struct sl_payment payment = hear(in, "r");

    received(in, "NLJ7RT61SV", 150000, "254708374149");
    payment = asked(in, &payment, SL_PAY_PAID);
    assert_is(&payment, "succeeded", "NLJ7RT61SV");
    assert_int_equal(count(in, "succeeded"), 1);
    accept(in, &payment, 150000, "GENUINE003");
    assert_is(&payment, "succeeded", "GENUINE003");
    assert_string_equal(only(in, "SELECT receipt FROM payments WHERE source = 'c2b'"),
                        "NLJ7RT61SV");
    assert_int_equal(count(in, "succeeded"), 2);
}

static void what_was_folded_in_by_a_wrong_receipt_stands_by_itself(void **state)
{
    struct installation *in = *state;
    struct sl_payment payment = accepted(in);

    received(in, "NLJ7RT61SV", 150000, "254700000999"); /* another payer's */
    payment = told_paid(in, &payment, 150000, "NLJ7RT61SV");
    payment = asked(in, &payment, SL_PAY_PAID);
    assert_is(&payment, "succeeded", "NLJ7RT61SV");
    assert_int_equal(count(in, "succeeded"), 1);
    accept(in, &payment, 150000, "GENUINE003");
    assert_int_equal(count(in, "succeeded"), 2);
    assert_string_equal(only(in, "SELECT receipt FROM payments WHERE source = 'c2b'"),
                        "NLJ7RT61SV");
    assert_int_equal(sl_payments_accept(in->service, payment.id + 1,
                                        &(struct sl_payment_news){ .receipt = "X",
                                                                   .amount_minor = 1 },
                                        sl_now_ms(), &err),
                     -1);
    assert_says(err.text, "came without being asked for");
}

static void a_receipt_of_another_payment_is_never_claimed(void **state)
{
    struct installation *in = *state;
    struct sl_payment sure = hear(in, "rP"), other = hear(in, "aP");

    assert_is(&other, "unknown", NULL);
    assert_null(other.told_receipt);
    assert_says(other.mismatch, sure.public_id);
}

static void a_claim_that_the_provider_denies_is_noted_and_changes_nothing(void **state)
{
    const struct sl_payment_news paid = { .state = SL_PAY_PAID,
                                          .external = checkout,
                                          .receipt = "NLJ7RT61SV",
                                          .currency = "KES",
                                          .amount_minor = 150000 };
    static const char denied[] = "callbacks tell that it is paid by receipt NLJ7RT61SV, but the "
                                 "provider says cancelled";
    struct installation *in = *state;
    struct sl_payment payment = accepted(in), late = accepted(in);
    const char *note;

    payment = told_noted(in, &payment, &paid, &note);
    assert_null(note);
    payment = asked(in, &payment, SL_PAY_CANCELLED);
    payment = asked(in, &payment, SL_PAY_CANCELLED);
    assert_is(&payment, "cancelled", NULL);
    assert_string_equal(payment.mismatch, denied);
    payment.told_receipt = NULL; /* the next one may have it */
    OK(sl_payments_write(in->service->db, &payment, sl_now_ms(), &err));

    late = asked(in, &late, SL_PAY_CANCELLED);
    assert_null(late.mismatch);
    late = told_noted(in, &late, &paid, &note);
    assert_string_equal(note, "it tells that it is paid, but it is cancelled");
    late = asked(in, &late, SL_PAY_CANCELLED);
    assert_is(&late, "cancelled", NULL);
    assert_string_equal(late.mismatch, denied);
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

/* Also of two processes that ask at once whether it is another's. */
static void the_database_itself_has_a_receipt_once(void **state)
{
    struct installation *in = *state;

    (void)request(in);
    (void)request(in);
    assert_int_equal(sl_db_script(in->service->db, "UPDATE payments SET receipt = 'SBX1'", &err),
                     -1);
    assert_int_equal(err.code, SL_ERR_DATA);
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

static enum sl_heard_of heard_of(struct installation *in, const struct sl_payment *payment)
{
    struct sl_item item = item_of(in, payment->queue_id);
    enum sl_heard_of heard = SL_HEARD_NOTHING;

    OK(sl_payment_request_domain.heard(in->service, &item, &heard, &err));
    return heard;
}

/* Then its schedule is that of a request that was accepted: one question that fails is not the last. */
static void what_was_lost_and_heard_of_is_asked_about_like_what_was_accepted(void **state)
{
    struct installation *in = *state;
    struct sl_payment payment = lost(in);

    assert_int_equal(heard_of(in, &payment), SL_HEARD_NOTHING);
    payment = told_paid(in, &payment, 150000, "NLJ7RT61SV");
    assert_int_equal(heard_of(in, &payment), SL_HEARD_OF);
    payment = asked(in, &payment, SL_PAY_PAID);
    assert_int_equal(heard_of(in, &payment), SL_HEARD_ALL);
}

static void what_was_lost_and_paid_by_another_amount_is_a_persons(void **state)
{
    struct installation *in = *state;
    struct sl_payment payment = lost(in);

    payment = told_paid(in, &payment, 1000, "NLJ7RT61SV");
    payment = asked(in, &payment, SL_PAY_PAID);
    assert_int_equal(heard_of(in, &payment), SL_HEARD_IN_DOUBT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PROMISE(what_cannot_be_asked_for_is_refused_and_leaves_nothing),
        PROMISE(a_payment_that_cannot_be_queued_is_not_there),
        PROMISE(a_request_is_recorded_with_the_token_that_its_callback_brings),
        PROMISE(without_a_public_address_nothing_is_recorded),
        PROMISE(a_key_gives_the_earlier_payment_and_is_refused_for_another),
        PROMISE(refused_input_takes_no_key),
        PROMISE(an_accepted_request_is_pending_and_keeps_the_id_to_ask_by),
        PROMISE(a_refused_request_has_failed_with_its_reason),
        PROMISE(a_lost_answer_is_unknown_and_says_what_is_awaited_until_it_is_given_up),
        PROMISE(the_runner_that_dies_leaves_a_payment_that_waits),
        PROMISE(one_that_was_never_sent_has_failed),
        PROMISE(what_was_lost_and_heard_of_is_asked_about_like_what_was_accepted),
        PROMISE(what_was_lost_and_paid_by_another_amount_is_a_persons),
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
        PROMISE(the_same_facts_give_the_same_state_in_whatever_order),
        PROMISE(another_amount_waits_for_a_person_and_says_what_was_paid),
        PROMISE(all_that_does_not_fit_is_kept_once_each),
        PROMISE(a_person_accepts_another_amount_and_the_payer_hears_of_what_was_paid),
        PROMISE(an_amount_that_cannot_be_read_is_another_one_and_keeps_its_receipt),
        PROMISE(a_person_says_which_of_two_receipts_it_is),
        PROMISE(only_what_is_in_doubt_is_decided_by_a_person),
        PROMISE(a_person_may_decide_again_and_frees_the_receipt_for_another),
        PROMISE(the_confirmation_of_a_receipt_that_is_given_up_stands_by_itself),
        PROMISE(what_was_folded_in_by_a_wrong_receipt_stands_by_itself),
        PROMISE(a_receipt_of_another_payment_is_never_claimed),
        PROMISE(a_claim_that_the_provider_denies_is_noted_and_changes_nothing),
        PROMISE(a_callback_about_another_push_is_not_believed),
        PROMISE(two_receipts_for_one_payment_leave_it_without),
        PROMISE(the_database_itself_has_a_receipt_once),
        PROMISE(a_receipt_pays_one_payment_only),
        PROMISE(a_callback_can_be_faster_than_the_answer),
        PROMISE(an_answer_that_refuses_is_not_believed_after_a_callback),
        PROMISE(what_was_heard_of_is_not_sent_again),
        PROMISE(a_lost_answer_is_found_by_the_callback),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
