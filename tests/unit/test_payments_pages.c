/* Payments by providers that show pages: found by what an event names, asked about by our own id,
 * flagged when they are of other money. */
#include "tests/unit/paying.h"

#include "lib/service/endpoints.h"
#include "lib/service/payments_private.h"
#include "lib/service/values.h"

/* ---- Two schools that have both providers ------------------------------------------------------ */

static int setup_pages(void **state)
{
    static const struct sl_change flutterwave[] = {
        { "secret_key", "FLWSECK_TEST-0-X" },
        { "redirect_url", "https://school.example/paid" },
        { "default_email", "parent@school.example" },
        { "charge", "mpesa" },
    };
    static const struct sl_change pesapal[] = { { "consumer_key", "key-of-a-test" },
                                                { "consumer_secret", "secret-of-a-test" },
                                                { "callback_url", "https://school.example/paid" },
                                                { "ipn_id", "1" } };

    if (setup(state) != 0)
        return -1;
    ((struct installation *)*state)->service->settings.public_url = "https://school.example";
    set(*state, "flutterwave", flutterwave, SL_COUNT(flutterwave));
    set(*state, "pesapal", pesapal, SL_COUNT(pesapal));
    return 0;
}

static struct sl_payment request_by(struct installation *in, const char *provider)
{
    struct sl_payment_request by = usual;
    struct sl_payment payment;
    int64_t item_id;

    by.provider = provider;
    by.reference = "INVOICE-2026-0001 & more than M-Pesa takes";
    OK(sl_payments_request(in->service, in->arena, &in->school, &by, &payment, &item_id, &err));
    return payment;
}

/* What the query says, by its domain alone. */
static struct sl_payment says(struct installation *in, const struct sl_payment *payment,
                              const struct sl_payment_news *news)
{
    struct payment_change change;
    SL_AUTO(sl_tx_end) struct sl_tx tx = { 0 };

    OK(sl_tx_begin(&tx, in->service->db, &err));
    OK(payment_change_begin(&change, in->service, in->arena, payment->id, sl_now_ms(), &err));
    if (news)
        OK(payment_asked(&change, news, &err));
    else
        OK(payment_asked_absent(&change, &err));
    OK(sl_tx_commit(&tx, &err));
    return again(in, payment);
}

static int meant(struct installation *in, const struct sl_payment *payment, int64_t school_id,
                 const char *id, const char *external)
{
    const struct sl_payment_meant what = { school_id, payment->provider_id, id, external };
    struct sl_payment found = { 0 };
    int n = sl_payments_meant(in->service->db, in->arena, &what, &found, &err);

    OK(n);
    if (n > 0)
        assert_int_equal(found.id, payment->id);
    return n;
}

/* ---- Who is meant ------------------------------------------------------------------------------ */

static void an_event_finds_its_payment_by_our_id_or_theirs_in_its_own_school(void **state)
{
    struct installation *in = *state;
    struct sl_payment payment = request_by(in, "pesapal");
    const struct sl_payment_news open = { .state = SL_PAY_PAID,
                                          .external = "T-1",
                                          .receipt = "R-1",
                                          .currency = "KES",
                                          .amount_minor = 150000 };
    struct sl_school other;

    add_school(in, "hillside", &other);
    payment = says(in, &payment, &open);
    assert_int_equal(meant(in, &payment, in->school.id, payment.public_id, NULL), 1);
    assert_int_equal(meant(in, &payment, in->school.id, NULL, "T-1"), 1);
    assert_int_equal(meant(in, &payment, in->school.id, payment.public_id, "T-2"), 1);
    assert_int_equal(meant(in, &payment, in->school.id, "01ANOTHER", "T-1"), 0);
    assert_int_equal(meant(in, &payment, in->school.id, NULL, NULL), 0);
    assert_int_equal(meant(in, &payment, other.id, payment.public_id, "T-1"), 0);
    payment.provider_id++;
    assert_int_equal(meant(in, &payment, in->school.id, payment.public_id, "T-1"), 0);
}

/* ---- What the query says ----------------------------------------------------------------------- */

static void other_money_is_flagged_and_never_believed(void **state)
{
    static const struct sl_payment_news others[] = {
        { .state = SL_PAY_PAID, .currency = "NGN", .amount_minor = 150000, .receipt = "R-1" },
        { .state = SL_PAY_PAID, .currency = "KES", .amount_minor = 149999, .receipt = "R-2" },
        { .state = SL_PAY_PAID, .currency = "KES", .amount_minor = 0, .receipt = "R-3" },
    };
    struct installation *in = *state;

    for (size_t i = 0; i < SL_COUNT(others); i++) {
        struct sl_payment payment = request_by(in, i % 2 ? "pesapal" : "flutterwave");

        payment = says(in, &payment, &others[i]);
        assert_is(&payment, "unknown", NULL);
        assert_non_null(payment.mismatch);
    }
}

static void what_was_given_back_elsewhere_is_refunded(void **state)
{
    static const struct sl_payment_news back = { .state = SL_PAY_REFUNDED, .amount_minor = -1 };
    struct installation *in = *state;
    struct sl_payment payment = request_by(in, "pesapal");

    payment = says(in, &payment, &back);
    assert_is(&payment, "refunded", NULL);
}

/* ---- Lost answers ------------------------------------------------------------------------------ */

static int is_absent(struct installation *in, const struct sl_payment *payment)
{
    const struct sl_item item = item_of(in, payment->queue_id);

    return sl_domain_find("payment.request")->absent(in->service, &item, &err);
}

static void a_lost_request_can_be_asked_about_where_our_id_is_enough(void **state)
{
    struct installation *in = *state;
    struct sl_payment flutterwave = request_by(in, "flutterwave");
    struct sl_payment pesapal = request_by(in, "pesapal");
    int64_t item_id;

    assert_true(sl_payments_can_ask(&flutterwave));
    assert_false(sl_payments_can_ask(&pesapal));
    OK(sl_payments_ask(in->service, &flutterwave, &item_id, &err));
    assert_true(item_id > 0);
    OK(sl_payments_ask(in->service, &pesapal, &item_id, &err));
    assert_int_equal(item_id, 0);
}

static void only_what_nobody_has_heard_of_is_absent(void **state)
{
    static const struct sl_payment_news pending = { .external = "X", .amount_minor = -1 };
    struct installation *in = *state;
    struct sl_payment payment = request_by(in, "flutterwave");

    assert_int_equal(is_absent(in, &payment), 0);
    payment = says(in, &payment, NULL);
    assert_int_equal(is_absent(in, &payment), 1);
    assert_is(&payment, "initiated", NULL);
    payment = told_all(in, &payment,
                       &(struct sl_payment_news){
                           .state = SL_PAY_UNKNOWN, .external = "X", .amount_minor = -1 });
    assert_string_equal(payment.external_reference, "X");

    payment = request_by(in, "flutterwave");
    payment = told_all(in, &payment, &pending);
    payment = says(in, &payment, NULL); /* a callback has said otherwise */
    assert_int_equal(is_absent(in, &payment), 0);
}

/* ---- Addresses --------------------------------------------------------------------------------- */

static const char *notification_url(struct installation *in)
{
    const struct sl_adapter *adapter = sl_adapter_find("pesapal");
    struct sl_config_row row;
    struct sl_values values;

    OK(sl_config_find(in->service, in->arena, &in->school, "pesapal", &row, &err));
    OK(sl_values_open(in->service, in->arena, &row, adapter, &values, &err));
    return sl_values_named(in->arena, &values, "notification_url");
}

static void an_address_that_is_handed_over_is_kept_and_changes_no_account(void **state)
{
    struct installation *in = *state;
    struct sl_config_row before, after;
    struct sl_endpoint_made made, rotated;

    assert_null(notification_url(in));
    OK(sl_config_find(in->service, in->arena, &in->school, "pesapal", &before, &err));
    OK(sl_endpoint_add(in->service, in->arena, &in->school, "pesapal", NULL, &made, &err));
    assert_string_equal(notification_url(in), made.urls[0].url);
    OK(sl_endpoint_rotate(in->service, in->arena, made.id, &rotated, &err));
    assert_string_not_equal(made.urls[0].url, rotated.urls[0].url);
    assert_string_equal(notification_url(in), rotated.urls[0].url);
    OK(sl_config_find(in->service, in->arena, &in->school, "pesapal", &after, &err));
    assert_string_equal(before.account, after.account);
    assert_null(strstr(after.sealed, "/hooks/"));
}

#undef PROMISE
#define PROMISE(test) cmocka_unit_test_setup_teardown(test, setup_pages, installation_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        PROMISE(an_event_finds_its_payment_by_our_id_or_theirs_in_its_own_school),
        PROMISE(other_money_is_flagged_and_never_believed),
        PROMISE(what_was_given_back_elsewhere_is_refunded),
        PROMISE(a_lost_request_can_be_asked_about_where_our_id_is_enough),
        PROMISE(only_what_nobody_has_heard_of_is_absent),
        PROMISE(an_address_that_is_handed_over_is_kept_and_changes_no_account),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
